// Whom the board tells when something is wrong, and a button that tries it.

import { capital, ended, moment, sentence } from "./amounts.js";
import { make, part, show, write } from "./dom.js";
import { get, post, refusal } from "./session.js";
import { known, t } from "./texts.js";

let channels = [];

export async function begin() {
  window.addEventListener("receivers", shown); // others than before, by the settings
  await shown();
}

export async function shown() {
  const answer = await get("/api/alerts");
  show(part("alerts"), answer.status !== 404); // not every board tells anybody
  if (!answer.ok) { part("channels").replaceChildren(make("p", { class: "refusal" }, refusal(answer))); return; }
  channels = answer.content.channels;
  fill();
}

export const translated = () => { if (!part("alerts").hidden) fill(); };

function fill() {
  if (!channels.length) {
    part("channels").replaceChildren(make("p", {}, t("alerts.none")));
    return;
  }
  const list = make("ul", { class: "channels" }, ...channels.map(channel));
  const button = make("button", { type: "button" }, t("alerts.test")), said = make("div", { role: "status" });
  button.addEventListener("click", () => test(button, said));
  part("channels").replaceChildren(list, make("p", { class: "actions" }, button), said);
}

function channel(each) {
  const name = known("channel." + each.kind) ? t("channel." + each.kind) : each.name;
  const state = t("alerts." + each.state, { time: each.last_ms ? moment(each.last_ms) : "" });
  const node = make("li", { class: each.state }, make("strong", {}, name), " ", make("span", {}, each.to), make("br"), make("span", { class: "soft" }, state));
  if (each.sentence) node.append(make("br"), make("span", { class: "refusal" }, capital(each.sentence)));
  return node;
}

async function test(button, said) {
  button.disabled = true;
  said.className = "soft";
  write(said, t("alerts.testing"));
  const answer = await post("/api/alerts/test", {});
  button.disabled = false;
  said.className = answer.ok ? "" : "refusal";
  if (!answer.ok) { write(said, refusal(answer, "unreached")); return; }
  const focused = document.activeElement === button || document.activeElement === document.body;
  await shown();
  const line = part("channels").querySelector("[role=status]"), again = part("channels").querySelector("button");
  if (!line) return;
  line.replaceWith(said);
  said.replaceChildren(outcome(answer.content));
  if (focused) again.focus();
}

// Who took the test and who did not, each on a line of its own.
function outcome(content) {
  const lines = (content.channels || []).map((each) => make("li", { class: each.taken ? "done" : "refusal" }, ended(each.sentence || each.name)));
  return lines.length ? make("ul", {}, ...lines) : make("p", {}, sentence(content.sentence || t("alerts.sent")));
}
