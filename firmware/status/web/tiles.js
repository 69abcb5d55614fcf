// What would be lost now, until when the journal lasts, what to do.

import { capital, duration, number, percent, size } from "./amounts.js";
import { part, set, write } from "./dom.js";
import { t, tn } from "./texts.js";

export function renderTiles(status) {
  const missing = status.role === "primary" && status.copy.whole && status.backlog.groups > 0 && status.state !== "promoted";
  const loss = part("loss-figure");
  loss.classList.toggle("words", !missing);
  write(loss, missing ? t("loss.last", { span: duration(status.backlog.seconds) }) : capital(status.words.loss));
  const groups = tn("loss.groups", status.backlog.groups, { n: number(status.backlog.groups) });
  write(part("loss-words"), missing ? t("loss.size", { size: size(status.backlog.bytes), groups }) : "");
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
    parts.push(typeof said.caught_up_s === "number" ? t("forecast.caught", { span: duration(said.caught_up_s) }) : t("forecast.never"));
  }
  if (typeof said.lag_s === "number" && said.lag_s > Math.max(60, status.backlog.seconds)) {
    parts.push(t("forecast.lag", { span: duration(said.lag_s) }));
  }
  return parts.join(" ");
}

// Seconds until the journal is full, by its last minutes or by the forecast under rate and quota; null: not known.
function fullIn(status) {
  const known = [status.journal.full_in_s, (status.forecast || {}).full_s].filter((each) => typeof each === "number");
  return known.length ? Math.min(...known) : null;
}

function renderJournal(status) {
  const journal = status.journal, full = fullIn(status), known = full !== null;
  const figure = part("journal-figure");
  figure.classList.toggle("words", !known || full === 0);
  const unknown = !journal.size || (status.backlog.groups > 0 && journal.growth_bytes_per_s === null);
  write(figure, full === 0 ? t("journal.full") : known ? duration(full) : t(unknown ? "journal.unknown" : "journal.calm"));
  const share = percent(journal.used, journal.size);
  part("journal-gauge").style.setProperty("inline-size", Math.max(share, journal.used ? 1 : 0) + "%");
  set(part("journal-gauge"), { class: share > 90 ? "bad" : share > 60 ? "warn" : "good" });
  const words = journal.size === 0 ? "" : t("journal.used", { used: size(journal.used), size: size(journal.size) });
  write(part("journal-words"), words);
}
