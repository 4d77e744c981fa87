// Rich text and tables → DOM nodes.

import { el } from "./dom.js";
import { emoji, link, mrkdwn } from "./mrkdwn.js";
import { unsupported } from "./text.js";

const TAGS = { bold: "strong", italic: "em", strike: "s", code: "code", underline: "u" };

export function rich(part, state) {
  const inner = () => (part.elements ?? []).map((each) => rich(each, state));
  switch (part.type) {
    case "rich_text": return el("div", { class: "rich" }, ...inner());
    case "rich_text_section": return el("div", {}, ...inner());
    case "rich_text_quote": return el("blockquote", {}, ...inner());
    case "rich_text_preformatted": return el("pre", {}, ...inner());
    case "rich_text_list": return list(part, inner());
    case "link": return link(part.url, part.text ?? part.url);
    case "emoji": return emoji(`:${part.name}:`, state);
    case "user": return mrkdwn(`<@${part.user_id}>`, state);
    case "usergroup": return mrkdwn(`<!subteam^${part.usergroup_id}>`, state);
    case "channel": return mrkdwn(`<#${part.channel_id}>`, state);
    case "broadcast": return mrkdwn(`<!${part.range}>`, state);
    case "date": return mrkdwn(`<!date^${part.timestamp}^${part.format}|${part.fallback ?? ""}>`, state);
    case "color": return el("code", {}, part.value);
    case "text": return styled(part);
    default: return unsupported("rich text", part.type);
  }
}

function list(part, items) {
  const node = el(part.style === "ordered" ? "ol" : "ul", { start: part.offset ? part.offset + 1 : null }, ...items.map((item) => el("li", {}, item)));
  node.style.marginInlineStart = `${(part.indent ?? 0) * 1.5}rem`;
  return node;
}

function styled(part) {
  const styles = Object.keys(part.style ?? {}).filter((style) => TAGS[style]);
  return styles.reduce((node, style) => el(TAGS[style], {}, node), document.createTextNode(part.text));
}

export function table(block, state) {
  const cell = (each) => (each.type === "rich_text" ? rich(each, state) : String(each.text ?? each.value ?? ""));
  const aligned = (at) => (block.column_settings?.[at]?.align === "right" ? "right" : null);
  const row = (cells, name) => el("tr", {}, ...cells.map((each, at) => el(name, { scope: name === "th" ? "col" : null, class: aligned(at) }, cell(each))));
  const [head, ...rest] = block.rows;
  return el("div", { class: "wide", role: "group", "aria-label": "Table", tabindex: 0 }, el("table", {}, el("thead", {}, row(head, "th")), el("tbody", {}, ...rest.map((each) => row(each, "td")))));
}
