// What learners write to each other.

import { next, send } from "./api.js";
import { empty, h } from "./dom.js";
import { alertOf } from "./form.js";
import { markdown } from "./markdown.js";
import { ago, name, plural } from "./words.js";

/** The newest posts, pinned ones first. */
export async function community({ signal }) {
  const { data, headers } = await send("GET", "/v1/community/posts?sort=new&limit=20", { signal });
  const list = h("ul", { class: "rows", id: "posts" }, data.map(post));
  let more = next(headers);
  const button = h("button", { type: "button", hidden: !more, click: async () => {
    try {
      const page = await send("GET", more);
      list.append(...page.data.map(post));
      more = next(page.headers);
      button.hidden = !more;
    } catch (problem) {
      button.after(alertOf(problem));
    }
  } }, "More");
  return [h("h1", null, "Community"), data.length === 0 ? empty("Nobody has written yet", "Questions, finds and achievements of learners show up here.") : [list, button]];
}

function post(p) {
  const likes = h("button", { type: "button", class: "quiet like", "aria-pressed": p.user_liked, click: async () => {
    try {
      const { data } = await send("POST", `/v1/community/posts/${p.id}/like`);
      likes.setAttribute("aria-pressed", data.user_liked);
      likes.textContent = plural(data.likes_count, "like");
    } catch (problem) {
      likes.after(alertOf(problem));
    }
  } }, plural(p.likes_count, "like"));
  return h("li", { "data-post": p.id },
    h("p", { class: "eyebrow" }, [p.is_pinned && "Pinned", name(p.post_type), p.author?.name ?? "Deleted user", ago(p.created_at)].filter(Boolean).join(" · ")),
    h("h2", { class: "item-title" }, p.title),
    h("div", { class: "prose small" }, markdown(p.content, 3)),
    h("p", { class: "meta" }, likes, h("span", null, plural(p.comments_count, "comment")), p.tags.map((t) => h("span", { class: "tag" }, "#", t))));
}
