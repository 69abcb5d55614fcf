// What the picture of the pair shows, as plain data: who takes the writes stands first, the copy second.

const UNKNOWN = { known: false, role: "", state: "", journal: null, fill: 0, mood: "calm" };

// Rates out of the counters of the last snapshots: bytes a second, over some five seconds.
export class Rates {
  constructor() {
    this.kept = [];
  }

  add(status) {
    const host = status.host || { write_bytes: 0 };
    const now = { at: status.time_ms, write: host.write_bytes, sent: status.link.sent_bytes, group: status.group.durable };
    const last = this.kept[this.kept.length - 1];
    if (last && (now.at < last.at || now.write < last.write || now.sent < last.sent)) this.kept = []; // it was restarted
    this.kept.push(now);
    if (this.kept.length > 6) this.kept.shift();
  }

  get now() {
    const first = this.kept[0], last = this.kept[this.kept.length - 1];
    const seconds = this.kept.length > 1 ? (last.at - first.at) / 1000 : 0;
    if (seconds < 1) return { write: null, sent: null, moving: false };
    return { write: (last.write - first.write) / seconds, sent: (last.sent - first.sent) / seconds, moving: last.group > first.group };
  }
}

const MOODS = ["good", "warn", "bad"];

// `mood`: by its own words; an older board does not say.
function boardOf(status, me, mood) {
  const journal = status.journal || {}, filled = typeof journal.used === "number" && journal.size > 0;
  return {
    known: true, me, name: status.name || "", role: status.role || "", state: status.state || "",
    mood: MOODS.includes(mood) ? mood : "calm",
    journal: filled ? share(journal.used, journal.size) : null, fill: 1, host: false,
    attached: status.host && typeof status.host.attached === "boolean" ? status.host.attached : null,
  };
}

function otherOf(status) {
  if (status.other) return isFresh(status.other) ? boardOf(status.other, false, status.other.mood) : { ...boardOf(status.other, false), state: "" };
  return { ...UNKNOWN, me: false, name: status.link.peer || "", host: false };
}

// {writer, keeper, link}; a board: {known, me, name, role, state, mood, journal, fill, host}, shares from 0 to 1, of the journal
// null: not known, as whether a host has the disk.
export function sceneOf(status, rates) {
  const me = boardOf(status, true, status.words.mood), other = otherOf(status);
  const leads = status.role === "primary" && status.state !== "fenced";
  const [writer, keeper] = leads ? [me, other] : [other, me];
  writer.host = !writer.known ? null : writer.state === "failed" ? false : writer.attached;
  if (leads && !status.copy.whole) keeper.fill = share(status.copy.bytes, status.disk_size);
  if (!leads && !status.consistent) keeper.fill = share(status.copy.bytes, status.disk_size);
  return { writer, keeper, link: linkOf(status, rates, leads), fenced: status.state === "fenced" || keeper.state === "fenced" };
}

// Whether what the other board told of itself is of now; this board's own status has no age.
export const isFresh = (board) => !(board.age_s > board.fresh_s);

const share = (part, whole) => (whole > 0 ? Math.min(1, part / whole) : 0);

// Whose backlog it is: a twin knows of it what it was told lately, a board that does not run and has not looked nothing.
export function senderOf(status, leads) {
  if (leads) return status.disk_size ? status : {};
  return status.other && isFresh(status.other) ? status.other : {};
}

function linkOf(status, rates, leads) {
  const link = status.link, up = link.state === "up", sender = senderOf(status, leads), line = sender.link || {}, backlog = sender.backlog || {};
  const trouble = (status.conditions || []).find((each) => each.name === "no_link");
  return {
    up, refused: link.state === "refused", rtt_ms: link.rtt_ms, cap: line.cap || 0, quota: line.quota || null, held_bytes: line.held_bytes || 0,
    write: leads ? rates.write : null, sent: leads ? rates.sent : null,
    flows: up && (leads ? rates.sent > 200 : rates.moving),
    waiting: typeof backlog.bytes === "number" ? backlog.bytes : null,
    down_s: up || !trouble || trouble.since_ms === null ? null : Math.max(0, (status.time_ms - trouble.since_ms) / 1000),
  };
}
