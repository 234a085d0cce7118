// Figures and times as people say them.

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const day = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", year: "numeric" });
const figures = new Intl.NumberFormat("en");

/** 12,345 */
export const number = (n) => figures.format(n ?? 0);

/** 1 lesson, 2 lessons */
export const plural = (n, one, many = one + "s") => `${number(n)} ${n === 1 ? one : many}`;

/** 5 minutes ago */
export function ago(time) {
  const seconds = (Date.parse(time) - Date.now()) / 1000;
  for (const [unit, length, most] of [["second", 1, 60], ["minute", 60, 3600], ["hour", 3600, 86400], ["day", 86400, 7 * 86400]]) {
    if (Math.abs(seconds) < most) return unit === "second" ? "just now" : relative.format(Math.round(seconds / length), unit);
  }
  return day.format(new Date(time));
}

/** First letter large, underscores and dashes to blanks. */
export const name = (text) => { const words = String(text ?? "").replace(/[_-]+/g, " "); return words.charAt(0).toUpperCase() + words.slice(1).toLowerCase(); };
