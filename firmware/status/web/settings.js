// The settings that may change while the board runs; a refusal stands at its field.

import { capital } from "./amounts.js";
import { make, part, show, write } from "./dom.js";
import { get, post } from "./session.js";
import { known, t } from "./texts.js";

const ORDER = ["rate", "quota", "rpo", "language", "look", "alert_mail", "alert_push", "alert_webhook", "alert_syslog", "alert_ping"];
const CHOICES = { language: ["en", "fr"], look: ["login", "anyone"] };

let values = {};

export async function begin() {
  await shown();
}

export async function shown() {
  const answer = await get("/api/settings");
  show(part("settings"), answer.ok);
  if (!answer.ok) return;
  values = answer.content.settings;
  fill();
}

export const translated = () => { if (Object.keys(values).length) fill(); };

function fill() {
  const keys = Object.keys(values).sort((one, two) => place(one) - place(two));
  part("settings").replaceChildren(make("h2", { id: "settings-title" }, t("settings.title")), make("p", { class: "soft" }, t("settings.words")), ...keys.map(field));
}

const place = (key) => (ORDER.includes(key) ? ORDER.indexOf(key) : ORDER.length);

function field(key) {
  const id = "setting-" + key, label = known("setting." + key) ? t("setting." + key) : key;
  const input = CHOICES[key] ? choice(key, id) : make("input", { id, value: values[key], autocomplete: "off", spellcheck: "false", "aria-describedby": id + "-hint " + id + "-said" });
  const button = make("button", { type: "submit", "aria-label": t("settings.save.one", { setting: label }) }, t("settings.save"));
  const said = make("p", { id: id + "-said", class: "refusal", role: "status" });
  const hint = make("p", { id: id + "-hint", class: "soft" }, known("setting." + key + ".hint") ? t("setting." + key + ".hint") : "");
  const form = make("form", { class: "field" }, make("label", { for: id }, label), hint, make("div", { class: "row" }, input, button), said);
  form.addEventListener("submit", (event) => { event.preventDefault(); save(key, input, button, said); });
  return form;
}

function choice(key, id) {
  const list = make("select", { id, "aria-describedby": id + "-hint " + id + "-said" });
  for (const each of CHOICES[key]) list.append(make("option", { value: each }, t("setting." + key + "." + each)));
  list.value = values[key];
  return list;
}

async function save(key, input, button, said) {
  button.disabled = true;
  const answer = await post("/api/settings", { [key]: input.value.trim() });
  button.disabled = false;
  said.className = answer.ok ? "done" : "refusal";
  input.toggleAttribute("aria-invalid", !answer.ok);
  write(said, answer.ok ? t("settings.saved") : answer.content.error ? capital(answer.content.error) + "." : t("unreached"));
  if (!answer.ok) return;
  values = answer.content.settings || values;
  if (key in values) input.value = values[key];
}
