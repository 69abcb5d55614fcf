// The stream of what happens on the board, and how old the last of it is.
//
// EventSource dials by itself, but neither after a refusal nor out of a connection that is silently dead (a phone
// that slept, a router that forgot): so every break closes it, and this dials anew, ever more patiently.

const SILENT_MS = 15000;
const HIDDEN_MS = 10000; // a browser has few connections to one board, and hidden pages must not use them up
const PATIENCE_MS = [500, 1000, 2000, 4000, 8000];
export const OLD_MS = 3500;
export const GONE_MS = 9000;

export class Live {
  // `status(snapshot)` takes what comes; `broke()` is told of every attempt that failed.
  constructor(status, broke) {
    this.status = status;
    this.broke = broke;
    // For who keeps what happens: an event, and that others may have been missed until now.
    this.happened = () => {};
    this.missed = () => {};
    this.heardAt = null;
    this.language = "en";
    this.source = null;
    this.tries = 0;
    this.timer = null;
    this.openedAt = 0;
    document.addEventListener("visibilitychange", () => this.look());
    window.addEventListener("online", () => this.redial());
    window.addEventListener("pageshow", (event) => { if (event.persisted) this.redial(); });
  }

  // Milliseconds since the board was last heard; null: never.
  get age() {
    return this.heardAt === null ? null : Math.max(0, Date.now() - this.heardAt);
  }

  close() {
    clearTimeout(this.timer);
    this.timer = null;
    if (this.source) this.source.close();
    this.source = null;
  }

  redial() {
    this.close();
    this.openedAt = Date.now();
    const source = new EventSource("/api/live?lang=" + this.language);
    let first = true;
    this.source = source;
    source.addEventListener("status", (event) => {
      if (source !== this.source) return;
      this.tries = 0;
      this.heardAt = Date.now();
      this.status(JSON.parse(event.data));
      if (first) this.missed(); // and not before, lest one be missed in between
      first = false;
    });
    source.addEventListener("happened", (event) => {
      if (source === this.source) this.happened(JSON.parse(event.data));
    });
    source.onerror = () => { if (source === this.source) this.fail(); };
  }

  fail() {
    this.close();
    const wait = PATIENCE_MS[Math.min(this.tries, PATIENCE_MS.length - 1)];
    this.tries += 1;
    this.timer = setTimeout(() => this.redial(), wait * (0.8 + 0.4 * Math.random()));
    this.broke();
  }

  // Once a second: a stream that only seems to be there is given up.
  watch() {
    const since = Math.max(this.heardAt || 0, this.openedAt);
    if (this.source && Date.now() - since > SILENT_MS) this.fail();
  }

  sleep() {
    if (!document.hidden || !(this.source || this.timer)) return;
    this.close();
    this.slept = true;
  }

  // What was asked for another way, since there is no stream.
  take(snapshot) {
    this.heardAt = Date.now();
    this.status(snapshot);
    this.missed();
  }

  // A page that is not seen costs the board nothing; when it is seen again it is up to date at once.
  look() {
    if (document.hidden) {
      clearTimeout(this.hiding);
      this.hiding = setTimeout(() => this.sleep(), HIDDEN_MS);
    } else {
      clearTimeout(this.hiding);
      if (this.slept) this.redial();
      this.slept = false;
    }
  }
}
