"""The page that takes an update file, and its script: a browser sends the file as it is, without a form around it."""

from firmware.status.page import escaped

HEADERS = (
    "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self'; "
    "frame-ancestors 'none'",
)

_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>%s: update</title>
<style>body{font:1.1em/1.5 sans-serif;max-width:40em;margin:2em auto;padding:0 1em}</style>
<script src="/update.js" defer></script></head>
<body><h1>%s: update</h1>
<p>An update is one file that ends in .raucb. The board checks who signed it, and writes it beside the system that
runs. When the new system does not serve the disk, the board goes back to the old one by itself.</p>
<p><input type="file" id="file" aria-label="update file"> <button id="send">Send it</button></p>
<p id="line" role="status">Asking the board ..</p>
<p><button id="restart" hidden>Restart into the update</button></p>
<p><small><a href="/">Back to the status</a></small></p></body></html>
"""

SCRIPT = """"use strict";
const part = (name) => document.getElementById(name);
let sending = false;
function say(text) { part("line").textContent = text.charAt(0).toUpperCase() + text.slice(1) + "."; }
async function look() {
  try {
    const answer = await (await fetch("/api/update")).json();
    if (!sending) {
      const percent = "percent" in answer && answer.state === "installing" ? " (" + answer.percent + " %)" : "";
      say(answer.error || "version " + answer.version + " runs; " + answer.sentence + percent);
    }
    part("restart").hidden = answer.state !== "ready to restart";
  } catch (error) {
    if (!sending) say("the board does not answer; it may be restarting");
  }
  setTimeout(look, 2000);
}
function done(request) {
  sending = false;
  part("send").disabled = false;
  let answer = {};
  try { answer = JSON.parse(request.responseText); } catch (error) { }
  say(answer.error || answer.sentence || "the board broke off; look at its status and send the file again");
}
part("send").onclick = () => {
  const file = part("file").files[0];
  if (!file) { say("choose the update file first"); return; }
  const request = new XMLHttpRequest();
  sending = true;
  part("send").disabled = true;
  request.upload.onprogress = (event) => say(Math.floor(100 * event.loaded / event.total) + " % is sent");
  request.onload = request.onerror = () => done(request);
  request.open("POST", "/api/update");
  request.setRequestHeader("Content-Type", "application/octet-stream");
  request.send(file);
};
part("restart").onclick = async () => {
  const how = {method: "POST", headers: {"Content-Type": "application/json"}, body: "{}"};
  const answer = await (await fetch("/api/update/restart", how)).json();
  say(answer.error || answer.sentence);
};
look();
"""


def update_page(name: str) -> str:
    """The HTML page of the board `name`."""
    return _PAGE % (escaped(name), escaped(name))
