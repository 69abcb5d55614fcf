// Sizes, rates, durations and times for a person's eye, in the page's language and the browser's zone.

import { language, t } from "./texts.js";

// The browser's own way to write times, where it speaks the language of the page: 13:05 or 1:05 PM.
const place = () => (navigator.languages || []).find((each) => each.toLowerCase().startsWith(language)) || language;

const UNITS = ["b", "k", "m", "g", "t"];

// What nobody knows is no 0: every amount below says so.
const isKnown = (value) => typeof value === "number" && Number.isFinite(value);

export function number(value, digits = 0) {
  if (!isKnown(value)) return t("unknown");
  return new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value);
}

export const percent = (part, whole) => (whole > 0 ? Math.min(100, (100 * part) / whole) : 0);

// A decimal where that says something.
const short = (value) => number(value, value < 9.95 ? 1 : 0);

// Bytes, by powers of 1024 as everywhere on the board.
export function size(bytes) {
  if (!isKnown(bytes)) return t("unknown");
  let power = 0;
  while (bytes >= 1024 && power < UNITS.length - 1) {
    bytes /= 1024;
    power += 1;
  }
  return (power ? short(bytes) : number(bytes)) + "\u00a0" + t("unit." + UNITS[power]);
}

export const rate = (bytesPerS) => (isKnown(bytesPerS) ? t("per.second", { size: size(bytesPerS) }) : t("unknown"));

// Bits a second, by powers of 1000 as links are sold.
export function bits(perS) {
  if (!isKnown(perS)) return t("unknown");
  let power = 0;
  while (perS >= 1000 && power < 3) {
    perS /= 1000;
    power += 1;
  }
  return number(perS, 1) + "\u00a0" + t("bits." + UNITS[power]);
}

export function duration(seconds) {
  if (!isKnown(seconds)) return t("unknown");
  if (seconds < 120) return t("span.s", { n: short(seconds) });
  if (seconds < 7200) return t("span.min", { n: Math.floor(seconds / 60) });
  if (seconds < 172800) return two("span.h", "span.h.min", Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60));
  const hours = seconds < 7 * 86400 ? Math.floor((seconds % 86400) / 3600) : 0;
  return two("span.days", "span.days.h", Math.floor(seconds / 86400), hours);
}

const two = (alone, both, n, m) => (m ? t(both, { n, m }) : t(alone, { n }));

export const ago = (seconds) => t("ago", { span: duration(Math.floor(Math.max(0, seconds))) });

export function time(ms, withSeconds = true) {
  const form = { hour: "2-digit", minute: "2-digit" };
  if (withSeconds) form.second = "2-digit";
  return new Intl.DateTimeFormat(place(), form).format(new Date(ms));
}

export function day(ms) {
  return new Intl.DateTimeFormat(place(), { weekday: "long", day: "numeric", month: "long" }).format(new Date(ms));
}

export const sameDay = (one, two) => new Date(one).toDateString() === new Date(two).toDateString();

// Today the time alone, else the day as well.
export function moment(ms) {
  if (sameDay(ms, Date.now())) return time(ms, false);
  const form = { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" };
  return new Intl.DateTimeFormat(place(), form).format(new Date(ms));
}

export const weekday = (ms) => new Intl.DateTimeFormat(place(), { weekday: "short", day: "numeric" }).format(new Date(ms));

// No line ends between a number and its unit, nor before what French sets apart with a space.
export const typeset = (text) => text.replace(/(\d) (?=(s|min|h|%|[KMGT]i[Bo]|[kMG]?bit\/s)\b|%)/g, "$1\u00a0").replace(/ (?=[:;!?»])/g, "\u00a0");

// A sentence of the board as one of the page: its own begin small and end without a point.
export const sentence = (text) => ended(capital(text));

export const ended = (text) => typeset(text) + (/[.!?]$/.test(text) ? "" : ".");

// An address at the beginning stays as it is typed: https://.., me@example.org, ntfy.example.
const ADDRESS = /^\S+[.:@]\w|^\w+:\/\//;

export const capital = (text) => typeset(ADDRESS.test(text) ? text : text.charAt(0).toLocaleUpperCase(language) + text.slice(1));
