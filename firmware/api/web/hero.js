// The first thing that is read: the verdict, what needs attention, and how old that is.

import { ago, capital, sentence, time, typeset } from "./amounts.js";
import { draw, make, part, say, set, show, write } from "./dom.js";
import { t } from "./texts.js";

// By the case that the words tell of.
const EMBLEMS = {
  mirroring: "together", behind: "shifted", held: "shifted", "catching up": "shifted", copying: "partly", "no link": "apart",
  promoted: "alone", fenced: "barred", failed: "broken", damaged: "broken", unknown: "unsure",
};
const MARKS = {
  check: "M45 61l11 11 21-24", cross: "M48 48l24 24m0-24L48 72", bar: "M44 60h32", gap: "M53 84l14-48",
};

export function buildEmblem() {
  const svg = part("emblem");
  svg.append(draw("rect", { class: "two", width: 58, height: 58, rx: 15 }), draw("rect", { class: "one", width: 58, height: 58, rx: 15 }));
  for (const [name, line] of Object.entries(MARKS)) svg.append(draw("path", { class: "mark " + name, d: line }));
}

export function renderHero(status) {
  const words = status.words, mood = words.mood;
  set(part("hero"), { class: "hero mood-" + mood });
  set(part("emblem"), { class: "emblem " + (EMBLEMS[words.case] || "unsure") });
  write(part("verdict"), capital(words.verdict.toLowerCase()) + ".");
  write(part("distance"), capital(words.distance) + ".");
  write(part("sentence"), typeset(words.sentence));
  entitle(capital(words.verdict.toLowerCase()) + " · " + status.name, mood);
  speak(status);
}

// The tab's name and icon, which are all that is seen of a page behind others.
function entitle(title, icon) {
  set(part("icon"), { href: "/web/icon-" + icon + ".svg" });
  if (document.title !== title + " · Sosie") document.title = title + " · Sosie";
}

let spoken = null;

// Only when the verdict or an alarm changes: numbers that tick are no news.
function speak(status) {
  const now = JSON.stringify([status.words.case, worries(status).map((each) => each.name)]);
  if (spoken !== null && spoken !== now) {
    const more = worries(status).map((each) => each.sentence).join(" ");
    say(t("say.state", { name: status.name, verdict: status.words.verdict.toLowerCase(), sentence: status.words.sentence }) + " " + more);
  }
  spoken = now;
}

// The same sentence, but for how it begins and ends.
const same = (one, two) => one.toLowerCase().replace(/[.]$/, "") === two.toLowerCase().replace(/[.]$/, "");

// The condition that says no more than the verdict of this state; "no link" may have a reason, and is critical then.
const SAID = { fenced: "fenced critical", promoted: "no_link warning", "no link": "no_link warning" };

// Conditions first, then alarms that none of them tells; nothing that the verdict has said already.
function worries(status) {
  const level = status.state === "fenced" ? "critical" : "warning";
  const found = (status.conditions || []).filter((each) => each.name + " " + each.level !== SAID[status.state] && !same(each.sentence, status.words.sentence));
  for (const alarm of status.alarms) {
    if (!found.some((each) => each.sentence.includes(alarm))) found.push({ name: alarm, level, sentence: alarm, since_ms: null });
  }
  return found.sort((one, two) => (one.level === two.level ? 0 : one.level === "critical" ? -1 : 1));
}

// The mood of what the conditions of these names tell of; "" while none of them holds.
export function moodOf(status, ...names) {
  const levels = (status.conditions || []).filter((each) => names.includes(each.name)).map((each) => each.level);
  return levels.includes("critical") ? "bad" : levels.length ? "warn" : "";
}

export function renderConditions(status) {
  const list = part("conditions"), found = worries(status);
  const kept = new Map([...list.children].map((node) => [node.dataset.name, node]));
  found.forEach((each, place) => {
    const node = kept.get(each.name) || makeCondition(each);
    kept.delete(each.name);
    if (list.children[place] !== node) list.insertBefore(node, list.children[place] || null);
    node.className = each.level;
    write(node.querySelector(".level"), t("level." + each.level));
    write(node.querySelector(".sentence"), sentence(each.sentence));
    write(node.querySelector(".since"), each.since_ms === null ? "" : ago((status.time_ms - each.since_ms) / 1000));
  });
  for (const node of kept.values()) node.remove();
  show(list, found.length > 0);
}

function makeCondition(each) {
  const icon = draw("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" },
    draw("path", { class: "warning", d: "M12 3 22 20H2z" }), draw("path", { class: "critical", d: "M8 2h8l6 6v8l-6 6H8l-6-6V8z" }),
    draw("path", { class: "sign", d: "M12 9v5m0 3v.01" }));
  const text = make("p", {}, make("span", { class: "unseen level" }), " ", make("span", { class: "sentence" }), " ", make("span", { class: "since soft" }));
  const node = make("li", {}, icon, text);
  node.dataset.name = each.name;
  return node;
}

// How old what is shown is: `age` in ms, null when nothing was ever heard.
export function renderHeard(age, state, status) {
  set(part("heard"), { class: "heard " + state });
  write(part("heard-text"), age === null ? t("heard.never") : state === "fresh" ? t("heard.live") : t("heard.ago", { ago: ago(age / 1000) }));
  const old = state !== "fresh" && status !== null;
  document.body.classList.toggle("stale", state === "gone");
  show(part("as-of"), old);
  if (state === "gone" && status !== null) entitle(status.name, "unknown");
  if (old) write(part("as-of"), t("as.of", { time: time(Date.now() - age) }));
  const lost = part("lost");
  const words = state !== "gone" ? "" : t(status === null ? "lost.never" : "lost.words", { name: status === null ? "" : status.name });
  if (words !== lost.textContent) {
    lost.textContent = words; // an alert: spoken once
    show(lost, words !== "");
    if (state === "fresh" && status !== null) say(t("say.back", { name: status.name }));
  }
}
