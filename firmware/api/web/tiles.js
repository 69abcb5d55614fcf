// What would be lost now, until when the journal lasts, what to do.

import { capital, duration, percent, size } from "./amounts.js";
import { part, set, write } from "./dom.js";
import { moodOf } from "./hero.js";
import { t } from "./texts.js";

// A sentence that begins with a time and goes on with what that is: the first part is the figure.
const FIGURE = /^([^:]*\d[^:]*?)\s*:\s(.+)$/;

const SHORT = 32; // characters that can be large

export function renderTiles(status) {
  const [, figure, rest] = FIGURE.exec(status.words.loss) || [null, status.words.loss, ""];
  write(part("loss-figure"), capital(figure));
  part("loss-figure").classList.toggle("words", figure.length > SHORT);
  write(part("loss-words"), rest ? capital(rest) + "." : "");
  write(part("forecast"), forecast(status));
  renderJournal(status);
  write(part("next-words"), capital(status.words.advice));
}

// What becomes of the lag within a day, where that is more than nothing.
function forecast(status) {
  const said = status.forecast;
  if (!said || status.role !== "primary" || status.state === "promoted" || status.state === "fenced") return "";
  const parts = [];
  if (status.backlog.seconds > 60 && status.link.state === "up") {
    if (typeof said.caught_up_s === "number") parts.push(t("forecast.caught", { span: duration(said.caught_up_s) }));
    else if (typeof said.lag_s === "number") parts.push(t("forecast.never")); // else nobody knows
  }
  if (typeof said.lag_s === "number" && said.lag_s > Math.max(60, status.backlog.seconds)) {
    parts.push(t("forecast.lag", { span: duration(said.lag_s) }));
  }
  return parts.join(" ");
}

// Where there is no time to be told. What grows may be on its way, or be sent before the journal is full.
function journalWord(journal) {
  if (journal.full_in_s === 0) return "full";
  if (!journal.size || typeof journal.growth_bytes_per_s !== "number") return "unknown";
  return journal.growth_bytes_per_s > 0 ? "far" : "calm";
}

function renderJournal(status) {
  const journal = status.journal, full = journal.full_in_s, known = typeof full === "number";
  const figure = part("journal-figure");
  figure.classList.toggle("words", !known || full === 0);
  write(figure, known && full > 0 ? duration(full) : t("journal." + journalWord(journal)));
  const share = percent(journal.used, journal.size);
  part("journal-gauge").style.setProperty("inline-size", Math.max(share, journal.used ? 1 : 0) + "%");
  set(part("journal-gauge"), { class: moodOf(status, "journal_full", "journal_filling") || "good" });
  const words = journal.size === 0 ? "" : t("journal.used", { used: size(journal.used), size: size(journal.size) });
  write(part("journal-words"), words);
}
