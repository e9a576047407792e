/**
 * The only place where elements are made. Text goes in as text nodes, never as markup, and no
 * attribute can carry script or style: those throw, since only a mistake in this code could ask.
 */

const SVG = "http://www.w3.org/2000/svg";
const REFUSED = /^(on|style$|src$|srcdoc$|href$|xlink:href$|formaction$)/i;

/** Find one element of the page by its id. */
export const byId = (id) => document.getElementById(id);

/** Make an HTML element; `children` are nodes, text, or null for nothing. */
export function el(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

/** Make an SVG element. */
export function svg(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

/** Make a link to another site from what `webLink` (links.js) accepted. */
export function outwards(link, attributes, ...children) {
  const node = el("a", { rel: "noopener noreferrer", target: "_blank", ...attributes }, ...children);
  node.href = link.href;
  return node;
}

/** Make a link within this page, to a query string such as `?issue=abc`. */
export function inwards(query, attributes, ...children) {
  const node = el("a", attributes, ...children);
  node.href = query.startsWith("?") ? query : "?";
  return node;
}

/** Put exactly these nodes into a parent, in order, moving only those that are out of place. */
export function arrange(parent, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  nodes.forEach((node, place) => {
    if (parent.children[place] !== node) parent.insertBefore(node, parent.children[place] ?? null);
  });
}

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (REFUSED.test(name)) throw new Error(`${name} is not set through el()`);
    if (value !== null && value !== undefined && value !== false) {
      node.setAttribute(name, value === true ? "" : String(value));
    }
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}
