// Citations: a mark in the text, and the dialog that shows what it stands for.

import { get } from "./api.js";
import { fill, h } from "./dom.js";
import { alertOf } from "./form.js";
import { anchor } from "./markdown.js";
import { ago } from "./words.js";

// What a citation's state is called, and what it says.
const states = {
  supported: ["supported", "The quote says this."],
  quote_only: ["verbatim, in another language", "The quote is verbatim, in another language."],
  unsupported: ["not supported", "The quote does not say this."],
};

/** Makes each [n] of a rendered text a button where the lesson has that citation, but not in code and links. */
export function cite(prose, course, lesson) {
  const known = new Map((lesson.citations ?? []).map((c) => [c.n, c]));
  const walker = document.createTreeWalker(prose, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) texts.push(walker.currentNode);
  for (const text of texts) {
    if (!text.parentElement.closest("code, a")) text.replaceWith(...marked(text.data, known, course, lesson));
  }
  return prose;
}

function marked(text, known, course, lesson) {
  const nodes = [];
  let at = 0;
  for (const found of text.matchAll(/ ?\[([1-9]\d{0,3})\]/g)) {
    const citation = known.get(Number(found[1]));
    if (!citation) continue;
    nodes.push(text.slice(at, found.index), mark(citation, course, lesson));
    at = found.index + found[0].length;
  }
  return [...nodes, text.slice(at)];
}

function mark(citation, course, lesson) {
  const button = h("button", {
    type: "button", "aria-haspopup": "dialog", "aria-label": `Source ${citation.n}: ${states[citation.state][0]}`, "data-state": citation.state,
    click: () => open(button, citation, course, lesson),
  }, citation.n);
  return h("sup", { class: "cite" }, button);
}

/** Shows a citation. The dialog goes with the lesson, and gives the focus back when it closes. */
async function open(button, citation, course, lesson) {
  const around = h("section", { class: "passage", "aria-busy": "true" }, h("p", { class: "dim" }, "Looking the passage up."));
  const dialog = h("dialog", { class: "citation", id: "citation", closedby: "any", "aria-labelledby": "citation-title", close: closed },
    h("header", null, h("h2", { id: "citation-title" }, `Source ${citation.n}`), h("button", { type: "button", click: () => dialog.close() }, "Close")),
    h("p", { class: "state", "data-state": citation.state }, states[citation.state][1]),
    h("blockquote", { dir: "auto" }, citation.quote),
    h("p", null, origin(citation), citation.license && h("span", { class: "dim" }, ` (${citation.license})`)),
    around);
  function closed() {
    dialog.remove();
    button.focus();
  }
  button.closest("article").append(dialog);
  dialog.showModal();
  try {
    const { passage } = await get(`/v1/courses/${course.id}/citations/${citation.n}?lesson_id=${lesson.id}`);
    fill(around, passage ? inContext(passage) : h("p", { class: "dim" }, "Where it stands is shown to the course's owner only: it is their own material."));
  } catch (problem) {
    fill(around, alertOf(problem));
  }
  around.removeAttribute("aria-busy");
}

function origin({ title, url }) {
  if (!title && !url) return "The owner's own material";
  return url ? anchor(url, [title || url]) : title;
}

/** The passage with the quote marked. Its offsets count code points, as the parts of a spread text do. */
function inContext(passage) {
  const characters = [...passage.text];
  const part = (from, to) => characters.slice(Math.max(0, from - passage.start), Math.max(0, to - passage.start)).join("");
  return [
    h("h3", null, "Where it stands"), passage.heading && h("p", { class: "eyebrow", dir: "auto" }, passage.heading),
    h("p", { class: "around", lang: passage.language, dir: "auto" }, part(passage.start, passage.quote_start),
      h("mark", null, part(passage.quote_start, passage.quote_end)), part(passage.quote_end, passage.end)),
    h("p", { class: "dim small" }, [passage.attribution, "Fetched " + ago(passage.fetched_at)].filter(Boolean).join(" · ")),
  ];
}
