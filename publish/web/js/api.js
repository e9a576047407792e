/**
 * What the page asks PocketBase, through its official SDK and always as a guest.
 *
 * Records are read in order of their ids, each page after the last id of the one before: records
 * that come and go between two requests can then neither hide nor repeat others.
 */

import PocketBase, { BaseAuthStore } from "../vendor/pocketbase.es.mjs";
import { issueOf, words } from "./issues.js";

const PAGE = 1000; // PocketBase's own limit
const WHOLE_PAGE = 500; // whole records: choosing fields takes the server as long as sending the rest
const FIRST = 100; // what a screen shows, asked for first
const BY_IDS = 100; // 100 ids make a filter of 2,400 characters; PocketBase takes 3,500
const SEARCHED_WORDS = 8;
const POST_FIELDS = "id,url_hash,source,url,title,body,state,is_copy,engagement,posted_at,content_hash";

export const POSTS_PAGE = 30;

export class Api {
  /** `base` is where PocketBase answers: the folder this page was served from. */
  constructor(base) {
    // A store that forgets: what an administrator's own tab keeps is none of this page's business.
    this.pb = new PocketBase(base, new BaseAuthStore());
    this.pb.autoCancellation(false);
  }

  /** Yield arrays of issues of the days of a view, the hottest first of all. */
  async *issues(view, signal) {
    const filter = this.#days(view);
    const ask = { sort: "-heat,id", skipTotal: true, filter, signal };
    const { items } = await this.pb.collection("issues").getList(1, FIRST, ask);
    yield items.map(issueOf);
    if (items.length < FIRST) return;
    for await (const page of this.#pages(filter, WHOLE_PAGE, { signal })) yield page.map(issueOf);
  }

  /** Return the records of all categories, in order. */
  async categories() {
    return this.pb.collection("issue_categories").getFullList({ sort: "place,id" });
  }

  /** Return a Map from id to content_hash of every issue of the days of a view. */
  async hashes(view, signal) {
    const hashes = new Map();
    for await (const page of this.#pages(this.#days(view), PAGE, { fields: "id,content_hash", signal })) {
      for (const record of page) hashes.set(record.id, record.content_hash);
    }
    return hashes;
  }

  /** Yield arrays of the issues with these ids. */
  async *issuesById(ids, signal) {
    for (let start = 0; start < ids.length; start += BY_IDS) {
      const some = ids.slice(start, start + BY_IDS);
      const filter = some.map((id) => this.pb.filter("id={:id}", { id })).join("||");
      const ask = { filter, skipTotal: true, signal };
      yield (await this.pb.collection("issues").getList(1, BY_IDS, ask)).items.map(issueOf);
    }
  }

  /** Return the newest record of one issue whatever its day, or null. */
  async issue(issueId, signal) {
    const filter = this.pb.filter("issue_id = {:issueId}", { issueId });
    const ask = { filter, sort: "-cluster_date,-id", skipTotal: true, signal };
    const { items } = await this.pb.collection("issues").getList(1, 1, ask);
    return items.length ? issueOf(items[0]) : null;
  }

  /** Return `{items, totalItems}`: the first `count` posts that prove an issue, the medoid first. */
  async posts(recordId, count, signal) {
    const filter = this.pb.filter("issue = {:recordId}", { recordId });
    const ask = { filter, sort: "position,is_copy,id", fields: POST_FIELDS, signal };
    return this.pb.collection("issue_evidence").getList(1, Math.min(count, PAGE), ask);
  }

  /** Return the ids of issues with a post that has every word of a search; 1,000 posts at most. */
  async searchPosts(query, view, newestDay, signal) {
    const days = view.from || view.to ? view : { from: newestDay, to: newestDay };
    const conditions = words(query).slice(0, SEARCHED_WORDS).map((word) => word.replaceAll("%", ""))
      .filter(Boolean).map((word) => this.pb.filter("(title ~ {:word} || body ~ {:word})", { word }));
    if (!conditions.length) return new Set();
    const filter = [this.#days(days), ...conditions].join(" && ");
    const ask = { filter, fields: "issue", skipTotal: true, signal };
    const { items } = await this.pb.collection("issue_evidence").getList(1, PAGE, ask);
    return new Set(items.map((post) => post.issue));
  }

  /**
   * Call back with `{action, record}` for every change of an issue, and whenever the connection
   * comes or goes. Rejects when the first connection fails; later ones the SDK tries again itself.
   */
  async watchIssues(changed, connected, disconnected) {
    this.pb.realtime.onDisconnect = disconnected;
    await this.pb.realtime.unsubscribe(); // what an attempt that failed may have left
    await Promise.all([ // together, so that `connected` comes when changes are followed already
      this.pb.realtime.subscribe("PB_CONNECT", connected),
      this.pb.collection("issues").subscribe("*", changed),
    ]);
  }

  /** Whether events come at present. */
  get isConnected() {
    return this.pb.realtime.isConnected;
  }

  /** Call back when a post of one issue changes; resolves to a function that ends it. */
  async watchPosts(recordId, changed) {
    const filter = this.pb.filter("issue = {:recordId}", { recordId });
    return this.pb.collection("issue_evidence").subscribe("*", changed, { filter, fields: "id" });
  }

  async *#pages(filter, size, options) {
    for (let last = ""; ; ) {
      const after = this.pb.filter("id > {:last}", { last });
      const ask = { filter: `${filter} && ${after}`, sort: "id", skipTotal: true, ...options };
      const { items } = await this.pb.collection("issues").getList(1, size, ask);
      yield items;
      if (items.length < size) return;
      last = items.at(-1).id;
    }
  }

  #days({ from, to }) {
    if (!from && !to) return "is_latest = true";
    const ends = [];
    if (from) ends.push(this.pb.filter("cluster_date >= {:from}", { from }));
    if (to) ends.push(this.pb.filter("cluster_date <= {:to}", { to }));
    return ends.join(" && ");
  }
}
