// The settings that may change while the board runs; a refusal stands at its field.

import { sentence } from "./amounts.js";
import { make, part, set, show, write } from "./dom.js";
import { get, post, refusal } from "./session.js";
import { known, LANGUAGES, t } from "./texts.js";

const ORDER = ["rate", "quota", "rpo", "language", "look", "alert_mail", "alert_push", "alert_webhook", "alert_syslog", "alert_ping"];
const CHOICES = { language: Object.keys(LANGUAGES), look: ["login", "anyone"] };

let values = {};
let locked = false;

export async function begin() {
  await shown();
}

export async function shown() {
  const answer = await get("/api/settings");
  show(part("settings"), answer.status !== 404); // not every board keeps some
  if (!answer.ok) { write(part("settings-refusal"), refusal(answer)); return; }
  values = answer.content.settings;
  locked = Boolean(answer.content.sentence);
  write(part("settings-refusal"), locked ? sentence(answer.content.sentence) : "");
  fill();
}

export const translated = () => { if (Object.keys(values).length) fill(); };

function fill() {
  const keys = Object.keys(values).filter((key) => ORDER.includes(key) || known("setting." + key));
  keys.sort((one, two) => ORDER.indexOf(one) - ORDER.indexOf(two));
  const alert = (key) => key.startsWith("alert_");
  part("fields").replaceChildren(...keys.filter((key) => !alert(key)).map(field));
  part("alert-settings").replaceChildren(...keys.filter(alert).map(field));
}

function field(key) {
  const id = "setting-" + key, label = t("setting." + key), hint = known("setting." + key + ".hint");
  const input = CHOICES[key] ? choice(key) : make("input", { value: values[key], placeholder: t("settings.unset"), autocomplete: "off", spellcheck: "false", autocapitalize: "off" });
  set(input, { id, disabled: locked, "aria-describedby": (hint ? id + "-hint " : "") + id + "-said" });
  const button = make("button", { type: "submit", class: "main", "aria-label": t("settings.save.one", { setting: label }), disabled: true }, t("settings.save"));
  const said = make("p", { id: id + "-said", role: "status" });
  const form = make("form", { class: "field" }, make("label", { for: id }, label), make("div", { class: "row" }, input, button), said);
  if (hint) form.querySelector("label").after(make("p", { id: id + "-hint", class: "soft" }, t("setting." + key + ".hint")));
  input.addEventListener("input", () => { button.disabled = !changed(key, input); write(said, ""); });
  form.addEventListener("submit", (event) => { event.preventDefault(); save(key, input, button, said); });
  return form;
}

function choice(key) {
  const list = make("select");
  for (const each of CHOICES[key]) list.append(make("option", { value: each }, key === "language" ? LANGUAGES[each] : t("setting." + key + "." + each)));
  list.value = values[key] || CHOICES[key][0];
  return list;
}

// It stands at its field, so it need not begin with the field's name in board.conf and what was typed.
function atField(key, answer) {
  const error = (answer.content.error || "").replace(new RegExp("^" + key + "(\\s=\\s.*?)?\\s?:\\s"), "");
  return refusal({ ...answer, content: { error } }, "unreached");
}

const changed = (key, input) => input.value.trim() !== (values[key] || (CHOICES[key] || [""])[0]);

async function save(key, input, button, said) {
  if (!changed(key, input)) return;
  const focused = document.activeElement === button; // no button is any more that is disabled
  button.disabled = true;
  const answer = await post("/api/settings", { [key]: input.value.trim() });
  button.disabled = false;
  if (focused) input.focus();
  said.className = answer.ok ? "done" : "refusal";
  set(input, { "aria-invalid": answer.ok ? null : "true" });
  write(said, answer.ok ? t("settings.saved") : atField(key, answer));
  if (!answer.ok) return;
  values = answer.content.settings || values;
  if (values[key] || !CHOICES[key]) input.value = values[key];
  button.disabled = !changed(key, input);
  if (key.startsWith("alert_")) window.dispatchEvent(new Event("receivers"));
}
