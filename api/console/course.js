// A course: watched while it is written, then read.

import { get, has, me, post, put, send } from "./api.js";
import { add, bar, empty, fill, h, icon, toast } from "./dom.js";
import { alertOf } from "./form.js";
import { lessonArticle } from "./lesson.js";
import { over, watch } from "./live.js";
import { cancelButton } from "./tasks.js";
import { name, plural } from "./words.js";

/** #/courses/ID/LESSON: the lesson's number counts from 1. */
export async function course({ rest: [id, number], signal, shell }) {
  const path = "/v1/courses/" + encodeURIComponent(id);
  const [first, counts] = await Promise.all([get(path, signal), has("/v1/courses/{id}/progress")]);
  const page = {
    id, path, signal, shell, counts, course: first, number: Math.max(1, Number(number) || 1), shown: "",
    head: h("header", { class: "course-head" }), live: h("div", { class: "live-place" }),
    toc: h("nav", { class: "toc", "aria-label": "Lessons" }), body: h("div", { class: "lesson-place" }),
  };
  page.root = h("div", { class: "course", id: "course", "data-course": id }, page.head, page.live, h("div", { class: "columns" }, page.toc, page.body));
  draw(page);
  if (first.status === "GENERATING") await follow(page);
  return page.root;
}

function draw(page) {
  const { course } = page;
  page.root.dataset.status = course.status;
  fill(page.head,
    h("p", { class: "eyebrow" }, [name(course.difficulty_level), course.estimated_duration_hours > 0 && plural(Math.round(course.estimated_duration_hours * 10) / 10, "hour"),
      course.lessons.length > 0 && plural(course.lessons.length, "lesson")].filter(Boolean).join(" · ")),
    h("h1", { tabindex: -1 }, course.title), madeBy(course),
    course.summary && h("p", { class: "lead" }, course.summary),
    notices(course), better(course), sharing(page), learnt(page));
  document.title = course.title + " · Lyo";
  contents(page);
  lesson(page);
}

/** The mark of what wrote it; none before anything is written. */
function madeBy({ generation }) {
  if (!generation.provider && !generation.ai_generated) return null;
  const plan = generation.provider === "extractive" ? "Quoted from sources" : "Study plan, not AI";
  return h("p", { class: "meta", id: "made-by", "data-ai": String(generation.ai_generated) },
    h("span", { class: "pill" }, generation.ai_generated ? "Written by AI" : plan));
}

function notices(course) {
  const notes = [];
  if (isPlan(course)) notes.push("A study plan by the built-in outline writer: no language model took part.");
  if (course.generation.notice) notes.push(course.generation.notice);
  if (course.status === "PARTIAL") notes.push("The writing ended early; the lessons that were finished are here.");
  if (course.status === "ERROR") notes.push("This course did not work out. Ask for it again, perhaps in other words.");
  return notes.map((text) => h("p", { class: "note" }, text));
}

const isPlan = ({ generation }) => generation.provider === "builtin" && !generation.ai_generated;

/** Says how the owner of a study plan comes by a course. */
function better(course) {
  if (!isPlan(course) || course.owner_user_id !== me()?.id) return null;
  const code = (text) => h("code", null, text);
  return h("section", { class: "note", id: "better", "aria-labelledby": "better-title" }, h("h2", { id: "better-title" }, "How to get a course instead"), h("ul", null,
    h("li", null, h("strong", null, "Bring material. "), "Add a text, a PDF or a web address with ", h("a", { href: "/docs#/sources/create-source" }, code("POST /v1/sources")),
      ", then ask again by ", h("a", { href: "/docs#/courses/generate-course" }, code("POST /v1/courses/generate")), " with its id in ", code("source_ids"), ": its lessons are then made from that."),
    h("li", null, h("strong", null, "Connect a model. "), "Whoever runs this server fetches one with ", code("make model"), ", or names another server in ", code("LYO_GEMMA_BASE_URL"),
      ". ", code("docs/model.md"), ", which comes with Lyo, has the steps.")));
}

const seenBy = { private: "Only you see this course.", unlisted: "Whoever has its address sees this course.", public: "Everybody sees this course." };

/** Who sees the course, and a button to change that, for its owner. */
function sharing(page) {
  const { course, path } = page;
  if (course.owner_user_id !== me()?.id || course.status !== "READY") return null;
  const isPublic = course.visibility === "public";
  const text = h("span", { role: "status" }, seenBy[course.visibility]);
  let sure = false; // that what it is written from may be published
  const button = h("button", { type: "button", click: async () => {
    button.disabled = true;
    try {
      if (isPublic) await send("DELETE", path + "/share");
      else await post(path + "/share", { confirm_rights: sure });
      await reread(page);
    } catch (problem) {
      if (!problem.fields?.some((f) => f.pointer === "/confirm_rights")) return fill(page.live, alertOf(problem));
      sure = true;
      text.textContent = "This course is written from your own material. Share it only if you may publish that.";
      button.textContent = "I may: share it";
    } finally {
      button.disabled = false;
    }
  } }, isPublic ? "Make it private" : "Share it with everybody");
  return h("p", { class: "meta", id: "sharing", "data-visibility": course.visibility }, text, button);
}

function learnt({ course, counts }) {
  if (!counts || course.lessons.length === 0 || course.status === "GENERATING") return null;
  const done = course.lessons.filter((l) => l.is_completed).length;
  return h("div", { class: "learnt", id: "learnt", "data-done": done }, bar("Lessons completed", (100 * done) / course.lessons.length),
    h("span", null, `${done} of ${plural(course.lessons.length, "lesson")} completed`));
}

function contents({ course, toc, number, id }) {
  const writing = course.status === "GENERATING";
  const next = course.lessons.findIndex((l) => !l.content);
  fill(toc, h("ol", null, course.lessons.map((l, i) => h("li", null,
    h("a", {
      href: `#/courses/${id}/${l.order}`, "aria-current": l.order === number ? "page" : null,
      class: [l.is_completed && "done", !l.content && "unwritten", writing && i === next && "writing"].filter(Boolean).join(" ") || null,
    }, h("span", { class: "mark" }, l.is_completed ? icon("check") : l.order), h("span", null, l.title),
    l.is_completed && h("span", { class: "unseen" }, ", completed"), !l.content && writing && h("span", { class: "unseen" }, ", not written yet"))))));
}

/** Shows the lesson, and leaves it alone as long as it stays the same: somebody may be reading or answering it. */
function lesson(page) {
  const { course, number, body } = page;
  const found = course.lessons.find((l) => l.order === number);
  const items = found ? course.items.filter((i) => i.lesson_id === found.id) : [];
  const state = JSON.stringify([found?.content, items.length, course.lessons.length, course.status === "GENERATING" && !found?.content]);
  if (state === page.shown) return;
  page.shown = state;
  if (!found?.content) {
    fill(body, course.status === "GENERATING"
      ? h("div", { class: "waiting", "aria-hidden": "true" }, [70, 92, 84, 96, 40].map((w) => h("i", { class: "w" + w })))
      : empty("This lesson was not written", "Choose another one, or ask for the course again."));
    return;
  }
  fill(body, lessonArticle({
    course, lesson: found, items, shell: page.shell,
    complete: page.counts ? () => complete(page, found) : null,
  }));
}

async function complete(page, lesson) {
  const progress = await put(page.path + "/progress", { lesson_id: lesson.id, completed: true });
  for (const l of page.course.lessons) l.is_completed ||= l.id === lesson.id || (progress.completed_lessons ?? []).includes(l.id);
  draw(page);
  if (progress.completed_at) toast("You have completed this course.");
  await page.shell.standing();
}

/** Follows the writing. The course is read again whenever there is news, one reading at a time. */
async function follow(page) {
  const tasks = await get("/v1/tasks?limit=100", page.signal);
  const task = tasks.find((t) => t.provisional_course_id === page.id && !over(t));
  if (!task) return reread(page);
  let busy = false;
  let again = false;
  const update = async () => {
    again = true;
    if (busy) return;
    busy = true;
    try {
      while (again) {
        again = false;
        await reread(page);
      }
    } catch (problem) {
      if (problem.name !== "AbortError") fill(page.live, alertOf(problem));
    } finally {
      busy = false;
    }
  };
  const told = (event) => {
    if (!over(event)) panel(page, event);
    else ended(page, event);
    update();
  };
  panel(page, task);
  const stop = watch(task.task_id, task.seq, told, (problem) => fill(page.live, alertOf(problem)));
  page.signal.addEventListener("abort", stop);
  update(); // what came between the two readings above
}

async function reread(page) {
  page.course = await get(page.path, page.signal);
  draw(page);
}

function panel(page, task) {
  if (page.live.firstChild?.dataset?.task !== task.task_id) {
    page.percent = h("span", { class: "percent" });
    page.message = h("p", { class: "message", role: "status" });
    page.bar = bar("How far the course is", 0);
    fill(page.live, h("section", { class: "live", id: "live", "data-task": task.task_id, "aria-label": "The course is being written" },
      h("div", { class: "live-line" }, page.message, page.percent, cancelButton(task, () => {})), page.bar));
  }
  page.bar.value = task.progress;
  page.percent.textContent = task.progress + " %";
  if (page.message.textContent !== task.message) page.message.textContent = task.message || "Waiting for its turn";
}

function ended(page, task) {
  fill(page.live);
  if (task.state === "DONE") {
    toast("Your course is ready.");
    page.shell.standing().catch(() => {});
    return;
  }
  add(page.live, [h("div", { class: "alert", role: "alert" },
    h("p", { class: "alert-title" }, task.status === "cancelled" ? "Cancelled" : "The writing failed"),
    h("p", null, task.error_details?.message ?? task.message))]);
}
