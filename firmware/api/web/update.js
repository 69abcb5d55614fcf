// A new version: the file goes up as it is, the board checks it, and restarts into it when it is told to.

import { number, percent, sentence, size } from "./amounts.js";
import { make, part, set, show, write } from "./dom.js";
import { current, get, post, refusal, upload } from "./session.js";
import { t } from "./texts.js";

const LOOK_MS = 2000;
let sending = false;
let restarting = false;
let timer = null;
let nodes = null;

export async function begin() {
  build();
  await shown();
}

export async function shown() {
  clearTimeout(timer);
  if (part("view-manage").hidden || current().updates === false) return;
  if (await look()) timer = setTimeout(shown, LOOK_MS);
}

export function translated() {
  if (!sending) build();
}

function build() {
  const file = make("input", { type: "file", id: "update-file", accept: ".raucb" });
  const send = make("button", { type: "submit", class: "main" }, t("update.send"));
  const bar = make("progress", { max: 100, value: 0, "aria-label": t("update.progress") });
  const line = make("p", { role: "status" }), restart = make("button", { type: "button", class: "danger" }, t("update.restart"));
  const form = make("form", { class: "field" }, make("label", { for: "update-file" }, t("update.file")), make("div", { class: "row" }, file, send));
  form.addEventListener("submit", (event) => { event.preventDefault(); start(); });
  restart.addEventListener("click", ask);
  const said = make("p", { class: "refusal", role: "status" }); // of what was asked for; `line` goes on with what the board does
  nodes = { file, send, bar, line, said, restart, armed: false };
  bar.hidden = restart.hidden = true;
  part("update").replaceChildren(make("h2", { id: "update-title" }, t("update.title")), make("p", { class: "soft" }, t("update.words")), form, bar, said, line, make("p", { class: "actions" }, restart));
}

// Whether it is worth to look again.
async function look() {
  const answer = await get("/api/update");
  if (answer.status === 404 || answer.status === 401) { show(part("update"), false); return false; }
  show(part("update"), true);
  if (sending) return true;
  if (!answer.ok) { write(nodes.line, restarting ? t("update.restarting") : refusal(answer)); return true; }
  const report = answer.content;
  restarting = false;
  show(nodes.restart, report.state === "ready to restart");
  const working = report.state === "installing" || report.state === "receiving";
  show(nodes.bar, working && "percent" in report);
  if ("percent" in report) nodes.bar.value = report.percent;
  write(nodes.line, t("update.runs", { version: report.version || "?" }) + " " + sentence(report.sentence));
  return true;
}

async function start() {
  const file = nodes.file.files[0];
  write(nodes.said, file ? "" : t("update.choose"));
  if (!file) return;
  sending = true;
  nodes.send.disabled = true;
  show(nodes.bar, true);
  write(nodes.line, t("update.sending", { size: size(file.size) }));
  const answer = await upload("/api/update", file, (loaded, total) => {
    nodes.bar.value = percent(loaded, total);
    set(nodes.bar, { "aria-valuetext": number(percent(loaded, total)) + " %" });
  });
  sending = false;
  nodes.send.disabled = false;
  show(nodes.bar, false);
  write(nodes.line, answer.ok ? sentence(answer.content.sentence) : "");
  write(nodes.said, answer.ok ? "" : refusal(answer, "update.broken"));
  if (answer.ok) nodes.file.value = "";
}

// The first touch says what it means, the second does it.
async function ask() {
  if (!nodes.armed) {
    nodes.armed = true;
    write(nodes.restart, t("update.restart.sure"));
    setTimeout(() => { nodes.armed = false; write(nodes.restart, t("update.restart")); }, 10000);
    return;
  }
  nodes.armed = false;
  const answer = await post("/api/update/restart", {});
  restarting = answer.ok;
  if (answer.ok) write(nodes.line, sentence(answer.content.sentence));
  write(nodes.said, answer.ok ? "" : refusal(answer, "unreached"));
}
