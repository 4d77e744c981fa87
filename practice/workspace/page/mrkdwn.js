// Slack's mrkdwn → DOM nodes: marks, code, links, mentions, dates in the reader's own time, a few emoji.

import { el } from "./dom.js";
import { follow, isOurs } from "./permalink.js";
import { ago } from "./time.js";

const TOKEN = new RegExp(
  [
    "<(?<angle>[^<>]+)>",
    "```(?<fence>[\\s\\S]+?)```",
    "`(?<code>[^`\\n]+)`",
    "(?<![\\w*])\\*(?<bold>[^\\s*](?:[^*\\n]*[^\\s*])?)\\*(?![\\w*])",
    "(?<!\\w)_(?<italic>[^\\s_](?:[^\\n]*?[^\\s_])?)_(?!\\w)",
    "(?<![\\w~])~(?<strike>[^\\s~](?:[^~\\n]*[^\\s~])?)~(?![\\w~])",
    ":(?<emoji>[a-z0-9_+-]+):",
    "^(?:&gt;|>) ?(?<quote>.*)$",
  ].join("|"),
  "gm",
);
const DATES = {
  date_num: { dateStyle: "short" },
  date: { dateStyle: "long" },
  date_short: { dateStyle: "medium" },
  date_long: { dateStyle: "full" },
  time: { timeStyle: "short" },
  time_secs: { timeStyle: "medium" },
};

const plainly = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

export const emoji = (text, state) => text.replace(/:([a-z0-9_+-]+):/g, (whole, name) => state.emoji[name] ?? whole);

export function mrkdwn(text, state) {
  const whole = document.createDocumentFragment();
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    whole.append(plainly(text.slice(end, match.index)), token(match, state));
    end = match.index + match[0].length;
  }
  whole.append(plainly(text.slice(end)));
  return whole;
}

function token(match, state) {
  const { angle, fence, code, bold, italic, strike, quote } = match.groups;
  if (angle !== undefined) return angled(angle, state);
  if (fence !== undefined) return el("pre", {}, el("code", {}, bare(fence.replace(/^\n|\n$/g, ""), state)));
  if (code !== undefined) return el("code", {}, bare(code, state));
  if (bold !== undefined) return el("strong", {}, mrkdwn(bold, state));
  if (italic !== undefined) return el("em", {}, mrkdwn(italic, state));
  if (strike !== undefined) return el("s", {}, mrkdwn(strike, state));
  if (quote !== undefined) return el("blockquote", {}, mrkdwn(quote, state));
  return state.emoji[match.groups.emoji] ?? match[0];
}

// Within code only <…> means something.
function bare(text, state) {
  const whole = document.createDocumentFragment();
  text.split(/(<[^<>]+>)/).forEach((part, at) => whole.append(at % 2 ? angled(part.slice(1, -1), state) : plainly(part)));
  return whole;
}

function angled(inside, state) {
  const [target, label] = inside.split(/\|(.*)/s);
  if (target[0] === "@") return el("span", { class: "mention" }, `@${state.names[target.slice(1)] ?? label ?? target.slice(1)}`);
  if (target[0] === "#") {
    const channel = state.channels.find((each) => each.id === target.slice(1));
    return el("span", { class: "mention" }, `#${channel?.name ?? label ?? target.slice(1)}`);
  }
  if (target.startsWith("!date^")) return date(target, label);
  if (target[0] === "!") return el("span", { class: "mention" }, label ?? `@${target.slice(1).split("^").pop()}`);
  return link(plainly(target), plainly(label ?? target));
}

export function link(address, label) {
  if (!/^(https?|mailto):/i.test(address)) return document.createTextNode(label);
  const here = isOurs(address) ? { click: (event) => { event.preventDefault(); follow(address); } } : {};
  return el("a", { href: address, target: "_blank", rel: "noopener noreferrer", ...here }, label);
}

function date(target, fallback) {
  const [, seconds, format, address] = target.split("^");
  const when = new Date(Number(seconds) * 1000);
  if (Number.isNaN(when.getTime())) return document.createTextNode(fallback ?? target);
  const text = (format ?? "").replace(/\{(\w+)\}/g, (whole, name) => {
    if (name === "ago") return ago(when);
    const options = DATES[name.replace("_pretty", "")];
    return options ? new Intl.DateTimeFormat(undefined, options).format(when) : whole;
  });
  const node = el("time", { datetime: when.toISOString(), title: fallback }, text);
  return address ? el("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, node) : node;
}
