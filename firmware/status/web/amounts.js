// Sizes, rates, durations and times for a person's eye, in the page's language and the browser's zone.

import { language, t, tn } from "./texts.js";

const UNITS = ["b", "k", "m", "g", "t"];

export function number(value, digits = 0) {
  return new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value);
}

export const percent = (part, whole) => (whole > 0 ? Math.min(100, (100 * part) / whole) : 0);

// Bytes, by powers of 1024 as everywhere on the board.
export function size(bytes) {
  let power = 0;
  while (bytes >= 1000 && power < UNITS.length - 1) {
    bytes /= 1024;
    power += 1;
  }
  return number(bytes, power && bytes < 10 ? 1 : 0) + "\u00a0" + t("unit." + UNITS[power]);
}

export const rate = (bytesPerS) => t("per.second", { size: size(bytesPerS) });

// Bits a second, by powers of 1000 as links are sold.
export function bits(perS) {
  let power = 0;
  while (perS >= 1000 && power < 3) {
    perS /= 1000;
    power += 1;
  }
  return number(perS, 1) + "\u00a0" + t("bits." + UNITS[power]);
}

export function duration(seconds) {
  if (seconds < 120) return t("span.s", { n: number(Math.floor(seconds)) });
  if (seconds < 7200) return t("span.min", { n: number(Math.floor(seconds / 60)) });
  if (seconds < 172800) return t("span.h", { n: number(Math.floor(seconds / 3600)) });
  const days = Math.floor(seconds / 86400);
  return tn("span.days", days, { n: number(days) });
}

export const ago = (seconds) => t("ago", { span: duration(Math.max(0, seconds)) });

export function time(ms, withSeconds = true) {
  const form = { hour: "2-digit", minute: "2-digit" };
  if (withSeconds) form.second = "2-digit";
  return new Intl.DateTimeFormat(language, form).format(new Date(ms));
}

export function day(ms) {
  return new Intl.DateTimeFormat(language, { weekday: "long", day: "numeric", month: "long" }).format(new Date(ms));
}

export const sameDay = (one, two) => new Date(one).toDateString() === new Date(two).toDateString();

// Today the time alone, else the day as well.
export function moment(ms) {
  if (sameDay(ms, Date.now())) return time(ms, false);
  const form = { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" };
  return new Intl.DateTimeFormat(language, form).format(new Date(ms));
}

export const capital = (text) => text.charAt(0).toLocaleUpperCase(language) + text.slice(1);
