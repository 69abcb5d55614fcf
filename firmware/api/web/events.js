// What happened, the newest first, by day, in the browser's time.

import { capital, day, number, sameDay, time } from "./amounts.js";
import { make, part } from "./dom.js";
import { get, refusal } from "./session.js";
import { t, tn } from "./texts.js";

const MOST = 200;
let entries = [];
let untold = "";

export async function begin() {
  await ask();
}

export const shown = () => ask();
export const translated = () => ask();

async function ask() {
  const answer = await get("/api/events");
  if (answer.ok) entries = answer.content.events.slice(-MOST);
  untold = answer.ok ? "" : refusal(answer);
  fill();
}

export function happened(event) {
  if (entries.some((each) => each.id === event.id)) return;
  entries.push(event);
  if (entries.length > MOST) entries.shift();
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
