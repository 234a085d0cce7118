// News for the learner.

import { get, has, put } from "./api.js";
import { empty, h } from "./dom.js";
import { ago } from "./words.js";

/** The inbox, newest first. */
export async function inbox({ signal, reload, shell }) {
  const list = await get("/v1/notifications?limit=50", signal);
  const fresh = list.some((n) => !isRead(n));
  const all = (await has("/v1/notifications/read-all")) && fresh && h("button", { type: "button", class: "quiet", id: "read-all", click: async () => {
    await put("/v1/notifications/read-all");
    await shell.unread();
    await reload();
  } }, "Mark all as read");
  return [h("div", { class: "title-line" }, h("h1", null, "Inbox"), all),
    list.length === 0 ? empty("Nothing new", "You hear here when a course is ready, an achievement comes or somebody answers.")
      : h("ul", { class: "rows", id: "news" }, list.map((n) => row(n, shell)))];
}

const isRead = (n) => Boolean(n.read_at);

function row(n, shell) {
  const course = n.data?.course_id;
  const seen = async () => {
    if (isRead(n)) return;
    n.read_at = new Date().toISOString();
    await put(`/v1/notifications/${n.id}/read`);
    await shell.unread();
  };
  return h("li", { class: isRead(n) ? null : "unread", "data-news": n.id },
    h("p", { class: "item-title" }, course ? h("a", { href: "#/courses/" + course, click: () => { seen().catch(() => {}); } }, n.title) : n.title),
    h("p", null, n.body), h("p", { class: "dim small" }, ago(n.created_at)));
}
