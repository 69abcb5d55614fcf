// How a chart is drawn: what uPlot (uplot.js; the README says where it is from) wants to know of it.

import { duration, rate, size, time, weekday } from "./amounts.js";
import { part } from "./dom.js";

export const HEIGHT = 150;

export const CHARTS = [
  { id: "lag-chart", words: "lag-words", values: ["lag_s"], text: duration, least: 10, unit: "lag" },
  { id: "backlog-chart", words: "backlog-words", values: ["backlog_bytes"], text: size, least: 1 << 20, unit: "backlog" },
  { id: "rates-chart", words: "rates-words", values: ["write_bytes_per_s", "sent_bytes_per_s"], text: rate, least: 1 << 16, unit: "rates" },
];

const FONT = "12px system-ui, sans-serif";
const ROUND_S = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800, 604800];

// Pixels; 1:05 PM is longer than 13:05.
function half(text) {
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = FONT;
  return Math.ceil(pen.measureText(text).width / 2);
}

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// `span`: "hour" or "week"; `rpo`: seconds or null; `pointed(chart, index or null)` is told where the pointer is.
export function optionsOf(chart, span, rpo, pointed) {
  const limit = chart.unit === "lag" && rpo ? rpo : 0, line = { stroke: colour("--line"), width: 1 }, ink = colour("--soft");
  const top = (u, least, most) => [0, Math.max(most || 0, chart.least, limit * 1.1) * 1.08];
  const tick = (seconds) => (span === "hour" ? time(seconds * 1000, false) : weekday(seconds * 1000));
  return {
    width: part(chart.id).clientWidth || 300, height: HEIGHT, legend: { show: false }, padding: [10, half(tick(Date.now() / 1000)) + 4, 0, 0], // half a time of day has room at the right
    cursor: { sync: { key: "sosie" }, y: false, points: { size: 7 }, drag: { x: false, y: false } },
    scales: { x: { time: true, range: (u, least, most) => sight(span, most) }, y: { range: top } },
    axes: [
      { stroke: ink, font: FONT, grid: { show: false }, ticks: line, values: (u, ticks) => ticks.map(tick), space: 70, size: 28 },
      { stroke: ink, font: FONT, grid: line, ticks: { show: false }, values: (u, ticks) => ticks.map(chart.text), size: 78, splits: chart.unit === "lag" ? bySeconds : byPowers },
    ],
    series: [{}, ...chart.values.map(curve)],
    hooks: { setCursor: [(u) => pointed(chart, u.cursor.idx)], draw: [(u) => target(u, limit)] },
  };
}

function curve(name, place) {
  const line = colour(place ? "--warn" : "--accent");
  return { label: name, stroke: line, fill: place ? undefined : line + "22", width: 1.75, dash: place ? [5, 4] : undefined, points: { show: false }, spanGaps: false };
}

function sight(span, most) {
  const end = Math.max(most || 0, Date.now() / 1000 - 5);
  return [end - (span === "hour" ? 3600 : 7 * 86400), end];
}

const places = (step, most) => Array.from({ length: Math.floor(most / step) + 1 }, (each, n) => n * step);

// Round numbers of bytes are powers of two, round times those of a clock.
function byPowers(u, axis, least, most) {
  return places(2 ** Math.ceil(Math.log2(Math.max(4, most) / 4)), most);
}

function bySeconds(u, axis, least, most) {
  return places(ROUND_S.find((step) => most / step <= 4) || 604800, most);
}

// What the lag should stay below, as a dashed line.
function target(u, limit) {
  if (!limit) return;
  const y = Math.round(u.valToPos(limit, "y", true)), { left, width } = u.bbox;
  u.ctx.save();
  u.ctx.strokeStyle = colour("--bad");
  u.ctx.setLineDash([6, 5]);
  u.ctx.beginPath();
  u.ctx.moveTo(left, y);
  u.ctx.lineTo(left + width, y);
  u.ctx.stroke();
  u.ctx.restore();
}
