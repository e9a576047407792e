/** Where an editor signs in and out, and sees all corrections; a guest sees the way in alone. */

import { Corrections } from "./corrections.js";
import { el } from "./dom.js";

export class Desk {
  constructor(element, session, title) {
    this.session = session;
    this.summary = el("summary", {}, "Sign in to correct");
    this.email = el("input", { type: "email", name: "email", required: true, autocomplete: "username" });
    this.password = el("input", { type: "password", name: "password", required: true,
      autocomplete: "current-password" });
    this.status = el("p", { class: "quiet", role: "status" });
    this.form = el("form", {}, el("label", {}, "E-mail", this.email),
      el("label", {}, "Password", this.password), el("button", { type: "submit", class: "button" }, "Sign in"));
    const out = el("button", { type: "button", class: "button" }, "Sign out");
    this.made = new Corrections(session, title);
    this.inside = el("div", { hidden: true }, out, el("h3", {}, "All corrections"), this.made.element);
    element.append(this.summary);
    // Nobody's page has a form for passwords before they ask for it.
    element.addEventListener("toggle", () => {
      if (element.open) element.append(this.form, this.inside, this.status);
    });
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#signIn();
    });
    out.addEventListener("click", () => session.signOut());
    session.changed(() => this.#show());
  }

  async #signIn() {
    const password = this.password.value;
    this.password.value = "";
    this.status.textContent = "";
    try {
      await this.session.signIn(this.email.value, password);
    } catch (error) {
      this.status.textContent = error?.status ? "The server does not accept e-mail and password."
        : "The server does not answer.";
    }
  }

  #show() {
    const name = this.session.name;
    this.form.hidden = Boolean(name);
    this.inside.hidden = !name;
    this.summary.textContent = name ? `Signed in as ${name}` : "Sign in to correct";
    this.made.show();
  }
}
