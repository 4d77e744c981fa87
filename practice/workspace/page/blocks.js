// Block Kit → DOM nodes. What is not known here is shown as a box that says so, never left out.

import { el, sync } from "./dom.js";
import { drawElement } from "./elements.js";
import { markdown } from "./markdown.js";
import { link } from "./mrkdwn.js";
import { picture } from "./pictures.js";
import { rich, table } from "./rich.js";
import { unsupported, words } from "./text.js";

export function showBlocks(parent, blocks, surface) {
  sync(parent, blocks.map((block) => ({
    id: block.block_id,
    sign: JSON.stringify([block, surface.faults[block.block_id]]),
    draw: () => (BLOCKS[block.type] ? BLOCKS[block.type](block, surface) : unsupported("block", block.type)),
  })));
}

const row = (name, elements) => (block, surface) => el("div", { class: name }, (block[elements] ?? []).map((each) => drawElement(each, block, surface)));

function section(block, surface) {
  const id = surface.idOf(block);
  const fields = (block.fields ?? []).map((field) => el("div", {}, words(field, surface.state)));
  const text = block.text ? el("div", { id }, words(block.text, surface.state)) : null;
  const accessory = block.accessory ? drawElement(block.accessory, block, surface, block.text ? id : undefined) : null;
  return el("div", { class: "section" }, el("div", { class: "grow" }, text, fields.length ? el("div", { class: "fields" }, fields) : null), accessory);
}

function input(block, surface) {
  const id = surface.idOf(block);
  const fault = surface.faults[block.block_id];
  const about = block.hint || fault ? `${id}-about` : undefined;
  const field = drawElement(block.element, block, surface, id, about);
  return el(
    "div",
    { class: "input" },
    el("label", { id, for: surface.idOf(block, block.element) }, words(block.label, surface.state), block.optional ? el("small", {}, " (optional)") : null),
    field,
    about ? el("div", { id: about }, fault ? el("p", { class: "fault" }, `⚠ ${fault}`) : null, block.hint ? el("small", {}, words(block.hint, surface.state)) : null) : null,
  );
}

function card(block, surface) {
  const line = (name) => (block[name] ? el("div", { class: name }, words(block[name], surface.state)) : null);
  return el(
    "div",
    { class: "card" },
    block.hero_image ? picture(block.hero_image, surface.state) : null,
    ["title", "subtitle", "body"].map(line),
    block.actions ? row("buttons", "actions")(block, surface) : null,
  );
}

const TASKS = { pending: ["○", "to do"], in_progress: ["◐", "under way"], complete: ["●", "done"], error: ["✕", "failed"] };

function task(block, surface) {
  const [sign, said] = TASKS[block.status] ?? TASKS.pending;
  const more = (part) => (part ? el("div", { class: "more" }, part.elements ? rich(part, surface.state) : words(part, surface.state)) : null);
  const sources = (block.sources ?? []).map((source) => el("div", { class: "more" }, link(source.url, source.text ?? source.url)));
  return el(
    "div",
    { class: `task ${block.status ?? "pending"}` },
    el("span", { class: "sign", "aria-hidden": "true" }, sign),
    el("div", { class: "grow" }, words(block.title, surface.state), el("small", {}, ` ${said}`), more(block.details), more(block.output), sources),
  );
}

function plan(block, surface) {
  return el("div", { class: "plan" }, el("strong", {}, words(block.title, surface.state)), (block.tasks ?? []).map((each) => task(each, surface)));
}

const BLOCKS = {
  actions: row("buttons", "elements"),
  alert: (block, surface) => el("div", { class: "alert" }, words(block.text, surface.state)),
  card,
  context: row("context", "elements"),
  context_actions: row("buttons", "elements"),
  divider: () => el("hr"),
  file: (block) => el("div", { class: "file" }, "📄 Remote file ", el("code", {}, block.external_id)),
  header: (block, surface) => el("h3", {}, words(block.text, surface.state)),
  image: (block, surface) => el("figure", {}, block.title ? el("figcaption", {}, words(block.title, surface.state)) : null, picture(block, surface.state)),
  input,
  markdown: (block) => markdown(block.text),
  plan,
  rich_text: (block, surface) => rich(block, surface.state),
  section,
  table: (block, surface) => table(block, surface.state),
  task_card: task,
};
