// The feed, and search over everything.

import { get, has, send } from "./api.js";
import { empty, fill, h } from "./dom.js";
import { alertOf } from "./form.js";
import { ago, name, plural } from "./words.js";

const kinds = [["personalized", "For you"], ["trending", "Trending"], ["following", "Following"], ["recent", "Recent"]];

/** #/discover/KIND, or #/discover/search/WORDS. */
export async function discover({ rest: [kind = "personalized", words = ""], signal, go }) {
  const place = h("div", { id: "found" });
  const searching = kind === "search";
  if (searching) await search(place, words, signal);
  else await feed(place, kind, signal);
  return [h("h1", null, "Discover"), (await has("/v1/feeds/search")) && box(searching ? words : "", go),
    h("nav", { class: "tabs", "aria-label": "Feeds" }, kinds.map(([value, label]) => h("a", { href: "#/discover/" + value, "aria-current": value === kind ? "page" : null }, label))),
    place];
}

function box(words, go) {
  const input = h("input", { type: "search", name: "q", id: "search", maxlength: 200, value: words, placeholder: "Search courses, items and posts", "aria-label": "Search", enterkeyhint: "search" });
  return h("form", { role: "search", class: "search", submit: (event) => {
    event.preventDefault();
    if (input.value.trim()) go("/discover/search/" + encodeURIComponent(input.value.trim()));
  } }, input, h("button", { type: "submit" }, "Search"));
}

async function search(place, words, signal) {
  const found = await get("/v1/feeds/search?limit=30&q=" + encodeURIComponent(words), signal);
  place.dataset.results = found.length;
  fill(place, h("p", { class: "dim", role: "status" }, `${plural(found.length, "result")} for “${words}”`),
    found.length === 0 ? empty("Nothing found", "Try fewer or other words; spelling need not be exact.") : entries(found));
}

async function feed(place, kind, signal) {
  const path = `/v1/feeds/?limit=20&feed_type=${encodeURIComponent(kind)}`;
  const first = await get(path, signal);
  const list = entries(first.items);
  let cursor = first.next_cursor;
  const button = h("button", { type: "button", hidden: !cursor, click: async () => {
    button.disabled = true;
    try {
      const { data } = await send("GET", path + "&cursor=" + encodeURIComponent(cursor), { signal });
      list.append(...data.items.map(entry));
      cursor = data.next_cursor;
      button.hidden = !cursor;
    } catch (problem) {
      button.after(alertOf(problem));
    } finally {
      button.disabled = false;
    }
  } }, "More");
  place.dataset.results = first.items.length;
  fill(place, first.items.length === 0
    ? empty("Quiet here", kind === "following" ? "People you follow show up here." : "What others finish and share shows up here.") : [list, button]);
}

const entries = (items) => h("ul", { class: "rows feed" }, items.map(entry));

/** Where an entry leads: a course, or nowhere of this page. */
function target(item) {
  const course = item.content_type === "course" ? item.metadata?.course_id ?? item.id : item.metadata?.course_id;
  return course ? "#/courses/" + course : null;
}

function entry(item) {
  const stats = item.engagement_stats ?? {};
  const author = typeof item.author === "string" ? item.author : item.author?.name;
  const to = target(item);
  return h("li", { "data-item": item.id },
    h("p", { class: "eyebrow" }, [name(item.content_type), author, ago(item.created_at)].filter(Boolean).join(" · ")),
    h("p", { class: "item-title" }, to ? h("a", { href: to }, item.title) : item.title),
    item.description && h("p", { class: "clamp" }, item.description),
    h("p", { class: "meta" }, (item.reasons ?? []).slice(0, 1).map((r) => h("span", { class: "reason" }, r)),
      stats.likes > 0 && h("span", null, plural(stats.likes, "like")), stats.comments > 0 && h("span", null, plural(stats.comments, "comment"))));
}
