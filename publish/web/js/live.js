/**
 * Keeps the store equal to PocketBase: loads it, follows realtime events, and after every gap in
 * the connection compares content hashes and fetches what differs.
 *
 * Events are followed from the start. A record that an event touched while a request was under way
 * is taken from the event, since the answer may be older.
 */

import { issueOf } from "./issues.js";

const FLUSH_AFTER = 150; // ms in which the events of one batch of a publisher come together
const RETRY_AFTER = [500, 1000, 2000, 4000, 8000, 15_000]; // ms
const WHOLE = 500; // this many different records are read in whole pages, not by their ids

export class Live {
  #events = new Map(); // id -> event, not applied yet
  #pass = null; // AbortController of the request under way
  #touched = new Set(); // ids that events changed during that request
  #again = false;
  #failures = 0;
  #wake = () => {};

  /**
   * `changed(ids)` is called after the store changed, with the ids that did, or null for a load;
   * `turned(state)` with `{loaded, reachable, missing, live}` when one of these did;
   * `missing`: the server answers, but has no such collection yet.
   */
  constructor(api, store, { changed, turned }) {
    Object.assign(this, { api, store, changed, turned });
    this.state = { loaded: false, reachable: true, missing: false, live: false };
    this.view = { from: "", to: "" };
  }

  /** Start with the days of a view. */
  start(view) {
    this.view = view;
    this.refresh();
    this.#follow();
    addEventListener("online", () => this.refresh());
  }

  /** Change the days that are loaded. */
  move(view) {
    this.view = view;
    this.store.records.clear();
    this.#turn({ loaded: false });
    this.#pass?.abort();
    this.refresh();
  }

  /** Make the store equal to the server, now; at once if it waits to try again. */
  async refresh() {
    this.#again = true;
    this.#wake();
    if (this.#pass) return;
    while (this.#again) {
      this.#again = false;
      this.#pass = new AbortController();
      this.#touched.clear();
      try {
        await (this.state.loaded ? this.#compare() : this.#load());
        this.#failures = 0;
        this.#turn({ reachable: true, missing: false });
      } catch (error) {
        if (!this.#pass.signal.aborted) await this.#wait(error);
      }
    }
    this.#pass = null;
  }

  async #load() {
    const { signal } = this.#pass;
    for await (const issues of this.api.issues(this.view, signal)) {
      signal.throwIfAborted();
      this.#take(issues);
      this.changed(null);
    }
    signal.throwIfAborted();
    this.#turn({ loaded: true });
    this.changed(null);
  }

  async #compare() {
    const { signal } = this.#pass;
    const hashes = await this.api.hashes(this.view, signal);
    signal.throwIfAborted();
    const { records } = this.store;
    const gone = [...records.keys()].filter((id) => !hashes.has(id) && !this.#touched.has(id));
    for (const id of gone) records.delete(id);
    const differ = [...hashes].filter(([id, hash]) => !hash || records.get(id)?.content_hash !== hash)
      .map(([id]) => id);
    const pages = differ.length > WHOLE ? this.api.issues(this.view, signal)
      : this.api.issuesById(differ, signal);
    for await (const issues of pages) {
      signal.throwIfAborted();
      this.#take(issues);
    }
    if (gone.length || differ.length) this.changed(new Set([...gone, ...differ]));
  }

  #take(issues) {
    for (const issue of issues) if (!this.#touched.has(issue.id)) this.store.put(issue);
  }

  async #wait(error) {
    const missing = error?.status === 404;
    if (!missing) console.warn("PocketBase does not answer:", error);
    this.#turn({ reachable: missing, missing });
    const pause = RETRY_AFTER[Math.min(this.#failures++, RETRY_AFTER.length - 1)];
    this.#again = true;
    await new Promise((resolve) => {
      this.#wake = resolve;
      setTimeout(resolve, pause);
    });
  }

  async #follow() {
    for (let attempt = 0; ; attempt++) {
      try {
        const back = () => this.#connected();
        await this.api.watchIssues((event) => this.#heard(event), back, () => this.#lost());
        return; // from here on the SDK connects again by itself
      } catch {
        this.#lost();
        const pause = RETRY_AFTER[Math.min(attempt, RETRY_AFTER.length - 1)];
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
  }

  #connected() {
    this.#turn({ live: true });
    this.refresh(); // what happened before the connection stood
  }

  #lost() {
    this.#turn({ live: false });
  }

  #heard(event) {
    if (!event.record?.id) return;
    if (!this.#events.size) setTimeout(() => this.#flush(), FLUSH_AFTER);
    this.#events.set(event.record.id, event);
    this.#touched.add(event.record.id);
  }

  #flush() {
    const events = this.#events;
    this.#events = new Map();
    for (const [id, { action, record }] of events) {
      const issue = issueOf(record);
      if (action !== "delete" && this.#covers(issue)) this.store.put(issue);
      else this.store.records.delete(id);
    }
    this.changed(new Set(events.keys()));
  }

  #covers({ cluster_date: day, is_latest: latest }) {
    const { from, to } = this.view;
    return from || to ? (!from || day >= from) && (!to || day <= to) : latest;
  }

  #turn(change) {
    const before = JSON.stringify(this.state);
    Object.assign(this.state, change);
    if (JSON.stringify(this.state) !== before) this.turned(this.state);
  }
}
