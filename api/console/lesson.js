// One lesson: its text, what it was made from, its items and its end.

import { cite } from "./citations.js";
import { h, icon } from "./dom.js";
import { alertOf } from "./form.js";
import { anchor, markdown } from "./markdown.js";
import { quiz } from "./quiz.js";
import { name, plural } from "./words.js";

/** The article of a lesson. complete marks it as learnt; null: that cannot be told. */
export function lessonArticle({ course, lesson, items, complete, shell }) {
  const quizzes = items.filter((i) => i.questions?.length > 0);
  const others = items.filter((i) => !(i.questions?.length > 0));
  return h("article", { class: "lesson", id: "lesson", "data-lesson": lesson.id },
    h("p", { class: "eyebrow" }, `Lesson ${lesson.order}`, lesson.estimated_duration_minutes > 0 && ` · ${plural(lesson.estimated_duration_minutes, "minute")}`),
    h("h2", null, lesson.title),
    lesson.objectives.length > 0 && h("section", { class: "aims", "aria-label": "Aims" }, h("p", null, "Afterwards you can"), h("ul", null, lesson.objectives.map((o) => h("li", null, o)))),
    cite(h("div", { class: "prose" }, markdown(withoutTitle(lesson), 3)), course, lesson),
    terms(lesson.key_terms ?? []),
    others.length > 0 && h("section", { class: "items" }, h("h3", null, "Go further"), others.map(item)),
    quizzes.map((q) => quiz(course, q, shell)),
    sources(lesson.sources ?? []),
    foot(course, lesson, complete));
}

/** Lessons often begin with their own title, which stands above already. */
function withoutTitle({ content, title }) {
  const [line, ...rest] = content.trimStart().split("\n");
  const heading = line.replace(/^#{1,2}\s+/, "").trim().toLowerCase();
  return line.startsWith("#") && heading === title.trim().toLowerCase() ? rest.join("\n") : content;
}

function terms(list) {
  if (list.length === 0) return null;
  return h("section", { class: "terms" }, h("h3", null, "Words to know"),
    h("dl", null, list.map((t) => [h("dt", null, t.term), h("dd", null, t.definition)])));
}

function item(i) {
  const about = [name(i.type), i.source !== "lyo" && i.source && name(i.source), i.duration_sec > 0 && plural(Math.ceil(i.duration_sec / 60), "minute"), i.pages > 0 && plural(i.pages, "page")];
  return h("div", { class: "item" },
    h("p", { class: "eyebrow" }, about.filter(Boolean).join(" · ")),
    h("p", { class: "item-title" }, i.source_url ? anchor(i.source_url, [i.title]) : i.title),
    i.summary && h("p", { class: "dim" }, i.summary),
    i.content && h("details", null, h("summary", null, "Read"), h("div", { class: "prose small" }, markdown(i.content, 4))),
    i.attribution && h("p", { class: "dim small" }, i.attribution, i.license_type && ` (${i.license_type})`));
}

function sources(list) {
  if (list.length === 0) return null;
  return h("section", { class: "sources" }, h("h3", null, "Written from"),
    h("ul", null, list.map((s) => h("li", null, h("span", { class: "label" }, s.label), " ", s.source_url ? anchor(s.source_url, [s.title]) : s.title, s.source_id && " (your own)"))));
}

function foot(course, lesson, complete) {
  const next = course.lessons.find((l) => l.order === lesson.order + 1);
  const place = h("div", { role: "alert" });
  const button = complete && (lesson.is_completed
    ? h("p", { class: "completed", id: "completed" }, icon("check"), "Completed")
    : h("button", { type: "button", class: "primary", id: "complete", click: finish }, icon("check"), "Mark as complete"));
  async function finish() {
    button.disabled = true;
    try {
      await complete();
      button.replaceWith(h("p", { class: "completed", id: "completed", role: "status" }, icon("check"), "Completed"));
    } catch (problem) {
      button.disabled = false;
      place.replaceChildren(alertOf(problem));
    }
  }
  return h("footer", { class: "lesson-foot" }, place, h("div", { class: "actions" }, button,
    next && h("a", { class: "button", id: "next-lesson", href: `#/courses/${course.id}/${next.order}` }, h("span", null, "Next: ", next.title), icon("arrow"))));
}
