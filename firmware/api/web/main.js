// Puts the page together: the session, the stream, what it fills, and the views.

import { notify, part, set, show, write } from "./dom.js";
import { openDoor, tellTrouble } from "./door.js";
import { buildEmblem, renderConditions, renderHeard, renderHero } from "./hero.js";
import { Live, GONE_MS, OLD_MS } from "./live.js";
import { renderPair, watchWidth } from "./pair.js";
import { Rates } from "./scene.js";
import { askSession, current, get } from "./session.js";
import { fillLanguages, keepLanguage, loadTexts, t, wantedLanguage } from "./texts.js";
import { renderTiles } from "./tiles.js";

const VIEWS = ["login", "now", "manage"];
const PAINT_MS = 3000;
const PARTS = { update: "manage", settings: "manage", alerts: "manage" };

let status = null;
const loaded = {}, coming = {}; // what comes when it is needed
let failures = 0, retried = 0;
const rates = new Rates();
const live = new Live(heard, broke);

// The stream

function heard(snapshot) {
  status = snapshot;
  rates.add(snapshot);
  render();
  if (failures > retried) { retried = failures; bring(VIEWS.find((name) => !part("view-" + name).hidden)); }
  tick();
}

function render() {
  if (status === null) return;
  write(part("name"), status.name);
  write(part("role"), status.role ? t("role." + status.role) : "");
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "?";
  write(part("about"), t("version", { version: status.version || "?" }) + " · " + t("zone", { zone }));
  for (const button of document.querySelectorAll("[data-open=promote]")) show(button, mayPromote(button));
  renderHero(status);
  renderConditions(status);
  renderTiles(status);
  renderPair(status, rates.now);
  for (const each of Object.values(loaded)) if (each.render) each.render(status, rates.now);
}

// Among the settings always; in sight only while the other board is not there.
const mayPromote = (button) => status.role === "twin" && (status.link.state !== "up" || !part("view-now").contains(button));

function tick() {
  live.watch();
  const age = live.age, wanted = !part("view-login").hidden ? "fresh" : null;
  const state = wanted || (age !== null && age < OLD_MS ? "fresh" : (age === null ? startedSince() : age) < GONE_MS ? "old" : "gone");
  show(part("heard"), wanted === null);
  renderHeard(age, state, status);
}

const startedAt = Date.now();
const startedSince = () => Date.now() - startedAt;

// A stream that broke may want a login.
async function broke() {
  tick();
  try {
    await askSession();
    if (!current().may_look) route();
    else await askOnce();
  } catch (error) { /* not reached: the stream tries again */ }
}

// The board is there and gives no stream: it has too many already, or something in between holds it up.
async function askOnce() {
  const answer = await get("/api/status");
  if (answer.ok && live.source === null) live.take(answer.content);
}

// Views

function wantedView() {
  const wish = location.hash.slice(1);
  if (!current().may_look || wish === "login") return "login";
  return PARTS[wish] || (VIEWS.includes(wish) ? wish : "now");
}

async function route() {
  const view = wantedView(), wish = location.hash.slice(1);
  const locked = view === "manage" && !current().logged_in;
  const shown = locked ? "login" : view;
  const moved = part("view-" + shown).hidden;
  for (const name of VIEWS) show(part("view-" + name), name === shown);
  for (const link of document.querySelectorAll("nav a")) set(link, { "aria-current": link.hash === "#" + shown ? "page" : null });
  show(part("login-link"), !current().logged_in && shown !== "login");
  show(part("logout"), current().logged_in && current().token !== "");
  for (const link of document.querySelectorAll("nav a[href='#now'], nav a[href='#manage']")) show(link, current().may_look);
  if (!current().may_look) live.close();
  else if (!live.source && !live.timer) live.redial();
  if (shown === "now") render();
  if (shown === "login" && moved) tellTrouble();
  await bring(shown);
  if (PARTS[wish] && !locked) part(wish).scrollIntoView({ block: "start" });
}

// What the first look does not need comes after it.
async function bring(view) {
  if (view === "login") return;
  await painted();
  const names = view === "now" ? ["charts", "events", "boards"] : ["settings", "alerts", "update"];
  await Promise.all([...names, "actions"].map(async (name) => {
    if (loaded[name]) { if (loaded[name].shown) loaded[name].shown(); return; }
    await need(name);
  }));
}

// What nobody sees is never painted: it waits for a while only.
async function painted() {
  const until = Date.now() + PAINT_MS, pause = (ms) => new Promise((done) => setTimeout(done, ms));
  await pause(50); // what came last is drawn with the next frame
  while (!performance.getEntriesByName("first-contentful-paint").length && Date.now() < until) await pause(20);
}

// Loaded once, however many want it; false when the board was gone for a moment: again when it is heard.
function need(name) {
  if (!coming[name]) {
    coming[name] = load(name).then(() => true, () => { failures += 1; delete coming[name]; return false; });
  }
  return coming[name];
}

async function load(name) {
  // A browser remembers that a module could not be had: the next attempt asks for it by another name.
  const module = await import("/web/" + name + ".js" + (failures ? "?" + failures : ""));
  await module.begin(() => status, live);
  loaded[name] = module;
  if (status !== null && module.render) module.render(status, rates.now);
}

// Language and look

async function changeLanguage(wish) {
  try {
    await loadTexts(wish);
  } catch (error) { // the page stays as it is
    part("language").value = document.documentElement.lang;
    notify(t("unread"), t("close"));
    return;
  }
  keepLanguage(wish);
  live.language = wish;
  if (current().may_look) live.redial();
  render();
  for (const each of Object.values(loaded)) if (each.translated) each.translated();
}

// A button may be touched before what it does is loaded.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-open]");
  if (button && await need("actions")) loaded.actions.open(button.dataset.open);
});

part("look").value = window.chosenLook();
part("look").addEventListener("change", (event) => window.chooseLook(event.target.value));
window.addEventListener("hashchange", route);

async function begin() {
  const [texts, session] = await Promise.allSettled([loadTexts(wantedLanguage()), askSession()]);
  if (texts.status === "fulfilled") document.documentElement.classList.remove("starting");
  if (texts.status === "rejected" || session.status === "rejected") { // the board is gone since it gave this page
    if (texts.status === "fulfilled") renderHeard(null, "gone", null);
    setTimeout(begin, 3000);
    return;
  }
  live.language = document.documentElement.lang;
  watchWidth();
  setInterval(tick, 1000);
  await route();
}

buildEmblem();
fillLanguages(changeLanguage);
openDoor(() => { live.redial(); return route(); }, route);
begin();
