// The markdown of markdown blocks → DOM nodes: what people and models write in messages, and no more.

import { el } from "./dom.js";
import { link } from "./mrkdwn.js";

const INLINE = /`(?<code>[^`\n]+)`|\*\*(?<bold>.+?)\*\*|__(?<strong>.+?)__|~~(?<strike>.+?)~~|(?<![\w*])\*(?<em>[^\s*][^*\n]*)\*(?!\w)|(?<!\w)_(?<italic>[^\s_][^_\n]*)_(?!\w)|!?\[(?<label>[^\]\n]*)\]\((?<target>[^)\s]+)\)|(?<bare>https?:\/\/[^\s<>)]+)/g;

export function markdown(text) {
  const whole = el("div", { class: "rich" });
  const lines = text.split("\n");
  while (lines.length) {
    const rule = RULES.find(([pattern]) => pattern.test(lines[0]));
    whole.append(rule ? rule[1](lines) : paragraph(lines));
  }
  return whole;
}

function inline(text) {
  const whole = document.createDocumentFragment();
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    whole.append(text.slice(end, match.index), mark(match.groups));
    end = match.index + match[0].length;
  }
  whole.append(text.slice(end));
  return whole;
}

function mark({ code, bold, strong, strike, em, italic, label, target, bare }) {
  if (code) return el("code", {}, code);
  if (bold ?? strong) return el("strong", {}, inline(bold ?? strong));
  if (em ?? italic) return el("em", {}, inline(em ?? italic));
  if (strike) return el("s", {}, inline(strike));
  return link(target ?? bare, label || (target ?? bare));
}

// Takes lines from the front as long as they match, and gives them.
function taken(lines, pattern) {
  const some = [];
  while (lines.length && pattern.test(lines[0])) some.push(lines.shift());
  return some;
}

function paragraph(lines) {
  const some = [lines.shift()];
  while (lines.length && !RULES.some(([pattern]) => pattern.test(lines[0]))) some.push(lines.shift());
  return el("p", {}, inline(some.join("\n")));
}

function fence(lines) {
  lines.shift();
  const code = taken(lines, /^(?!```)/).join("\n");
  lines.shift();
  return el("pre", {}, el("code", {}, code));
}

function heading(lines) {
  const [, marks, text] = /^(#{1,6})\s+(.*)$/.exec(lines.shift());
  return el(marks.length < 3 ? "h3" : "h4", {}, inline(text));
}

function list(name, pattern) {
  return (lines) => el(name, {}, ...taken(lines, pattern).map((line) => item(line.replace(pattern, ""))));
}

function item(text) {
  const task = /^\[([ x])\]\s+(.*)$/i.exec(text);
  return el("li", {}, task ? `${task[1] === " " ? "☐" : "☑"} ` : null, inline(task ? task[2] : text));
}

function tableOf(lines) {
  const rows = taken(lines, /^\s*\|/).map((line) => line.trim().replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim()));
  const row = (cells, name) => el("tr", {}, ...cells.map((cell) => el(name, {}, inline(cell))));
  const body = rows.slice(1).filter((cells) => !cells.every((cell) => /^:?-+:?$/.test(cell)));
  return el("div", { class: "wide" }, el("table", {}, el("thead", {}, row(rows[0], "th")), el("tbody", {}, ...body.map((cells) => row(cells, "td")))));
}

const RULES = [
  [/^\s*$/, (lines) => { lines.shift(); return ""; }],
  [/^```/, fence],
  [/^#{1,6}\s/, heading],
  [/^\s*([-*_])\s*(\1\s*){2,}$/, (lines) => { lines.shift(); return el("hr"); }],
  [/^\s*[-*+]\s+/, list("ul", /^\s*[-*+]\s+/)],
  [/^\s*\d+[.)]\s+/, list("ol", /^\s*\d+[.)]\s+/)],
  [/^>\s?/, (lines) => el("blockquote", {}, inline(taken(lines, /^>\s?/).map((line) => line.replace(/^>\s?/, "")).join("\n")))],
  [/^\s*\|/, tableOf],
];
