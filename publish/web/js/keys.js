/** The keyboard. Single keys can be switched off, for those whose speech input types them. */

const STORED = "assay.keys";
const TYPING = "input:not([type=checkbox]), textarea, select, [contenteditable]";

/**
 * Call the actions `step(±1)`, `edge(first)`, `open()`, `close()`, `search()` as keys say, and those
 * of `more`, which a page has for letters of its own.
 * `toggle` is the checkbox that switches single keys on and off; the choice is remembered.
 */
export function listen(actions, toggle) {
  toggle.checked = remembered();
  toggle.addEventListener("change", () => remember(toggle.checked));
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const action = meant(event, actions, toggle.checked);
    if (action && action() !== false) event.preventDefault();
  });
}

function meant(event, actions, single) {
  const { key, target } = event;
  const typing = target.closest?.(TYPING);
  const inList = target.closest?.(".row");
  if (key === "Escape") return actions.close;
  if (typing) return key === "ArrowDown" && target.type === "search" ? () => actions.step(1) : null;
  if (inList && key === "ArrowDown") return () => actions.step(1);
  if (inList && key === "ArrowUp") return () => actions.step(-1);
  if (inList && key === "Home") return () => actions.edge(true);
  if (inList && key === "End") return () => actions.edge(false);
  if (!single) return null;
  if (key === "j") return () => actions.step(1);
  if (key === "k") return () => actions.step(-1);
  if (key === "/") return actions.search;
  if (key === "Enter" && target === document.body) return actions.open;
  return actions.more?.[key] ?? null;
}

function remembered() {
  try {
    return localStorage.getItem(STORED) !== "off";
  } catch {
    return true; // storage is forbidden: the keys work, the choice is not kept
  }
}

function remember(on) {
  try {
    localStorage.setItem(STORED, on ? "on" : "off");
  } catch {
    // as above
  }
}
