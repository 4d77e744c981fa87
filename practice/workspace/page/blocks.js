// Block Kit → DOM nodes. What is not known here is shown as a box that says so, never left out.

import { el } from "./dom.js";
import { emoji, link, mrkdwn } from "./mrkdwn.js";

// `press(button, block, node)` is what a button does; `state` has names, channels and emoji.
export function drawBlock(block, state, press) {
  const draw = BLOCKS[block.type];
  return draw ? draw(block, state, press) : unsupported("block", block.type);
}

const unsupported = (what, type) => el("div", { class: "unsupported" }, `unsupported ${what}: ${type}`);

export function words(text, state) {
  if (!text) return "";
  return text.type === "mrkdwn" ? mrkdwn(text.text, state) : emoji(text.text, state);
}

function button(element, block, state, press) {
  const node = el("button", { type: "button", class: element.style, "aria-label": element.accessibility_label }, words(element.text, state));
  node.dataset.key = `${block.block_id}/${element.action_id}`;
  node.addEventListener("click", () => press(element, block, node));
  return node;
}

function element(each, block, state, press) {
  if (each.type === "button") return button(each, block, state, press);
  if (each.type === "image") return picture(each);
  if (each.type === "mrkdwn" || each.type === "plain_text") return el("span", {}, words(each, state));
  return unsupported("element", each.type);
}

// Pictures would come from elsewhere, and this page loads nothing from elsewhere.
const picture = (image) => el("span", { class: "picture", role: "img", "aria-label": image.alt_text }, `🖼 ${image.alt_text}`);

function section(block, state, press) {
  const fields = (block.fields ?? []).map((field) => el("div", {}, words(field, state)));
  return el(
    "div",
    { class: "section" },
    el("div", { class: "grow" }, block.text ? el("div", {}, words(block.text, state)) : null, fields.length ? el("div", { class: "fields" }, ...fields) : null),
    block.accessory ? element(block.accessory, block, state, press) : null,
  );
}

function rich(part, state) {
  const inner = () => (part.elements ?? []).map((each) => rich(each, state));
  switch (part.type) {
    case "rich_text": return el("div", {}, ...inner());
    case "rich_text_section": return el("div", {}, ...inner());
    case "rich_text_quote": return el("blockquote", {}, ...inner());
    case "rich_text_preformatted": return el("pre", {}, ...inner());
    case "rich_text_list": return el(part.style === "ordered" ? "ol" : "ul", {}, ...inner().map((item) => el("li", {}, item)));
    case "link": return link(part.url, part.text ?? part.url);
    case "emoji": return emoji(`:${part.name}:`, state);
    case "user": return mrkdwn(`<@${part.user_id}>`, state);
    case "channel": return mrkdwn(`<#${part.channel_id}>`, state);
    case "date": return mrkdwn(`<!date^${part.timestamp}^${part.format}|${part.fallback ?? ""}>`, state);
    case "text": return styled(part);
    default: return unsupported("rich text", part.type);
  }
}

function styled(part) {
  const tags = { bold: "strong", italic: "em", strike: "s", code: "code" };
  return Object.keys(part.style ?? {}).reduce((node, style) => (tags[style] ? el(tags[style], {}, node) : node), document.createTextNode(part.text));
}

function table(block, state) {
  const cell = (each) => (each.type === "rich_text" ? rich(each, state) : String(each.text ?? each.value ?? ""));
  const rows = block.rows.map((row, at) => el("tr", {}, ...row.map((each) => el(at ? "td" : "th", at ? {} : { scope: "col" }, cell(each)))));
  return el("div", { class: "wide" }, el("table", {}, ...rows));
}

const BLOCKS = {
  actions: (block, state, press) => el("div", { class: "buttons" }, ...block.elements.map((each) => element(each, block, state, press))),
  context: (block, state, press) => el("div", { class: "context" }, ...block.elements.map((each) => element(each, block, state, press))),
  divider: () => el("hr"),
  header: (block, state) => el("h3", {}, words(block.text, state)),
  image: (block) => picture(block),
  markdown: (block) => el("div", {}, block.text),
  rich_text: rich,
  section,
  table,
};
