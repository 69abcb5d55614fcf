// Both boards side by side: what each says of itself, as far as this one knows.

import { ago, capital, duration, number, percent, size } from "./amounts.js";
import { make, part } from "./dom.js";
import { t } from "./texts.js";

const HOT_C = 75;
const OLD_S = 75; // a quota that is used up lets a report through each minute
let drawn = "";

export async function begin() {}

export function translated() {
  drawn = "";
}

// [key, function of a board's status -> text or [text, mood] or null when it does not tell].
const ROWS = [
  ["state", (board) => board.state && capital(t("state." + board.state.replace(" ", "_")))],
  ["role", (board) => board.role && t("role." + board.role)],
  ["host", (board) => board.host && typeof board.host.attached === "boolean" && t(board.host.attached ? "boards.host.yes" : "boards.host.no")],
  ["backlog", (board) => board.role === "primary" && board.backlog && (board.backlog.groups ? size(board.backlog.bytes) + ", " + duration(board.backlog.seconds) : t("nothing"))],
  ["journal", (board) => board.journal && board.journal.size && t("boards.share", { percent: number(percent(board.journal.used, board.journal.size)), size: size(board.journal.size) })],
  ["data", (board) => quota(board.link && board.link.quota)],
  ["disk", (board) => disk(board)],
  ["card", (board) => card(board.health && board.health.card)],
  ["temperature", (board) => temperature(board.health && board.health.temperature_c)],
  ["voltage", (board) => voltage(board.health && board.health.under_voltage)],
  ["clock", (board) => clock(board)],
  ["uptime", (board) => (typeof board.uptime_s === "number" ? duration(board.uptime_s) : null)],
  ["version", (board) => board.version || null],
  ["alarms", (board) => alarms(board.alarms)],
];

function disk(board) {
  const health = board.health && board.health.disk, whole = board.disk_size ? size(board.disk_size) : "";
  if (!health) return whole || null;
  if (health.ok === null) return whole || null;
  if (health.ok) return whole ? t("boards.disk.ok", { size: whole }) : t("boards.disk.healthy");
  return [capital(health.sentence || t("boards.disk.bad")), "bad"];
}

function quota(said) {
  if (!said || !said.bytes) return null;
  return [t("boards.data.used", { used: size(said.used), size: size(said.bytes) }), said.holds ? "warn" : ""];
}

function alarms(said) {
  if (!said) return null;
  return said.length ? [said.map((each) => capital(each)).join(". ") + ".", "warn"] : t("boards.alarms.none");
}

function card(said) {
  if (!said) return null;
  const parts = [];
  if (typeof said.used_percent === "number") parts.push(t("boards.card.used", { percent: number(said.used_percent) }));
  if (typeof said.written_bytes === "number") parts.push(t("boards.card.written", { size: size(said.written_bytes) }));
  return parts.length ? [parts.join(", "), said.used_percent >= 80 ? "warn" : ""] : null;
}

const temperature = (value) => (typeof value === "number" ? [number(value) + "\u00a0°C", value >= HOT_C ? "warn" : ""] : null);

const voltage = (value) => (typeof value === "boolean" ? [t(value ? "boards.voltage.low" : "boards.voltage.ok"), value ? "warn" : ""] : null);

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
  const now = JSON.stringify([cells, boards.map((each) => [each.name, each.age_s > OLD_S ? Math.floor(each.age_s / 5) : 0])]);
  if (now === drawn) return;
  drawn = now;
  const head = make("tr", {}, make("td"), ...boards.map(heading));
  if (boards.length === 1) head.append(make("th", { scope: "col", class: "soft" }, status.link.peer || t("pair.other")));
  const body = make("tbody", {}, ...cells.map((row, place) => line(row, boards.length === 1 && place === 0, cells.length)));
  part("boards").replaceChildren(make("thead", {}, head), body);
}

function heading(board) {
  const more = board.me ? t("this.board") : board.age_s > OLD_S ? ago(board.age_s) : "";
  return make("th", { scope: "col" }, board.name, ...(more ? [" ", make("span", { class: "soft" }, more)] : []));
}

function line([key, ...cells], first, rows) {
  const row = make("tr", {}, make("th", { scope: "row" }, t("boards." + key)));
  for (const cell of cells) {
    const [text, mood] = Array.isArray(cell) ? cell : [cell, ""];
    row.append(make("td", mood ? { class: mood } : {}, text || t("boards.silent")));
  }
  if (first) row.append(make("td", { rowspan: rows, class: "soft" }, t("boards.unreached")));
  return row;
}
