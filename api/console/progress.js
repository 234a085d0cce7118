// Points, streak, achievements and the board.

import { get, has, me } from "./api.js";
import { bar, empty, h, icon } from "./dom.js";
import { ago, name, number, plural } from "./words.js";

/** What one's learning has added up to. */
export async function progress({ signal }) {
  const ask = async (path, query = "") => ((await has(path)) ? get(path + query, signal) : null);
  const [profile, achievements, board] = await Promise.all([
    ask("/v1/gamification/profile"),
    ask("/v1/gamification/achievements", "?show_locked=true"),
    ask("/v1/gamification/leaderboard", "?leaderboard_type=points&timeframe=weekly&limit=10"),
  ]);
  return [h("h1", null, "Progress"), profile && standing(profile), achievements && medals(achievements), board && ranks(board)];
}

function standing(p) {
  const figure = (value, label) => h("div", { class: "figure" }, h("strong", null, number(value)), h("span", null, label));
  const target = p.level_progress_target || 1000;
  return h("section", { class: "standing-panel", id: "profile", "data-points": p.total_points, "aria-label": "Standing" },
    h("div", { class: "level" }, h("p", { class: "eyebrow" }, "Level"), h("strong", { class: "huge" }, number(p.level)),
      bar("To the next level", (100 * p.level_progress_current) / target), h("p", { class: "dim small" }, `${number(p.level_progress_current)} of ${number(target)} points to the next`)),
    h("div", { class: "figures" }, figure(p.total_points, "points"), figure(p.current_streak, p.current_streak === 1 ? "day in a row" : "days in a row"),
      figure(p.longest_streak, "longest streak"), figure(p.lessons_completed, "lessons"), figure(p.courses_completed, "courses"), figure(p.achievements_unlocked, `of ${number(p.achievements_total)} achievements`)));
}

function medals(list) {
  const sorted = [...list].sort((a, b) => b.is_unlocked - a.is_unlocked);
  return h("section", { "aria-labelledby": "achievements" }, h("h2", { id: "achievements" }, "Achievements"),
    sorted.length === 0 ? empty("None yet", "They come with what you do.")
      : h("ul", { class: "medals" }, sorted.map((a) => h("li", { class: a.is_unlocked ? "medal won" : "medal", "data-achievement": a.id, "data-unlocked": a.is_unlocked },
        h("span", { class: "coin" }, a.is_unlocked ? icon("check") : `+${a.points_reward}`),
        h("div", null, h("p", { class: "item-title" }, a.title), h("p", { class: "dim small" }, a.description),
          a.is_unlocked ? h("p", { class: "small" }, `${name(a.rarity)} · ${ago(a.unlocked_at)}`)
            : a.progress_target > 0 && [bar(a.title, (100 * a.progress_current) / a.progress_target), h("p", { class: "dim small" }, `${number(a.progress_current)} of ${number(a.progress_target)}`)])))));
}

function ranks(board) {
  const own = me()?.id;
  return h("section", { "aria-labelledby": "board" }, h("h2", { id: "board" }, "This week"),
    board.entries.length === 0 ? empty("An open field", "Nobody has earned points this week. A lesson is worth 20.")
      : h("div", { class: "scroll" }, h("table", { class: "board" }, h("thead", null, h("tr", null, ["Rank", "Learner", "Level", "Points"].map((t) => h("th", { scope: "col" }, t)))),
        h("tbody", null, board.entries.map((e) => h("tr", { class: e.user_id === own ? "own" : null }, h("td", null, number(e.rank)), h("td", null, e.username || "A learner", e.user_id === own && " (you)"), h("td", null, number(e.level)), h("td", null, number(e.points))))))),
    board.current_user_rank > 0 && h("p", { class: "dim" }, `You are number ${number(board.current_user_rank)} of ${plural(board.total_participants, "learner")}.`));
}
