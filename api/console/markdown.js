// Markdown to elements, for the part of it that lessons use. Whoever wrote the text
// is not trusted: HTML in it is text, links lead to http and https only, pictures
// are links, nesting is bounded.

import { h } from "./dom.js";

const DEEPEST = 6;
const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])\s+(.*)$/;

/** Renders Markdown into nodes. Its first heading has the given level. */
export function markdown(text, level = 3) {
  return blocks(String(text).replace(/\r\n?/g, "\n").split("\n"), level, 0);
}

function blocks(lines, level, depth) {
  const nodes = [];
  for (let at = 0; at < lines.length;) {
    const take = reader(lines, at, level, depth);
    at = take.end;
    if (take.node) nodes.push(take.node);
  }
  return nodes;
}

/** Reads the block that begins at a line: its node and the line after it. */
function reader(lines, at, level, depth) {
  const line = lines[at];
  if (!line.trim()) return { end: at + 1 };
  const fence = /^\s{0,3}(`{3,}|~{3,})/.exec(line);
  if (fence) return code(lines, at, fence[1]);
  const heading = /^\s{0,3}(#{1,6})\s+(.*?)\s*#*\s*$/.exec(line);
  if (heading) {
    const tag = "h" + Math.min(6, level + heading[1].length - 1);
    return { node: h(tag, null, inline(heading[2])), end: at + 1 };
  }
  if (/^\s{0,3}([-*_])(\s*\1){2,}\s*$/.test(line)) return { node: h("hr"), end: at + 1 };
  if (depth < DEEPEST && /^\s{0,3}>/.test(line)) return quote(lines, at, level, depth);
  if (depth < DEEPEST && ITEM.test(line)) return list(lines, at, level, depth);
  if (line.includes("|") && /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/.test(lines[at + 1] ?? "")) return table(lines, at);
  return paragraph(lines, at);
}

function until(lines, at, stop) {
  let end = at;
  while (end < lines.length && !stop(lines[end], end)) end++;
  return end;
}

function code(lines, at, fence) {
  const end = until(lines, at + 1, (line) => line.trim().startsWith(fence));
  return { node: h("pre", { tabindex: 0 }, h("code", null, lines.slice(at + 1, end).join("\n"))), end: end + 1 };
}

function quote(lines, at, level, depth) {
  const end = until(lines, at, (line) => !/^\s{0,3}>/.test(line));
  const inner = lines.slice(at, end).map((line) => line.replace(/^\s{0,3}> ?/, ""));
  return { node: h("blockquote", null, blocks(inner, level, depth + 1)), end };
}

function list(lines, at, level, depth) {
  const [, indent, mark] = ITEM.exec(lines[at]);
  const ordered = /\d/.test(mark);
  const node = h(ordered ? "ol" : "ul", { start: ordered && parseInt(mark, 10) !== 1 ? parseInt(mark, 10) : null });
  let end = at;
  while (end < lines.length) {
    const item = ITEM.exec(lines[end]);
    if (!item || item[1].length !== indent.length || /\d/.test(item[2]) !== ordered) break;
    const next = until(lines, end + 1, (line, i) => endsItem(lines, line, i, indent.length));
    const rest = lines.slice(end + 1, next).map((line) => line.replace(/^\s{1,4}/, ""));
    const body = blocks([item[3], ...rest], level, depth + 1);
    const only = body.length > 0 && body[0].tagName === "P" ? [...body[0].childNodes, ...body.slice(1)] : body;
    node.append(h("li", null, only));
    end = next;
  }
  return { node, end };
}

/** An item goes on over indented lines, and over an empty one that is followed by such. */
function endsItem(lines, line, at, indent) {
  const spaces = (text) => text.length - text.trimStart().length;
  if (!line.trim()) return !(lines[at + 1]?.trim() && spaces(lines[at + 1]) > indent);
  return spaces(line) <= indent;
}

function table(lines, at) {
  const end = until(lines, at + 2, (line) => !line.includes("|"));
  const cells = (line) => line.trim().replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim());
  const row = (line, tag) => h("tr", null, cells(line).map((cell) => h(tag, tag === "th" ? { scope: "col" } : null, inline(cell))));
  return {
    node: h("div", { class: "scroll", tabindex: 0 }, h("table", null,
      h("thead", null, row(lines[at], "th")),
      h("tbody", null, lines.slice(at + 2, end).map((line) => row(line, "td"))))),
    end,
  };
}

function paragraph(lines, at) {
  const starts = (line) => !line.trim() || /^\s{0,3}(#{1,6}\s|>|`{3}|~{3})/.test(line) || ITEM.test(line);
  const end = Math.max(at + 1, until(lines, at + 1, starts));
  return { node: h("p", null, inline(lines.slice(at, end).map((line) => line.replace(/^\s+/, "")).join("\n"))), end };
}

// What begins something within a line, each with the way to read it: given the text
// and the place it gives the node and the place after it, or nothing.
const spans = [
  [/^\\[!-/:-@[-`{-~]/, (text, at) => ({ node: text[at + 1], end: at + 2 })],
  [/^(?: {2,}|\\)\n/, (text, at) => ({ node: h("br"), end: text.indexOf("\n", at) + 1 })],
  [/^`/, codeSpan],
  [/^!?\[/, link],
  [/^<https?:\/\//, (text, at) => angle(text, at)],
  [/^https?:\/\//, bare],
  [/^(\*\*|__)(?=\S)/, (text, at, depth) => wrapped(text, at, text.slice(at, at + 2), "strong", depth)],
  [/^~~(?=\S)/, (text, at, depth) => wrapped(text, at, "~~", "del", depth)],
  [/^[*_](?=\S)/, (text, at, depth) => wrapped(text, at, text[at], "em", depth)],
];

function inline(text, depth = 0) {
  const nodes = [];
  let plain = "";
  const flush = () => {
    if (plain) nodes.push(plain.replace(/\s*\n\s*/g, " "));
    plain = "";
  };
  for (let at = 0; at < text.length;) {
    const found = depth < DEEPEST && /[\\`!\[<h*_~ ]/.test(text[at]) && span(text, at, depth);
    if (!found) {
      plain += text[at++];
      continue;
    }
    flush();
    nodes.push(found.node);
    at = found.end;
  }
  flush();
  return nodes;
}

function span(text, at, depth) {
  const ahead = text.slice(at, at + 80);
  for (const [begins, read] of spans) {
    const found = begins.test(ahead) && read(text, at, depth);
    if (found) return found;
  }
  return null;
}

function codeSpan(text, at) {
  const ticks = /^`+/.exec(text.slice(at, at + 80))[0];
  const close = text.indexOf(ticks, at + ticks.length);
  if (close < 0) return null;
  return { node: h("code", null, text.slice(at + ticks.length, close).replace(/\n/g, " ").trim()), end: close + ticks.length };
}

function wrapped(text, at, mark, tag, depth) {
  if (mark[0] === "_" && /\w/.test(text[at - 1] ?? "")) return null; // snake_case
  const farthest = at + 2000; // what is never closed costs no more than that
  for (let close = text.indexOf(mark, at + mark.length + 1); close > 0 && close < farthest; close = text.indexOf(mark, close + 1)) {
    const after = text[close + mark.length] ?? "";
    if (/\s/.test(text[close - 1]) || mark[0] === "_" && /\w/.test(after)) continue;
    if (mark.length === 1 && after === mark) { close++; continue; } // the end of a strong one within
    return { node: h(tag, null, inline(text.slice(at + mark.length, close), depth + 1)), end: close + mark.length };
  }
  return null;
}

function link(text, at, depth) {
  const found = /^!?\[((?:[^\[\]]|\[[^\[\]]*\]){0,500})\]\(\s*<?([^\s()<>]{0,2000})>?(?:\s+"[^"]{0,200}")?\s*\)/.exec(text.slice(at, at + 3000));
  if (!found) return null;
  return { node: anchor(found[2], inline(found[1] || found[2], depth + 2)), end: at + found[0].length };
}

function angle(text, at) {
  const close = text.indexOf(">", at);
  const address = close < 0 ? "" : text.slice(at + 1, close);
  return address && !/\s/.test(address) ? { node: anchor(address, [address]), end: close + 1 } : null;
}

function bare(text, at) {
  if (/\w/.test(text[at - 1] ?? "")) return null;
  const address = /^[^\s<>"]+/.exec(text.slice(at, at + 2000))[0].replace(/[.,;:!?)\]*_]+$/, "");
  return { node: anchor(address, [address]), end: at + address.length };
}

/** A link to another site, or only its words when it leads anywhere else than http and https. */
export function anchor(address, children) {
  let url;
  try {
    url = new URL(address);
  } catch {
    return h("span", null, children);
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") return h("span", null, children);
  return h("a", { href: url.href, target: "_blank", rel: "noopener noreferrer nofollow" }, children);
}
