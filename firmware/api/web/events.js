// What happened, the newest first, by day, in the browser's time.

import { capital, day, number, sameDay, time } from "./amounts.js";
import { make, part } from "./dom.js";
import { get, refusal } from "./session.js";
import { t, tn } from "./texts.js";

const MOST = 200;
const AGAIN_MS = 3000;
let entries = [];
let untold = "";
let asked = 0; // how often; an answer to any question but the last comes too late
let came = []; // live, since it was asked
let againAt = Infinity; // when to ask once more for what was not told

export async function begin(status, live) {
  live.happened = happened;
  live.missed = ask;
  await ask();
}

export const shown = () => ask();
export const translated = () => ask();
export const render = () => { if (Date.now() >= againAt) ask(); };

// The answer knows all that happened before it was asked for, and perhaps some of what came live since.
async function ask() {
  const mine = asked += 1;
  came = [];
  againAt = Infinity;
  const answer = await get("/api/events");
  if (mine !== asked) return;
  againAt = answer.ok ? Infinity : Date.now() + AGAIN_MS;
  untold = answer.ok ? "" : refusal(answer);
  if (answer.ok) {
    entries = answer.content.events;
    came.forEach(add);
    entries = entries.slice(-MOST);
  }
  fill();
}

function add(event) {
  if (!entries.some((each) => each.id === event.id)) entries.push(event);
}

function happened(event) {
  came = [...came.slice(1 - MOST), event];
  add(event);
  entries = entries.slice(-MOST);
  fill();
}

// A time that the board's clock may have had wrong carries a question mark.
function moment(each) {
  const node = make("time", { datetime: new Date(each.ms).toISOString(), title: time(each.ms) }, time(each.ms, false) + (each.sure === false ? "\u00a0?" : ""));
  if (each.sure === false) node.title = t("events.unsure");
  return node;
}

function fill() {
  const list = part("events"), rows = [];
  let last = null;
  for (const each of [...entries].reverse()) {
    if (last === null || !sameDay(last, each.ms)) {
      rows.push(make("li", { class: "day" }, sameDay(each.ms, Date.now()) ? t("today") : capital(day(each.ms))));
    }
    last = each.ms;
    rows.push(make("li", { class: "entry" }, moment(each), make("span", {}, capital(each.sentence) + (each.more ? " " + tn("events.more", each.more, { n: number(each.more) }) : ""))));
  }
  list.replaceChildren(...(rows.length ? rows : [make("li", { class: untold ? "refusal" : "soft" }, untold || t("events.none"))]));
}
