// The texts of the page in the reader's language: they come from the board, one file for each language.

import { part } from "./dom.js";

export const LANGUAGES = { en: "English", fr: "Français" };

let texts = {};
let plural = new Intl.PluralRules("en");
export let language = "en";

function keptLanguage() {
  try { return localStorage.getItem("language"); } catch (error) { return null; }
}

export function wantedLanguage() {
  const kept = keptLanguage();
  if (kept in LANGUAGES) return kept;
  for (const wish of navigator.languages || []) {
    const short = wish.slice(0, 2).toLowerCase();
    if (short in LANGUAGES) return short;
  }
  return "en";
}

// Rejects when the board does not answer; what was there stays.
export async function loadTexts(wish) {
  const answer = await fetch("/texts/" + wish + ".json");
  if (!answer.ok) throw new Error("no texts for " + wish);
  texts = await answer.json();
  language = wish;
  plural = new Intl.PluralRules(wish);
  document.documentElement.lang = wish;
  translate(document);
}

export function keepLanguage(wish) {
  try { localStorage.setItem("language", wish); } catch (error) { /* then for this visit only */ }
}

// The text of `key` with {name} filled in; a key that is missing shows itself, so that a test finds it.
export function t(key, values = {}) {
  const text = (key in texts ? texts[key] : "[" + key + "]").replace(/ (?=[:;!?»])/g, "\u00a0").replace(/« /g, "«\u00a0");
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
}

// The form for so many.
export function tn(key, count, values = {}) {
  return t(key + "." + (plural.select(count) === "one" ? "one" : "other"), values);
}

export const known = (key) => key in texts;

function translate(root) {
  for (const node of root.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
  for (const node of root.querySelectorAll("[data-label]")) node.setAttribute("aria-label", t(node.dataset.label));
}

export function fillLanguages(changed) {
  const list = part("language");
  for (const [code, name] of Object.entries(LANGUAGES)) {
    const option = document.createElement("option");
    option.value = code;
    option.lang = code;
    option.textContent = name;
    list.append(option);
  }
  list.value = wantedLanguage();
  list.addEventListener("change", () => changed(list.value));
}
