// Asking for a course, and the shelf of those there are.

import { me, next, post, send, wish } from "./api.js";
import { empty, fill, h, icon } from "./dom.js";
import { alertOf, form } from "./form.js";
import { ago, name, plural } from "./words.js";

const WANTED = "lyo.wanted";
const ideas = ["How tides work", "Reading sheet music", "The fall of Rome", "Bread from scratch"];

/** What somebody asked for before they had an account, or null. */
export const wanted = () => JSON.parse(sessionStorage.getItem(WANTED) ?? "null");

/** Asks for a course and leads to it. The same wish, sent twice, is one course. */
export async function ask(request, go) {
  const { key, ...body } = request;
  const made = await post("/v1/courses/generate", body, { "Idempotency-Key": key, Prefer: "respond-async" });
  sessionStorage.removeItem(WANTED);
  go("/courses/" + made.provisional_course_id);
}

/** The first page, with or without an account. */
export async function home({ go, signal }) {
  const hello = h("section", { class: me() ? "ask" : "ask hero" },
    h("h1", null, me() ? `What next, ${me().full_name.trim().split(/\s+/)[0]}?` : "What would you like to learn?"),
    !me() && h("p", { class: "lead" }, "Name anything. Lyo writes a course about it while you watch."),
    asking(go));
  if (!me()) return hello;
  const { data, headers } = await send("GET", "/v1/courses?own_only=true&limit=12", { signal });
  const others = (await send("GET", "/v1/courses?status=READY&limit=24", { signal })).data.filter((c) => c.owner_user_id !== me().id).slice(0, 8);
  return [hello,
    h("section", { class: "shelf", "aria-labelledby": "own" }, h("h2", { id: "own" }, "Your courses"),
      data.length === 0 ? empty("Nothing on the shelf yet", "Name a topic above; a first course takes about a minute.") : paged(data, headers)),
    others.length > 0 && h("section", { class: "shelf", "aria-labelledby": "others" }, h("h2", { id: "others" }, "Shared by others"), cards(others)),
  ];
}

function asking(go) {
  const topic = h("input", {
    id: "topic", name: "topic", type: "text", maxlength: 200, autocomplete: "off", autofocus: true, enterkeyhint: "go",
    placeholder: "How tides work", "aria-label": "Topic", "aria-describedby": "topic-error",
  });
  const choice = (name) => (value, label, checked) => h("label", null, h("input", { type: "radio", name, value, checked }), h("span", null, label));
  const [level, writer] = [choice("difficulty_level"), choice("writer")];
  let last = null; // the request and its key: asked again unchanged, it is the same wish
  return form({ id: "ask", "aria-label": "Ask for a course" }, [
    h("div", { class: "field big", "data-field": "topic" }, topic, h("p", { class: "fault", id: "topic-error" })),
    h("div", { class: "ideas" }, ideas.map((idea) => h("button", { type: "button", click: () => { topic.value = idea; topic.focus(); } }, idea))),
    h("fieldset", { class: "levels" }, h("legend", { class: "unseen" }, "Level"),
      level("beginner", "Beginner", true), level("intermediate", "Intermediate"), level("advanced", "Advanced")),
    h("fieldset", { class: "levels" }, h("legend", null, "Written by"),
      writer("", "Best available", true), writer("model", "Language model"), writer("extractive", "Quotations of sources")),
  ], [h("span", null, "Write my course"), icon("arrow")], async (values) => {
    const named = values.topic.trim();
    if (named.length < 3) throw { fields: [{ pointer: "/topic", message: "Name what you would like to learn, in three letters or more" }] };
    const asked = { topic: named, difficulty_level: values.difficulty_level, writer: values.writer || undefined };
    if (Object.keys(asked).some((name) => last?.[name] !== asked[name])) last = { ...asked, key: wish() };
    const request = last;
    try {
      if (me()) return await ask(request, go);
    } catch (problem) {
      if (me()) throw problem; // else the session is over: sign in, then it is asked for
    }
    sessionStorage.setItem(WANTED, JSON.stringify(request));
    go("/sign");
  });
}

/** A list that grows by a button. */
function paged(data, headers) {
  const list = cards(data);
  const place = h("div", null, list);
  let more = next(headers);
  const button = h("button", { type: "button", click: async () => {
    button.disabled = true;
    try {
      const page = await send("GET", more);
      list.append(...page.data.map(card));
      more = next(page.headers);
      button.hidden = !more;
    } catch (problem) {
      fill(place, list, alertOf(problem), button);
    } finally {
      button.disabled = false;
    }
  } }, "More");
  if (more) place.append(button);
  return place;
}

const cards = (courses) => h("ul", { class: "cards" }, courses.map(card));

const states = { GENERATING: "Being written", PARTIAL: "Partly written", ERROR: "Did not work out", DRAFT: "Draft" };

function card(course) {
  return h("li", { class: "card", "data-course": course.id, "data-status": course.status },
    h("a", { href: "#/courses/" + course.id }, h("h3", null, course.title)),
    course.summary && h("p", { class: "clamp" }, course.summary),
    h("p", { class: "meta" }, states[course.status] && h("span", { class: "pill " + course.status.toLowerCase() }, states[course.status]),
      course.visibility === "public" && course.owner_user_id === me()?.id && h("span", { class: "pill" }, "Shared"),
      h("span", null, name(course.difficulty_level)),
      course.estimated_duration_hours > 0 && h("span", null, plural(Math.round(course.estimated_duration_hours * 10) / 10, "hour")),
      h("span", null, ago(course.created_at))));
}
