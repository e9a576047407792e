/** What the page says about itself: loading, nothing there, nobody answers, live or not. */

import { byId, el } from "./dom.js";
import { clock, day, number, plural } from "./format.js";
import { isFiltered } from "./url.js";

const PATIENCE = 1500; // ms without a connection before it is mentioned: the server closes idle ones
const BREATH = 700; // ms between two sentences to a screen reader

export class States {
  #banner = 0;
  #saying = 0;
  #said = "";
  #since = null;

  constructor({ retry, clear }) {
    Object.assign(this, { retry, clear });
  }

  /** Show the connection: `state` is that of live.js. */
  connection(state) {
    const pill = byId("status");
    const kind = state.live && state.reachable ? "live" : state.reachable && !state.loaded ? "wait" : "gone";
    if (kind !== "gone") this.#since = null;
    else this.#since ??= new Date();
    clearTimeout(this.#banner);
    const show = () => {
      pill.dataset.kind = kind;
      pill.lastElementChild.textContent = { live: "Live", wait: "Connecting", gone: "Not live" }[kind];
      byId("banner").hidden = kind !== "gone" || !state.loaded;
      if (kind === "gone") {
        byId("banner").textContent = `The connection is lost. You see the state of ${clock(this.#since)}; ` +
          "it updates by itself once the server answers.";
      }
      if (!byId("banner").hidden) this.announce(byId("banner").textContent);
    };
    if (kind === "gone") this.#banner = setTimeout(show, PATIENCE);
    else show();
  }

  /** Show how many issues there are, or why there are none. */
  result({ view, shown, total, newest, state }) {
    const busy = !state.loaded && state.reachable && !state.missing;
    byId("list").setAttribute("aria-busy", String(busy && !total));
    byId("skeleton").hidden = !(busy && !total);
    const count = busy && !total ? "Loading issues…" : counted(view, shown, total, newest);
    byId("count").textContent = state.loaded || state.missing || total || busy ? count : "No connection";
    byId("panel").hidden = shown > 0 || (busy && !total);
    if (!byId("panel").hidden) this.#panel({ view, total, state });
    if (state.loaded) this.announce(`${plural(shown, "issue")} shown.`);
  }

  /** Say a sentence to screen readers, once, when a person has paused. */
  announce(sentence) {
    if (sentence === this.#said) return;
    this.#said = sentence;
    clearTimeout(this.#saying);
    this.#saying = setTimeout(() => (byId("announcer").textContent = sentence), BREATH);
  }

  #panel({ view, total, state }) {
    const [title, text, action, label] = !state.loaded && !state.missing && !total
      ? ["The server does not answer", "Nothing could be loaded. The page tries again by itself.",
        this.retry, "Try again now"]
      : isFiltered(view)
        ? ["No issue matches", "Loosen a filter, or take other words.", this.clear, "Clear all filters"]
        : ["Nothing is published yet", "Issues appear here by themselves, as soon as there are some.", null, ""];
    if (byId("panel").dataset.title === title) return;
    byId("panel").dataset.title = title;
    const button = action && el("button", { type: "button", class: "button" }, label);
    button?.addEventListener("click", action);
    byId("panel").replaceChildren(...[el("h2", {}, title), el("p", {}, text), button].filter(Boolean));
  }
}

function counted(view, shown, total, newest) {
  const days = view.from || view.to
    ? [view.from && `from ${day(view.from)}`, view.to && `to ${day(view.to)}`].filter(Boolean).join(" ")
    : newest && `on ${day(newest)}`;
  const issues = shown === total ? plural(total, "issue") : `${number(shown)} of ${plural(total, "issue")}`;
  return `${issues} ${days}`.trim();
}
