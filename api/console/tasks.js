// Long work: how far it is, and how to end it.

import { next, post, send } from "./api.js";
import { bar, empty, fill, h } from "./dom.js";
import { alertOf } from "./form.js";
import { over, watch } from "./live.js";
import { ago, name } from "./words.js";

const MOST = 4; // tasks followed at once; a user has ten sockets, in all tabs together

/** The list of one's tasks, newest first; open ones move. */
export async function tasks({ signal }) {
  const { data, headers } = await send("GET", "/v1/tasks?limit=20", { signal });
  const list = h("ul", { class: "rows", id: "tasks" }, data.map(row));
  for (const task of data.filter((t) => !over(t)).slice(0, MOST)) {
    const place = list.querySelector(`[data-task="${task.task_id}"]`);
    const stop = watch(task.task_id, task.seq, (event) => paint(place, event), (problem) => place.append(alertOf(problem)));
    signal.addEventListener("abort", stop);
  }
  let more = next(headers);
  const button = h("button", { type: "button", hidden: !more, click: async () => {
    const page = await send("GET", more);
    list.append(...page.data.map(row));
    more = next(page.headers);
    button.hidden = !more;
  } }, "More");
  return [h("h1", null, "Tasks"), data.length === 0
    ? empty("No tasks yet", "What takes longer than a moment shows up here: courses being written, exports.", h("a", { class: "button", href: "#/" }, "Ask for a course"))
    : [list, button]];
}

function row(task) {
  const title = name(task.task_type);
  const parts = {
    pill: h("span"), when: h("span", { class: "dim small" }), bar: bar("How far it is", 0), message: h("p", { class: "dim" }),
    cancel: cancelButton(task, (ended) => paint(node, ended)),
  };
  const node = h("li", { "data-task": task.task_id },
    h("div", { class: "row-line" },
      task.provisional_course_id ? h("a", { href: "#/courses/" + task.provisional_course_id }, title) : h("span", null, title),
      parts.pill, parts.when, parts.cancel),
    parts.bar, parts.message);
  rows.set(node, parts);
  paint(node, task);
  return node;
}

const rows = new WeakMap(); // the parts of a row that change
const words = { pending: "Waiting", running: "Running", completed: "Done", failed: "Failed", cancelled: "Cancelled" };

/** Brings a row up to date; what somebody may just be pressing stays where it is. */
function paint(node, task) {
  const { pill, when, bar: progress, message, cancel } = rows.get(node);
  node.dataset.status = task.status;
  pill.className = "pill " + task.status;
  pill.textContent = words[task.status] ?? task.status;
  when.textContent = ago(task.completed_at ?? task.created_at);
  message.textContent = task.error_details?.message ?? task.message;
  progress.value = task.progress;
  if (over(task)) {
    progress.remove();
    cancel.remove();
  }
}

/** A button that ends a task, asking once. */
export function cancelButton(task, done) {
  let sure = false;
  const button = h("button", { type: "button", class: "quiet cancel", "data-cancel": task.task_id, click: async () => {
    if (!sure) {
      sure = true;
      button.textContent = "Really cancel?";
      button.addEventListener("blur", () => { sure = false; button.textContent = "Cancel"; }, { once: true });
      return;
    }
    button.disabled = true;
    try {
      done(await post(`/v1/tasks/${task.task_id}/cancel`));
    } catch (problem) {
      button.after(alertOf(problem));
      button.remove();
    }
  } }, "Cancel");
  return button;
}
