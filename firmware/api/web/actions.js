// What the operator may do: set a mark, promote a twin. Nothing here happens by one careless touch.

import { number } from "./amounts.js";
import { make, notify, part, write } from "./dom.js";
import { current, post, refusal } from "./session.js";
import { t, tn } from "./texts.js";

let statusNow = () => null;

export async function begin(status) {
  statusNow = status;
  for (const button of document.querySelectorAll("[data-close]")) button.addEventListener("click", () => button.closest("dialog").close());
  part("mark-form").addEventListener("submit", mark);
  part("promote-form").addEventListener("submit", promote);
  part("promote-name").addEventListener("input", compare);
}

export function open(what) {
  if (!current().logged_in) {
    location.hash = "#login";
    return;
  }
  if (what === "promote") fillPromotion(statusNow());
  write(part(what + "-refusal"), "");
  part(what + "-dialog").showModal();
}

export function render(status) {
  write(part("roles-words"), t(status.role === "twin" ? "roles.twin" : status.state === "fenced" ? "roles.fenced" : "roles.primary", { name: status.name }));
}

async function ask(event, name, path, body) {
  event.preventDefault();
  const buttons = event.target.querySelectorAll("button");
  for (const button of buttons) button.disabled = true;
  write(part(name + "-refusal"), "");
  const answer = await post(path, body);
  for (const button of buttons) button.disabled = false;
  if (!answer.ok) write(part(name + "-refusal"), refusal(answer, "unreached"));
  return answer;
}

async function mark(event) {
  const name = part("mark-name").value.trim(), answer = await ask(event, "mark", "/api/mark", { name });
  if (!answer.ok) return;
  part("mark-dialog").close();
  part("mark-form").reset();
  notify(t("mark.done", { name }), t("close"));
}

// What it means here and now.
function fillPromotion(status) {
  const up = status.link.state === "up", other = (status.other && status.other.name) || status.link.peer || t("pair.other");
  const values = { name: status.name, other };
  write(part("promote-title"), t("promote.title", values));
  write(part("promote-meaning"), t("promote.meaning", values));
  const facts = [t("promote.fact.fenced", values), t(up ? "promote.fact.up" : "promote.fact.loss", values)];
  const missing = status.missing_groups || 0;
  if (missing) facts.push(tn("promote.fact.missing", missing, { ...values, n: number(missing) }));
  facts.push(t("promote.fact.back", values));
  part("promote-facts").replaceChildren(...facts.map((each) => make("li", {}, each)));
  write(part("promote-label"), t("promote.type", values));
  write(part("promote-send"), t("promote.send", values));
  part("promote-name").value = "";
  compare();
}

function compare() {
  part("promote-send").disabled = part("promote-name").value.trim() !== statusNow().name;
}

async function promote(event) {
  if (part("promote-name").value.trim() !== statusNow().name) { event.preventDefault(); return; }
  const answer = await ask(event, "promote", "/api/promote", { force: true });
  if (!answer.ok) return;
  part("promote-dialog").close();
  const missing = answer.content.missing_groups || 0;
  notify(t("promote.done", { name: statusNow().name }) + (missing ? " " + tn("promote.missing", missing, { n: number(missing) }) : ""), t("close"));
}
