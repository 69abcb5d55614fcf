// Both boards side by side: what each says of itself, as far as this one knows.

import { ago, capital, duration, number, percent, sentence, size } from "./amounts.js";
import { make, part } from "./dom.js";
import { moodOf } from "./hero.js";
import { isFresh } from "./scene.js";
import { known, t } from "./texts.js";

// The other board does not tell its conditions: the limits of firmware/status/conditions.py.
const HOT_C = 75, TOO_HOT_C = 80;
const WORN_PERCENT = 80, WORN_OUT_PERCENT = 100;
let drawn = "";

export async function begin() {}

export function translated() {
  drawn = "";
}

// [key, function of a board's status -> text or [text, mood] or null when it does not tell].
const ROWS = [
  ["state", (board) => board.state && capital(word("state." + board.state.replace(" ", "_"), board.state))],
  ["role", (board) => board.role && word("role." + board.role, board.role)],
  ["host", (board) => board.host && typeof board.host.attached === "boolean" ? t(board.host.attached ? "boards.host.yes" : "boards.host.no") : null],
  ["backlog", (board) => board.role === "primary" && (hasLooked(board) ? backlog(board.backlog) : null)],
  ["journal", (board) => journal(board.journal)],
  ["data", (board) => quota(board.link && board.link.quota)],
  ["disk", (board) => disk(board)],
  ["card", (board) => card(board)],
  ["temperature", (board) => temperature(board)],
  ["voltage", (board) => voltage(board.health && board.health.under_voltage)],
  ["clock", (board) => clock(board)],
  ["uptime", (board) => (typeof board.uptime_s === "number" && hasLooked(board) ? duration(board.uptime_s) : null)],
  ["version", (board) => board.version || null],
];

// A word that another version may have, which this page does not.
const word = (key, plain) => (known(key) ? t(key) : plain);

// A board that does not run, for which the page is served in its place, knows not even its disk.
const hasLooked = (board) => !board.me || board.disk_size > 0;

function backlog(said) {
  if (!said || typeof said.groups !== "number") return null;
  if (!said.groups) return t("nothing");
  const age = typeof said.seconds === "number" ? duration(said.seconds) : t("boards.backlog.no_age");
  return size(said.bytes) + ", " + age;
}

function journal(said) {
  if (!said || !said.size || typeof said.used !== "number") return null;
  return t("boards.share", { percent: number(percent(said.used, said.size)), size: size(said.size) });
}

function disk(board) {
  const health = board.health && board.health.disk, whole = board.disk_size ? size(board.disk_size) : "";
  if (!health) return whole || null;
  if (typeof health.ok !== "boolean") return whole || null;
  if (health.ok) return whole ? t("boards.disk.ok", { size: whole }) : t("boards.disk.healthy");
  return [capital(health.sentence || t("boards.disk.bad")), "bad"];
}

function quota(said) {
  if (!said || !said.bytes || typeof said.used !== "number") return null;
  return [t("boards.data.used", { used: size(said.used), size: size(said.bytes) }), said.holds ? "warn" : ""];
}

// Of a figure: this board's by its condition `name`, the other one's by the limits.
function mood(board, name, value, warning, critical) {
  if (board.me) return moodOf(board, name);
  return value >= critical ? "bad" : value >= warning ? "warn" : "";
}

function card(board) {
  const said = board.health && board.health.card;
  if (!said) return null;
  const parts = [];
  if (typeof said.used_percent === "number") parts.push(t("boards.card.used", { percent: number(said.used_percent) }));
  if (typeof said.written_bytes === "number") parts.push(t("boards.card.written", { size: size(said.written_bytes) }));
  return parts.length ? [parts.join(", "), mood(board, "card", said.used_percent, WORN_PERCENT, WORN_OUT_PERCENT)] : null;
}

function temperature(board) {
  const value = board.health && board.health.temperature_c;
  if (typeof value !== "number") return null;
  return [number(value) + "\u00a0°C", mood(board, "temperature", value, HOT_C, TOO_HOT_C)];
}

const voltage = (value) => (typeof value === "boolean" ? [t(value ? "boards.voltage.low" : "boards.voltage.ok"), value ? "bad" : ""] : null);

function clock(board) {
  if (!board.clock) return null;
  const off = board.time_ms && board.me ? Math.abs(board.time_ms - Date.now()) / 1000 : 0;
  if (off > 90) return [t("boards.clock.off", { span: duration(off) }), "warn"];
  if (board.clock.set === false) return [t("boards.clock.unset"), "warn"];
  return t(board.clock.set ? "boards.clock.set" : "boards.clock.runs");
}

export function render(status) {
  const boards = [{ ...status, me: true }];
  if (status.other) boards.push({ ...status.other, me: false });
  const cells = ROWS.map(([key, read]) => [key, ...boards.map(read)]).filter((row) => row.slice(1).some((cell) => cell !== null && cell !== undefined && cell !== false && cell !== ""));
  const alarms = boards.map((board) => [board.name, board.alarms]).filter(([, said]) => said && said.length);
  const untold = t(status.link.state === "up" ? "boards.untold" : "boards.unreached");
  const now = JSON.stringify([cells, alarms, untold, boards.map((each) => [each.name, isFresh(each) ? 0 : Math.floor(each.age_s / 5)])]);
  if (now === drawn) return;
  drawn = now;
  const head = make("tr", {}, make("td"), ...boards.map(heading));
  if (boards.length === 1) head.append(make("th", { scope: "col", class: "soft" }, status.link.peer || t("pair.other")));
  const body = make("tbody", {}, ...cells.map((row, place) => line(row, boards.length === 1 && place === 0 ? [untold, cells.length] : null)), ...attention(alarms));
  part("boards").replaceChildren(make("thead", {}, head), body);
}

function heading(board) {
  const more = board.me ? t("this.board") : isFresh(board) ? "" : ago(board.age_s);
  return make("th", { scope: "col" }, board.name, ...(more ? [" ", make("span", { class: "soft" }, more)] : []));
}

// What a board does not tell, for the eye and for the ear; or what it has not, by its role.
function dash(without) {
  return [make("span", { "aria-hidden": "true" }, t("boards.silent")), make("span", { class: "unseen" }, t(without ? "boards.without" : "unknown"))];
}

function line([key, ...cells], beside) {
  const row = make("tr", {}, make("th", { scope: "row" }, t("boards." + key)));
  for (const cell of cells) {
    const [text, mood] = Array.isArray(cell) ? cell : [cell, ""];
    row.append(make("td", mood ? { class: mood } : {}, ...(text ? [text] : dash(cell === false))));
  }
  if (beside) row.append(make("td", { rowspan: beside[1], class: "soft" }, beside[0]));
  return row;
}

// Of the boards that have any: sentences, for which one column is too narrow.
function attention(alarms) {
  if (!alarms.length) return [];
  const lines = alarms.map(([name, said]) => make("p", { class: "warn" }, name + ": ", ...broken(said.map(sentence).join(" "))));
  return [make("tr", {}, make("th", { scope: "row" }, t("boards.alarms")), make("td", { colspan: 2 }, ...lines))];
}

// A long path goes on in the next line behind a slash.
const broken = (text) => text.match(/[^/]*\/|[^/]+/g).flatMap((piece) => [piece, make("wbr")]);
