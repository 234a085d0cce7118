// Builds elements. Text is always set as text: nothing here parses HTML, and the
// page's policy (require-trusted-types-for 'script') refuses whatever would.

const SVG = "http://www.w3.org/2000/svg";

/** Makes an element. Properties that are functions listen to the event of that name; null, undefined and false leave an attribute out. */
export function h(tag, properties, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") node.addEventListener(name, value);
    else if (name === "value") node.value = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  add(node, children);
  return node;
}

/** Appends nodes and texts, lists of them included; empty ones are left out. */
export function add(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === "") continue;
    node.append(child instanceof Node ? child : String(child));
  }
  return node;
}

/** Puts other content into a node. */
export function fill(node, ...children) {
  node.replaceChildren();
  return add(node, children);
}

const shapes = {
  home: "M4 11.5 12 5l8 6.5V19a1 1 0 0 1-1 1h-4.5v-5h-5v5H5a1 1 0 0 1-1-1z",
  discover: "M11 4a7 7 0 1 1 0 14 7 7 0 0 1 0-14zm5 12 4 4",
  progress: "M5 20V12m7 8V5m7 15v-6",
  community: "M5 5h14a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1h-8l-4 4v-4H5a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1z",
  inbox: "M6 17V11a6 6 0 1 1 12 0v6l1.5 2h-15zm4 2a2 2 0 0 0 4 0",
  tasks: "M4 7l2 2 3-4m3 2h8M4 16l2 2 3-4m3 2h8",
  check: "M5 12.5l4.5 4.5L19 7.5",
  arrow: "M5 12h14m-6-6 6 6-6 6",
};

/** A line drawing beside a word; it says nothing to a screen reader. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true", focusable: "false" })) svg.setAttribute(key, value);
  path.setAttribute("d", shapes[name]);
  svg.append(path);
  return svg;
}

/** A bar that tells how far something is, in percent. */
export function bar(label, percent) {
  const node = h("progress", { class: "bar", max: 100, "aria-label": label });
  node.value = percent;
  return node;
}

/** A short word at the edge of the page that goes away by itself. */
export function toast(text) {
  const note = h("p", { class: "toast" }, text);
  document.getElementById("toasts").append(note);
  setTimeout(() => note.remove(), 6000);
}

/** What to see where there is nothing yet. */
export function empty(title, text, action) {
  return h("div", { class: "empty" }, h("p", { class: "empty-title" }, title), h("p", null, text), action);
}
