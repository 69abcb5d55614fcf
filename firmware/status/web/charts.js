// The charts of lag, backlog and rates, drawn by uPlot (uplot.js; its README says where it is from).
//
// The board keeps the series; between two askings the hour goes on with what the stream tells.

import { capital, duration, moment, rate, size, time, weekday } from "./amounts.js";
import { make, part, show, write } from "./dom.js";
import { get } from "./session.js";
import { t } from "./texts.js";

const AGAIN_MS = { hour: 120000, week: 300000 };
const POINTS = 600;
const HEIGHT = 150;

let span = "hour";
let data = null; // {step_s, times, lag_s, backlog_bytes, write_bytes_per_s, sent_bytes_per_s}
let plots = [];
let asked = 0;
let rpo = null;
let failed = false;

export async function begin() {
  await Promise.all([load("/web/uplot.css", "link"), load("/web/uplot.js", "script")]);
  for (const radio of document.querySelectorAll("input[name=span]")) {
    radio.addEventListener("change", () => { span = radio.value; data = null; ask(); });
  }
  new ResizeObserver(fit).observe(part("charts"));
  window.addEventListener("look", build);
  part("charts").querySelector("details").addEventListener("toggle", table);
  await ask();
}

function load(path, kind) {
  return new Promise((done, fail) => {
    const node = kind === "link" ? make("link", { rel: "stylesheet", href: path }) : make("script", { src: path });
    node.onload = done;
    node.onerror = () => fail(new Error(path));
    document.head.append(node);
  });
}

export const shown = () => ask();
export const translated = () => build();

async function ask() {
  asked = Date.now();
  const wanted = span, answer = await get("/api/series?span=" + wanted + "&points=" + POINTS);
  if (wanted !== span) return;
  failed = !answer.ok;
  show(part("charts-refusal"), failed);
  write(part("charts-refusal"), failed ? capital(answer.content.error || t("unreached")) : "");
  if (!failed) data = read(answer.content);
  show(part("charts-unkept"), !failed && answer.content.kept === false);
  build();
}

function read(series) {
  const times = series.lag_s.map((each, place) => series.start_ms / 1000 + place * series.step_s);
  return { ...series, times };
}

// A second has gone by.
export function render(status, rates) {
  if (rpo !== (status.rpo_s || null)) { rpo = status.rpo_s || null; build(); }
  if (Date.now() - asked > AGAIN_MS[span]) { ask(); return; }
  if (data === null || span !== "hour") return;
  const now = status.time_ms / 1000, last = data.times[data.times.length - 1] || 0;
  const value = { lag_s: status.backlog.seconds, backlog_bytes: status.backlog.bytes, write_bytes_per_s: rates.write, sent_bytes_per_s: rates.sent };
  if (now - last >= data.step_s) {
    data.times.push(now);
    for (const name of Object.keys(value)) data[name].push(value[name]);
    while (data.times.length && data.times[0] < now - 3600) {
      data.times.shift();
      for (const name of Object.keys(value)) data[name].shift();
    }
    fill();
  } else {
    const at = data.times.length - 1;
    for (const name of ["lag_s", "backlog_bytes"]) if (at >= 0 && value[name] > (data[name][at] || 0)) data[name][at] = value[name];
  }
}

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function series(name, shade, dash) {
  const line = colour(shade);
  return { label: name, stroke: line, fill: dash ? undefined : line + "22", width: 1.75, dash, points: { show: false }, spanGaps: false };
}

const CHARTS = [
  { id: "lag-chart", words: "lag-words", values: ["lag_s"], text: (value) => duration(value), least: 10, unit: "lag" },
  { id: "backlog-chart", words: "backlog-words", values: ["backlog_bytes"], text: (value) => size(value), least: 1 << 20, unit: "backlog" },
  { id: "rates-chart", words: "rates-words", values: ["write_bytes_per_s", "sent_bytes_per_s"], text: (value) => rate(value), least: 1 << 16, unit: "rates" },
];

function options(chart) {
  const grid = { stroke: colour("--line"), width: 1 }, ink = colour("--soft");
  const font = "12px system-ui, sans-serif";
  return {
    width: part(chart.id).clientWidth || 300, height: HEIGHT, legend: { show: false }, padding: [10, 6, 0, 0],
    cursor: { sync: { key: "sosie" }, y: false, points: { size: 7 }, drag: { x: false, y: false } },
    scales: { x: { time: true, range: (u, least, most) => window_(least, most) }, y: { range: (u, least, most) => [0, Math.max(most || 0, chart.least, chart.unit === "lag" && rpo ? rpo * 1.1 : 0) * 1.08] } },
    axes: [
      { stroke: ink, font, grid: { show: false }, ticks: grid, values: (u, ticks) => ticks.map(tick), space: 70, size: 28 },
      { stroke: ink, font, grid, ticks: { show: false }, values: (u, ticks) => ticks.map((each) => chart.text(each)), size: 78, space: 34, splits: chart.unit === "lag" ? undefined : binary },
    ],
    series: [{}, ...chart.values.map((name, place) => series(name, place ? "--warn" : "--accent", place ? [5, 4] : undefined))],
    hooks: { setCursor: [(u) => told(chart, u.cursor.idx)], draw: [(u) => target(chart, u)] },
  };
}

function window_(least, most) {
  const end = Math.max(most || 0, Date.now() / 1000 - 5), long = span === "hour" ? 3600 : 7 * 86400;
  return [end - long, end];
}

// Round numbers of bytes are powers of two.
function binary(u, axis, least, most) {
  let step = 1;
  while (most / step > 4) step *= 2;
  const found = [];
  for (let at = 0; at <= most; at += step) found.push(at);
  return found;
}

const tick = (seconds) => (span === "hour" ? time(seconds * 1000, false) : weekday(seconds * 1000));

// The target of the lag, as a dashed line.
function target(chart, u) {
  if (chart.unit !== "lag" || !rpo) return;
  const y = Math.round(u.valToPos(rpo, "y", true)), { left, width } = u.bbox;
  u.ctx.save();
  u.ctx.strokeStyle = colour("--bad");
  u.ctx.setLineDash([6, 5]);
  u.ctx.beginPath();
  u.ctx.moveTo(left, y);
  u.ctx.lineTo(left + width, y);
  u.ctx.stroke();
  u.ctx.restore();
}

function build() {
  for (const plot of plots) plot.destroy();
  plots = [];
  if (data === null || !window.uPlot || !part("charts").clientWidth) return;
  for (const chart of CHARTS) plots.push(new window.uPlot(options(chart), columns(chart), part(chart.id)));
  for (const chart of CHARTS) told(chart, null);
  table();
}

const columns = (chart) => [data.times, ...chart.values.map((name) => data[name])];

function fill() {
  if (!plots.length) { build(); return; }
  CHARTS.forEach((chart, place) => {
    plots[place].setData(columns(chart));
    if (plots[place].cursor.idx === null || plots[place].cursor.left < 0) told(chart, null);
  });
}

function fit() {
  if (data !== null && !plots.length) build();
  CHARTS.forEach((chart, place) => {
    const width = part(chart.id).clientWidth;
    if (plots[place] && width && plots[place].width !== width) plots[place].setSize({ width, height: HEIGHT });
  });
}

// The line above a chart: what it shows now and at worst, or where the pointer is.
function told(chart, place) {
  const line = part(chart.words), title = make("b");
  title.textContent = t("charts." + chart.unit);
  line.replaceChildren(title, " ");
  const pointed = place !== null && place !== undefined && data.times[place] !== undefined;
  chart.values.forEach((name, which) => {
    if (chart.values.length > 1) line.append(make("span", { class: which ? "key dashed" : "key" }), t("charts." + name) + " ");
    line.append(make("span", { class: "soft" }, pointed ? valueAt(chart, name, place) : nowAndWorst(chart, name)), " ");
  });
  if (pointed) line.append(make("span", { class: "soft" }, "· " + moment(data.times[place] * 1000)));
  else if (chart.unit === "lag" && rpo) line.append(make("span", { class: "soft" }, "· " + t("charts.target", { span: duration(rpo) })));
}

const valueAt = (chart, name, place) => (data[name][place] === null || data[name][place] === undefined ? t("charts.gap") : chart.text(data[name][place]));

function nowAndWorst(chart, name) {
  const values = data[name];
  let worst = null;
  for (const value of values) if (value !== null && (worst === null || value > worst)) worst = value;
  if (worst === null) return t("charts.gap");
  const last = values[values.length - 1];
  return t("charts.now", { now: last === null || last === undefined ? t("charts.gap") : chart.text(last), worst: chart.text(worst) });
}

// The same numbers for who reads rather than sees: the worst of each of some rows.
function table() {
  if (data === null || !part("charts").querySelector("details").open) return;
  const names = ["lag_s", "backlog_bytes", "write_bytes_per_s", "sent_bytes_per_s"], texts = [duration, size, rate, rate];
  const head = make("tr", {}, make("th", { scope: "col" }, t("charts.time")), ...names.map((name) => make("th", { scope: "col" }, t("charts." + name))));
  const rows = 12, each = Math.max(1, Math.ceil(data.times.length / rows)), body = make("tbody");
  for (let at = 0; at < data.times.length; at += each) {
    const cells = names.map((name, which) => {
      const some = data[name].slice(at, at + each).filter((value) => value !== null);
      return make("td", {}, some.length ? texts[which](Math.max(...some)) : t("charts.gap"));
    });
    body.append(make("tr", {}, make("th", { scope: "row" }, moment(data.times[at] * 1000)), ...cells));
  }
  part("charts-table").replaceChildren(make("thead", {}, head), body);
}
