// The picture of the pair: two boards, their hosts, the link and what flows. Drawn at the width it has, side by side
// or one below the other, so that its text is never scaled.

import { bits, duration, rate, size } from "./amounts.js";
import { draw, part, set, write } from "./dom.js";
import { sceneOf } from "./scene.js";
import { known, t } from "./texts.js";

const BROAD = 660;
const BOARD = { w: 208, h: 124 };

let drawn = "";
let texts = {};
let last = null;

export function watchWidth() {
  new ResizeObserver(() => { if (last) renderPair(...last); }).observe(part("pair"));
}

export function renderPair(status, rates) {
  last = [status, rates];
  const svg = part("pair"), width = Math.floor(svg.clientWidth), scene = sceneOf(status, rates);
  if (!width) return;
  const form = JSON.stringify([width, shape(scene.writer), shape(scene.keeper), scene.link.up, scene.link.flows, queue(scene.link.waiting), scene.fenced, document.documentElement.lang]);
  if (form !== drawn) build(svg, width, scene);
  drawn = form;
  for (const [name, text] of Object.entries(labels(scene))) if (texts[name]) write(texts[name], text);
  write(part("pair-words"), description(scene));
}

const shape = (board) => [board.known, board.me, board.name, board.role, board.mood, board.host, board.journal === null ? null : Math.round(board.journal * 50), Math.round(board.fill * 50)];

// How many little blocks wait before the link.
function queue(bytes) {
  return bytes ? Math.min(5, 1 + Math.max(0, Math.floor(Math.log2(bytes / 65536) / 4))) : 0;
}

function labels(scene) {
  const { link, writer, keeper } = scene;
  return {
    write: link.write === null || !writer.host ? "" : link.write >= 1 ? rate(link.write) : t("pair.idle"),
    first: link.up ? (link.sent === null ? t("pair.up") : link.sent >= 1 ? rate(link.sent) : t("pair.idle")) : t(link.refused ? "pair.refused" : "pair.down"),
    second: link.up ? (link.rtt_ms === null ? "" : t("pair.rtt", { ms: link.rtt_ms })) : link.down_s === null ? "" : t("pair.since", { span: duration(link.down_s) }),
    third: waiting(link),
    writerState: stateText(writer, link),
    keeperState: stateText(keeper, link),
  };
}

function waiting(link) {
  if (link.quota && link.quota.holds) return t("pair.quota");
  if (link.held_bytes) return t("pair.held", { size: size(link.held_bytes) });
  if (link.waiting) return t("pair.waiting", { size: size(link.waiting) });
  if (link.up && link.waiting === null) return t("pair.waiting.unknown");
  return link.up && link.cap ? t("pair.cap", { rate: bits(link.cap) }) : "";
}

function stateText(board, link) {
  if (!board.known) return t(link.up ? "unknown" : "pair.unknown");
  const key = "state." + board.state.replace(" ", "_");
  return known(key) ? t(key) : board.state || t("unknown");
}

function description(scene) {
  const { writer, keeper, link } = scene, said = labels(scene);
  const one = (board) => t("pair.board", { name: board.name || t("pair.other"), role: roleText(board) || t("pair.other"), state: stateText(board, link) });
  const parts = [one(writer), one(keeper), link.up ? t("pair.link.up") : t("pair.link.down"), said.first, said.second, said.third];
  return parts.filter((each) => each).join(". ") + ".";
}

function roleText(board) {
  const role = known("role." + board.role) ? t("role." + board.role) : board.role;
  return board.me ? role + " · " + t("this.board") : role;
}

function build(svg, width, scene) {
  const broad = width >= BROAD, height = broad ? 140 : 356;
  texts = {};
  svg.replaceChildren();
  set(svg, { viewBox: "0 0 " + width + " " + height, class: scene.link.up ? "up" : "down" });
  svg.style.blockSize = height + "px";
  if (broad) buildBroad(svg, width, scene);
  else buildNarrow(svg, width, scene);
}

function buildBroad(svg, width, scene) {
  const left = 148, right = width - 148 - BOARD.w, y = 8, middle = y + BOARD.h / 2;
  server(svg, 8, middle - 40, scene.writer.host, "server");
  cable(svg, "M64 " + middle + "H" + left, scene.writer.host, scene.link.write > 0);
  note(svg, "write", 106, middle - 16, "middle");
  server(svg, width - 64, middle - 40, false, "standby");
  cable(svg, "M" + (right + BOARD.w) + " " + middle + "H" + (width - 64), false, false);
  board(svg, left, y, BOARD.w, scene.writer, "writerState");
  board(svg, right, y, BOARD.w, scene.keeper, "keeperState");
  const from = left + BOARD.w, centre = (from + right) / 2;
  link(svg, from, middle, right, middle, scene);
  note(svg, "first", centre, middle - 24, "middle", "strong");
  note(svg, "second", centre, middle + 34, "middle");
  note(svg, "third", centre, middle + 54, "middle");
}

function buildNarrow(svg, width, scene) {
  const x = 76, w = width - x - 2, down = 226, centre = x + 44;
  server(svg, 8, 24, scene.writer.host, "server");
  cable(svg, "M64 64H" + x, scene.writer.host, scene.link.write > 0);
  server(svg, 8, down + 24, false, "standby");
  cable(svg, "M64 " + (down + 64) + "H" + x, false, false);
  board(svg, x, 2, w, scene.writer, "writerState");
  board(svg, x, down, w, scene.keeper, "keeperState");
  link(svg, centre, 2 + BOARD.h, centre, down, scene);
  note(svg, "first", centre + 30, 158, "start", "strong");
  note(svg, "second", centre + 30, 178, "start");
  note(svg, "third", centre + 30, 198, "start");
}

function note(svg, name, x, y, anchor, kind = "") {
  texts[name] = draw("text", { x, y, "text-anchor": anchor, class: "note " + kind });
  svg.append(texts[name]);
}

function server(svg, x, y, active, kind) {
  const group = draw("g", { class: "server " + (active ? "active" : "idle"), transform: "translate(" + x + " " + y + ")" });
  group.append(draw("rect", { width: 56, height: 80, rx: 8 }));
  for (const row of [14, 32, 50]) group.append(draw("path", { d: "M12 " + row + "h22" }), draw("circle", { cx: 44, cy: row, r: 2.5 }));
  const label = draw("text", { x: 28, y: 97, "text-anchor": "middle", class: "note" });
  label.textContent = t(kind === "standby" ? "pair.standby" : active ? "pair.server" : active === null ? "unknown" : "pair.noserver");
  group.append(label);
  svg.append(group);
}

function cable(svg, line, active, flows) {
  svg.append(draw("path", { class: "cable" + (active ? " active" : ""), d: line }));
  if (active && flows) svg.append(draw("path", { class: "flow", d: line }));
}

function board(svg, x, y, w, what, stateName) {
  const group = draw("g", { class: "board mood-" + what.mood + (what.known ? "" : " unknown") + (what.me ? " me" : ""), transform: "translate(" + x + " " + y + ")" });
  group.append(draw("rect", { class: "body", width: w, height: BOARD.h, rx: 16 }));
  if (what.name) text(group, 18, 34, cut(what.name, Math.floor((w - 84) / 9)), "name");
  else text(group, 18, 34, t("pair.other"), "note");
  text(group, 18, 55, roleText(what), "note");
  texts[stateName] = text(group, 18, 76, "", "state");
  disk(group, w - 54, 20, what);
  if (what.known && what.journal === null) text(group, 18, 100, t("pair.journal.unknown"), "tiny");
  else if (what.known) {
    group.append(draw("rect", { class: "track", x: 18, y: 100, width: w - 36, height: 6, rx: 3 }));
    if (what.journal > 0) group.append(draw("rect", { class: "level", x: 18, y: 100, width: Math.max(6, (w - 36) * what.journal), height: 6, rx: 3 }));
    text(group, 18, 94, t("pair.journal"), "tiny");
  }
  svg.append(group);
}

function text(group, x, y, words, kind) {
  const node = draw("text", { x, y, class: kind });
  node.textContent = words;
  group.append(node);
  return node;
}

const cut = (name, room) => (name.length > room ? name.slice(0, room - 1) + "…" : name);

// A cylinder, as full as the copy is.
function disk(group, x, y, what) {
  const fill = what.known ? what.fill : 0, top = 8 + 44 * (1 - fill);
  if (fill > 0) {
    group.append(draw("path", { class: "filled", d: "M0 " + top + "a18 6 0 0 1 36 0V52a18 6 0 0 1-36 0z", transform: "translate(" + x + " " + y + ")" }));
  }
  group.append(draw("path", { class: "disk", d: "M0 8a18 6 0 0 1 36 0a18 6 0 0 1-36 0V52a18 6 0 0 0 36 0V8", transform: "translate(" + x + " " + y + ")" }));
}

function link(svg, x1, y1, x2, y2, scene) {
  const upright = x1 === x2, line = "M" + x1 + " " + y1 + (upright ? "V" + y2 : "H" + x2);
  if (scene.link.up) {
    svg.append(draw("path", { class: "link", d: line }));
    if (scene.link.flows) svg.append(draw("path", { class: "flow", d: line }));
    else svg.append(draw("path", { class: "rest", d: line }));
  } else broken(svg, x1, y1, x2, y2, upright, scene.fenced);
  for (let i = 0; i < queue(scene.link.waiting); i++) {
    const at = 12 + 13 * i;
    svg.append(draw("rect", { class: "block", x: upright ? x1 - 34 : x1 + at, y: upright ? y1 + at : y1 - 18, width: 9, height: 9, rx: 2 }));
  }
}

function broken(svg, x1, y1, x2, y2, upright, fenced) {
  const cx = (x1 + x2) / 2, cy = (y1 + y2) / 2;
  const one = upright ? "M" + x1 + " " + y1 + "V" + (cy - 22) : "M" + x1 + " " + y1 + "H" + (cx - 22);
  const two = upright ? "M" + x1 + " " + (cy + 22) + "V" + y2 : "M" + (cx + 22) + " " + y1 + "H" + x2;
  svg.append(draw("path", { class: "link broken", d: one + two }));
  svg.append(draw("circle", { class: "cut", cx, cy, r: 13 }));
  svg.append(draw("path", { class: "cut", d: fenced ? "M" + (cx - 6) + " " + cy + "h12" : "M" + (cx - 5) + " " + (cy - 5) + "l10 10m0-10l-10 10" }));
}
