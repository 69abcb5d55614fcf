// The charts of lag, backlog and rates: what they hold, and the same in words and as a table.
//
// The board keeps the series; between two askings the hour goes on with what the stream tells.

import { duration, moment } from "./amounts.js";
import { CHARTS, HEIGHT, optionsOf } from "./curves.js";
import { make, part, set, show, write } from "./dom.js";
import { senderOf } from "./scene.js";
import { get, refusal } from "./session.js";
import { t } from "./texts.js";

const AGAIN_MS = { hour: 120000, week: 300000 };
const POINTS = 600;
const ROWS = 12;

let span = "hour";
let data = null; // {step_s, times, lag_s, backlog_bytes, write_bytes_per_s, sent_bytes_per_s}
let latest = {};
let plots = [];
let charts = CHARTS;
let asked = 0;
let rpo = null;

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
  show(part("charts-refusal"), !answer.ok);
  write(part("charts-refusal"), answer.ok ? "" : refusal(answer));
  show(part("charts-unkept"), answer.ok && answer.content.kept === false);
  if (answer.ok) data = read(answer.content);
  build();
}

function read(series) {
  const times = series.lag_s.map((each, place) => series.start_ms / 1000 + place * series.step_s);
  return { ...series, times };
}

// A second has gone by.
export function render(status, rates) {
  const backlog = senderOf(status, status.role === "primary").backlog || {};
  latest = { lag_s: known(backlog.seconds), backlog_bytes: known(backlog.bytes) };
  if (rates.write !== null) Object.assign(latest, { write_bytes_per_s: rates.write, sent_bytes_per_s: rates.sent });
  choose(status.role === "twin" ? CHARTS.filter((chart) => chart.unit !== "rates") : CHARTS);
  if (rpo !== (status.rpo_s || null)) { rpo = status.rpo_s || null; build(); }
  if (Date.now() - asked > AGAIN_MS[span]) ask();
  else if (data !== null && span === "hour" && rates.write !== null) goOn(status.time_ms / 1000);
}

// A twin knows nothing of what is written and sent there.
function choose(wanted) {
  if (wanted.length === charts.length) return;
  charts = wanted;
  show(part("rates-chart").parentNode, charts.length === CHARTS.length);
  build();
}

const known = (value) => (typeof value === "number" ? value : null);

function goOn(now) {
  const last = data.times.length - 1;
  if (now - (data.times[last] || 0) < data.step_s) {
    for (const name of ["lag_s", "backlog_bytes"]) data[name][last] = worstOf([known(data[name][last]), latest[name]]);
  } else {
    data.times.push(now);
    for (const name of Object.keys(latest)) data[name].push(latest[name]);
    while (data.times[0] < now - 3600) for (const name of ["times", ...Object.keys(latest)]) data[name].shift();
    charts.forEach((chart, place) => plots[place] && plots[place].setData(columns(chart)));
  }
  retell();
}

const columns = (chart) => [data.times, ...chart.values.map((name) => data[name])];

function build() {
  for (const plot of plots) plot.destroy();
  plots = [];
  if (data === null || !window.uPlot || !part("charts").clientWidth) return;
  for (const chart of charts) {
    plots.push(new window.uPlot(optionsOf(chart, span, rpo, tell), columns(chart), part(chart.id)));
    tell(chart, null);
    set(part(chart.id), { role: "img", "aria-labelledby": chart.words });
  }
  table();
}

function fit() {
  if (data !== null && !plots.length) build();
  charts.forEach((chart, place) => {
    const width = part(chart.id).clientWidth;
    if (plots[place] && width && plots[place].width !== width) plots[place].setSize({ width, height: HEIGHT });
  });
}

// The lines above the charts, unless the pointer is there.
function retell() {
  charts.forEach((chart, place) => {
    if (plots[place] && !(plots[place].cursor.left >= 0)) tell(chart, null);
  });
}

// What a chart shows now and at worst, or where the pointer is.
function tell(chart, place) {
  const pointed = typeof place === "number" && data.times[place] !== undefined;
  const parts = [make("b", {}, t("charts." + chart.unit)), " "];
  chart.values.forEach((name, which) => {
    if (chart.values.length > 1) parts.push(make("span", { class: which ? "key dashed" : "key" }), t("charts." + name) + " ");
    parts.push(make("span", { class: "soft" }, pointed ? chart.text(data[name][place]) : nowAndWorst(chart, name)), " ");
  });
  if (pointed) parts.push(make("span", { class: "soft" }, "· " + moment(data.times[place] * 1000)));
  else if (chart.unit === "lag" && rpo) parts.push(make("span", { class: "soft" }, "· " + t("charts.target", { span: duration(rpo) })));
  const line = part(chart.words), words = parts.map((each) => each.textContent || each).join("");
  if (line.textContent !== words) line.replaceChildren(...parts);
}

const worstOf = (values) => values.reduce((worst, value) => (value !== null && (worst === null || value > worst) ? value : worst), null);

function nowAndWorst(chart, name) {
  const now = name in latest ? latest[name] : known(data[name][data[name].length - 1]), most = worstOf([...data[name], now]);
  return most === null ? t("unknown") : t("charts.now", { now: chart.text(now), worst: chart.text(most) });
}

// The same numbers for who reads rather than sees: the worst of each of some rows.
function table() {
  if (data === null || !part("charts").querySelector("details").open) return;
  const columns = charts.flatMap((chart) => chart.values.map((name) => [chart, name]));
  const titles = [t("charts.time"), ...columns.map(([chart, name]) => t("charts." + name))];
  const many = Math.max(1, Math.ceil(data.times.length / ROWS)), body = make("tbody");
  for (let at = 0; at < data.times.length; at += many) {
    const cells = columns.map(([chart, name]) => make("td", {}, chart.text(worstOf(data[name].slice(at, at + many)))));
    body.append(make("tr", {}, make("th", { scope: "row" }, moment(data.times[at] * 1000)), ...cells));
  }
  const head = make("tr", {}, ...titles.map((each) => make("th", { scope: "col" }, each)));
  part("charts-table").replaceChildren(make("thead", {}, head), body);
}
