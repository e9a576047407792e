/**
 * Who is signed in, and what an editor asks of PocketBase.
 *
 * The token is kept in this module's memory alone: closing or reloading the page signs out, nothing of
 * it lies in a storage or cookie that another script or page of the origin could use, and whatever
 * the rest of the page reads is still asked as a guest (docs/decisions/live-page.md).
 */

import PocketBase, { BaseAuthStore } from "../vendor/pocketbase.es.mjs";

const EDITORS = "issue_editors";
const CORRECTIONS = "issue_corrections";
const LISTED = 200;
const FIELDS = "id,issue_id,kind,value,url_hash,why,who,state,state_because,made_at";

export class Session {
  #listeners = [];

  constructor(base) {
    this.pb = new PocketBase(base, new BaseAuthStore());
    this.pb.autoCancellation(false);
  }

  /** The name of the editor who is signed in; "" for a guest. */
  get name() {
    return this.pb.authStore.isValid ? String(this.pb.authStore.record?.name ?? "") : "";
  }

  /** Call back whenever somebody signs in or out, or makes a correction. */
  changed(listener) {
    this.#listeners.push(listener);
  }

  /** Sign in. Rejects with the server's refusal. */
  async signIn(email, password) {
    await this.pb.collection(EDITORS).authWithPassword(email, password);
    this.#tell();
  }

  signOut() {
    this.pb.authStore.clear();
    this.#tell();
  }

  /**
   * Make a correction: `{issue_id, kind, value, url_hash, why}` and the ids of the records that it
   * points at. Who and when are the server's to say. Signs out when the session has ended.
   */
  async correct(correction) {
    const { id, name } = this.pb.authStore.record ?? {};
    const body = { value: "", url_hash: "", ...correction, editor: id, who: name };
    try {
      await this.pb.collection(CORRECTIONS).create(body);
    } catch (error) {
      await this.#check();
      throw error;
    }
    this.#tell();
  }

  /** Return the newest corrections: all, or those that touch one issue. */
  async corrections(issueId = "") {
    const filter = issueId
      ? this.pb.filter('issue_id = {:issueId} || (kind = "merge" && value = {:issueId})', { issueId }) : "";
    const ask = { sort: "-made_at,-id", fields: FIELDS, skipTotal: true, filter };
    return (await this.pb.collection(CORRECTIONS).getList(1, LISTED, ask)).items;
  }

  /** Sign out when the server does not know the session any more. */
  async #check() {
    try {
      await this.pb.collection(EDITORS).authRefresh();
    } catch (error) {
      if (error?.status >= 400 && error.status < 500) this.signOut();
    }
  }

  #tell() {
    for (const listener of this.#listeners) listener();
  }
}

/** Say in one sentence why a request failed. */
export function whyNot(error, session) {
  if (!error?.status) return "The server does not answer: nothing was saved.";
  if (session && !session.name) return "Your session has ended: sign in again. Nothing was saved.";
  return "The server refused it: nothing was saved.";
}
