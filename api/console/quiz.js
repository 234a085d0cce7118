// A quiz: answered here, graded by the server.

import { has, post } from "./api.js";
import { fill, h } from "./dom.js";
import { alertOf } from "./form.js";

const ATTEMPTS = "/v1/courses/{id}/items/{item_id}/attempts";

/** The form of a quiz item. Where the server does not grade, the questions can only be read. */
export function quiz(course, item, shell) {
  const questions = item.questions.map((q, i) => question(item, q, i));
  const outcome = h("div", { class: "outcome", role: "status" });
  const button = h("button", { type: "submit", class: "primary" }, "Check my answers");
  const node = h("form", { class: "quiz", "data-quiz": item.id, "aria-label": item.title, submit: hand }, h("h3", null, item.title),
    questions.map((q) => q.node), h("div", { class: "actions" }, button), outcome);
  has(ATTEMPTS).then((graded) => { button.hidden = !graded; node.dataset.graded = graded; }, () => {});
  async function hand(event) {
    event.preventDefault();
    const missing = questions.find((q) => !q.answered());
    if (missing) {
      fill(outcome, h("p", { class: "fault" }, "Answer every question first."));
      missing.focus();
      return;
    }
    button.disabled = true;
    try {
      const graded = await post(`/v1/courses/${course.id}/items/${item.id}/attempts`, { answers: questions.map((q) => q.answer()) });
      for (const result of graded.results) questions.find((q) => q.id === result.question_id)?.tell(result);
      const right = graded.results.filter((r) => r.correct).length;
      fill(outcome, h("p", { class: graded.passed ? "verdict passed" : "verdict", "data-passed": graded.passed },
        `${right} of ${graded.results.length} right. `, graded.passed ? "Passed." : "Not passed yet: look at the explanations, then try again."));
      button.textContent = "Try again";
      shell.standing().catch(() => {});
    } catch (problem) {
      fill(outcome, alertOf(problem));
    } finally {
      button.disabled = false;
    }
  }
  return node;
}

/** A question: its fields, how to read an answer from them, where the verdict goes. */
function question(item, q, index) {
  const name = `${item.id}-${index}`;
  const ways = { multiple_choice: several, short_answer: words, ordering: order };
  const way = (ways[q.kind] ?? one)(q, name);
  const verdict = h("p", { class: "explained" });
  const node = h("fieldset", { class: "question", "data-question": q.id, "data-kind": q.kind }, h("legend", null, h("span", { class: "dim" }, index + 1, ". "), q.prompt), way.node, verdict);
  return {
    id: q.id, node, answered: way.answered,
    focus: () => node.querySelector("input, button")?.focus(),
    answer: () => ({ question_id: q.id, answer: way.value() }),
    tell: (result) => {
      node.dataset.correct = result.correct;
      fill(verdict, h("strong", null, result.correct ? "Right. " : "Not quite. "), result.explanation);
    },
  };
}

const options = (q) => (q.options?.length > 0 ? q.options : ["True", "False"]);

function choices(q, name, type) {
  const inputs = options(q).map((_, i) => h("input", { type, name, value: i }));
  const node = h("div", { class: "options" }, options(q).map((text, i) => h("label", null, inputs[i], h("span", null, text))));
  const picked = () => inputs.flatMap((input, i) => (input.checked ? [i] : []));
  return { node, picked, answered: () => picked().length > 0 };
}

function one(q, name) {
  const way = choices(q, name, "radio");
  const truth = q.kind === "true_false";
  return { ...way, value: () => (truth && !q.options?.length ? way.picked()[0] === 0 : way.picked()[0]) };
}

function several(q, name) {
  const way = choices(q, name, "checkbox");
  return { ...way, value: way.picked };
}

function words(q, name) {
  const input = h("input", { type: "text", name, maxlength: 500, autocomplete: "off", "aria-label": "Your answer" });
  return { node: input, answered: () => input.value.trim() !== "", value: () => input.value.trim() };
}

/** Things to put in order: each can be moved up and down, by hand or by keyboard. */
function order(q) {
  const places = options(q).map((text, index) => ({ text, index }));
  const node = h("ol", { class: "ordering" });
  const move = (at, by) => {
    const [moved] = places.splice(at, 1);
    places.splice(at + by, 0, moved);
    draw();
    node.children[at + by].querySelector(by < 0 ? "button" : "button:last-child")?.focus();
  };
  const draw = () => fill(node, places.map((p, at) => h("li", null, h("span", null, p.text),
    h("button", { type: "button", disabled: at === 0, "aria-label": `Move up: ${p.text}`, click: () => move(at, -1) }, "↑"),
    h("button", { type: "button", disabled: at === places.length - 1, "aria-label": `Move down: ${p.text}`, click: () => move(at, 1) }, "↓"))));
  draw();
  return { node, answered: () => true, value: () => places.map((p) => p.index) };
}
