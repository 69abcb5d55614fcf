// What the picture of the pair shows, as plain data: who takes the writes stands first, the copy second.

const UNKNOWN = { known: false, role: "", state: "", journal: 0, fill: 0, mood: "calm" };

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

function mood(state) {
  if (state === "failed" || state === "fenced") return "bad";
  return state === "mirroring" ? "good" : "warn";
}

function boardOf(status, me) {
  const journal = status.journal || { used: 0, size: 0 }, state = status.state || "no link";
  return {
    known: true, me, name: status.name || "", role: status.role || "", state, mood: mood(state),
    journal: journal.size ? Math.min(1, journal.used / journal.size) : 0, fill: 1, host: false,
    attached: !status.host || status.host.attached !== false,
  };
}

function otherOf(status) {
  if (status.other) return boardOf(status.other, false);
  return { ...UNKNOWN, me: false, name: status.link.peer || "", host: false };
}

// {writer, keeper, link}; a board: {known, me, name, role, state, mood, journal, fill, host}, shares from 0 to 1.
export function sceneOf(status, rates) {
  const me = boardOf(status, true), other = otherOf(status);
  const leads = status.role === "primary" && status.state !== "fenced";
  const [writer, keeper] = leads ? [me, other] : [other, me];
  writer.host = writer.known && writer.attached && writer.state !== "failed";
  if (leads && !status.copy.whole) keeper.fill = share(status.copy.bytes, status.disk_size);
  if (!leads && !status.consistent) keeper.fill = share(status.copy.bytes, status.disk_size);
  return { writer, keeper, link: linkOf(status, rates, leads), fenced: status.state === "fenced" || keeper.state === "fenced" };
}

const share = (part, whole) => (whole > 0 ? Math.min(1, part / whole) : 0);

function linkOf(status, rates, leads) {
  const link = status.link, up = link.state === "up", backlog = leads ? status.backlog : (status.other || {}).backlog || null;
  const trouble = (status.conditions || []).find((each) => each.name === "no_link");
  return {
    up, refused: link.state === "refused", rtt_ms: link.rtt_ms, cap: link.cap || 0, quota: link.quota || null, held_bytes: link.held_bytes || 0,
    write: leads ? rates.write : null, sent: leads ? rates.sent : null,
    flows: up && (leads ? rates.sent > 200 : rates.moving),
    waiting: backlog === null ? null : backlog.bytes || 0,
    down_s: up || !trouble || trouble.since_ms === null ? null : Math.max(0, (status.time_ms - trouble.since_ms) / 1000),
  };
}
