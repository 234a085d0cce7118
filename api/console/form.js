// Forms and the problems they meet.

import { add, fill, h } from "./dom.js";

let count = 0;

/** A labelled input with room for a hint and for what is wrong with it. */
export function field(label, attributes, hint) {
  const id = "field-" + ++count;
  const input = h(attributes.rows ? "textarea" : "input", {
    id, type: attributes.rows ? null : "text", ...attributes, "aria-describedby": [hint && id + "-hint", id + "-error"].filter(Boolean).join(" "),
  });
  return h("div", { class: "field", "data-field": attributes.name },
    h("label", { for: id }, label), input,
    hint && h("p", { class: "hint", id: id + "-hint" }, hint),
    h("p", { class: "fault", id: id + "-error" }));
}

/**
 * A form that sends its values to submit and shows the problem it meets: beside the
 * fields it names, the rest above them. The button waits meanwhile.
 */
export function form(attributes, content, label, submit) {
  const alert = h("div", { class: "alert-place", role: "alert" });
  const button = h("button", { type: "submit", class: "primary" }, label);
  const node = h("form", { novalidate: true, ...attributes, submit: onSubmit }, alert, content, h("div", { class: "actions" }, button));
  async function onSubmit(event) {
    event.preventDefault();
    if (button.disabled) return;
    clear(node, alert);
    button.disabled = true;
    try {
      await submit(Object.fromEntries(new FormData(node)));
    } catch (problem) {
      tell(node, alert, problem);
    } finally {
      button.disabled = false;
    }
  }
  return node;
}

function clear(node, alert) {
  fill(alert);
  for (const place of node.querySelectorAll("[data-field]")) {
    fill(place.querySelector(".fault"));
    place.querySelector("input, textarea").removeAttribute("aria-invalid");
  }
}

function tell(node, alert, problem) {
  let first = null;
  const rest = [];
  for (const fault of problem.fields ?? []) {
    const name = fault.pointer.split("/").pop();
    const place = node.querySelector(`[data-field="${CSS.escape(name)}"]`);
    if (!place) {
      rest.push(fault);
      continue;
    }
    const input = place.querySelector("input, textarea");
    input.setAttribute("aria-invalid", "true");
    add(place.querySelector(".fault"), [sentence(fault.message)]);
    first ??= input;
  }
  if (!first || rest.length > 0) fill(alert, alertOf(problem, rest));
  first?.focus();
}

const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");

/** A problem in words: what kind, what happened, which fields, and its number for questions. */
export function alertOf(problem, fields = problem.fields ?? [], action) {
  const wait = problem.retryAfter > 0 ? ` Try again in ${seconds(problem.retryAfter)}.` : "";
  return h("div", { class: "alert" },
    h("p", { class: "alert-title" }, problem.title ?? "Something went wrong"),
    h("p", null, (problem.detail ?? problem.message ?? "") + wait),
    fields.length > 0 && h("ul", null, fields.map((f) => h("li", null, h("strong", null, f.pointer.replace(/^\//, "")), ": ", f.message))),
    (problem.resources ?? []).map((r) => h("div", null, h("p", null, h("strong", null, r.title)), h("p", null, r.text),
      r.links.map((link) => h("p", null, h("a", { href: link, rel: "noreferrer" }, link.replace(/^[a-z]+:(\/\/)?/, "")))))),
    problem.requestId && h("p", { class: "dim small" }, "Request ", h("code", null, problem.requestId)),
    action);
}

function seconds(n) {
  if (n < 90) return n === 1 ? "a second" : `${n} seconds`;
  return `${Math.ceil(n / 60)} minutes`;
}
