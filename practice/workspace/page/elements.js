// The elements that stand within blocks → DOM nodes that tell their surface what a person does.

import { combobox } from "./combobox.js";
import { el } from "./dom.js";
import { menu } from "./menu.js";
import { follow } from "./permalink.js";
import { picture } from "./pictures.js";
import { plainly, unsupported, words } from "./text.js";

// `labelled` is the id of the text that names it, `about` of what more is to be said; both may be missing.
export function drawElement(element, block, surface, labelled, about) {
  const draw = ELEMENTS[element.type];
  if (!draw) return unsupported("element", element.type);
  const use = { element, block, surface, state: surface.state, held: surface.held(block, element), attributes: {} };
  use.choose = (node, given) => surface.choose(block, element, node, given);
  const said = plainly(element.placeholder, surface.state) || element.type.replaceAll("_", " ");
  use.attributes = {
    id: surface.idOf(block, element),
    "data-key": `${block.block_id}/${element.action_id}`,
    ...(labelled ? { "aria-labelledby": labelled } : { "aria-label": said }),
    "aria-describedby": about,
    "aria-invalid": surface.faults[block.block_id] ? "true" : null,
  };
  return draw(use);
}

// A second press before the app has answered the first is none.
function press({ element, block, surface }, node, given) {
  if (node.getAttribute("aria-busy")) return;
  if (element.url) follow(element.url);
  surface.act(block, element, node, given);
}

function button(use) {
  const { element, attributes, state } = use;
  const attached = { type: "button", class: element.style, "data-key": attributes["data-key"], "aria-label": element.accessibility_label };
  return el("button", { ...attached, click: (event) => press(use, event.currentTarget) }, words(element.text, state));
}

function iconButton(use) {
  const { element, attributes, state } = use;
  const name = element.accessibility_label ?? plainly(element.text, state);
  const attached = { type: "button", class: "icon", "data-key": attributes["data-key"], title: name, "aria-label": name };
  const sign = element.icon === "trash" ? "🗑" : (state.emoji[element.icon] ?? plainly(element.text, state));
  return el("button", { ...attached, click: (event) => press(use, event.currentTarget) }, sign);
}

function feedback(use) {
  const one = (name, sign) => {
    const made = use.element[`${name}_button`];
    const attached = { type: "button", class: "icon", "data-key": `${use.attributes["data-key"]}/${name}`, "aria-label": made.accessibility_label };
    return el("button", { ...attached, click: (event) => press(use, event.currentTarget, name) }, `${sign} ${plainly(made.text, use.state)}`);
  };
  return el("span", { class: "buttons" }, one("positive", "👍"), one("negative", "👎"));
}

// Groups {label?, options: [{text, given, key}]} of what can be chosen; `key` tells two options apart.
const listed = (options) => options.map((option) => ({ text: option.text, description: option.description, given: option, key: option.value }));
const grouped = (source) => (source.option_groups ?? [{ options: source.options ?? [] }]).map((group) => ({ label: group.label, options: listed(group.options) }));
const people = ({ state }) => [{ options: state.people.map((each) => ({ text: each.real_name, given: each.id, key: each.id })) }];
const channels = ({ state }) => [{ options: state.channels.map((each) => ({ text: `#${each.name}`, given: each.id, key: each.id })) }];
const own = ({ element }) => grouped(element);
const keyOf = (given) => given?.value ?? given ?? "";

// What is on the screen when it is drawn, where the app asks for that.
function current({ element, block, surface, state, held }) {
  const here = element.default_to_current_conversation && !held && state.channels.some((each) => each.id === state.channel);
  if (here) surface.keep(block, element, state.channel);
  return here ? state.channel : held;
}

function select(source) {
  return (use) => {
    const groups = source(use);
    const option = (each) => el("option", { value: each.key }, plainly(each.text, use.state));
    const blank = el("option", { value: "" }, plainly(use.element.placeholder, use.state) || "Choose …");
    const node = el("select", use.attributes, blank, groups.map((group) => (group.label ? el("optgroup", { label: plainly(group.label, use.state) }, group.options.map(option)) : group.options.map(option))));
    node.value = keyOf(current(use));
    node.addEventListener("change", async () => {
      const chosen = groups.flatMap((group) => group.options).find((each) => each.key === node.value);
      if (!(await use.choose(node, chosen?.given ?? null))) node.value = keyOf(use.surface.held(use.block, use.element));
    });
    return node;
  };
}

function combo(source, multiple) {
  return (use) => combobox({ ...use, multiple, keyOf, least: 0, load: async () => ({ groups: source(use) }) });
}

function external(multiple) {
  return (use) => combobox({ ...use, multiple, keyOf, asked: true, least: use.element.min_query_length ?? 3, load: async (typed) => {
    const told = await use.surface.suggest(use.block, use.element, typed);
    return told.ok ? { groups: grouped(told) } : { error: `The options could not be loaded: ${told.error}.` };
  } });
}

// Typing a date changes it key by key; the app is told when it has stood still.
function moment(type, read = (text) => text || null, write = (held) => held ?? "") {
  return (use) => {
    let still;
    const node = el("input", { ...use.attributes, type });
    node.value = write(use.held);
    node.addEventListener("change", () => {
      clearTimeout(still);
      use.surface.keep(use.block, use.element, read(node.value));
      still = setTimeout(() => use.choose(node, read(node.value)), use.block.type === "input" ? 0 : 600);
    });
    return node;
  };
}

const local = (seconds) => (seconds ? new Date(seconds * 1000 - new Date(seconds * 1000).getTimezoneOffset() * 60_000).toISOString().slice(0, 16) : "");
const unix = (text) => (text ? Math.floor(new Date(text).getTime() / 1000) : null);

function choices(type) {
  return (use) => {
    const { element, state, attributes } = use;
    const many = type === "checkbox";
    const group = el("div", { ...attributes, "aria-invalid": null, "data-key": null, role: many ? "group" : "radiogroup", class: "choices" });
    const isHeld = (option) => (many ? (use.surface.held(use.block, element) ?? []).some((each) => each.value === option.value) : keyOf(use.surface.held(use.block, element)) === option.value);
    const boxes = element.options.map((option, at) => el("input", { type, name: attributes.id, "data-key": `${attributes["data-key"]}/${at}`, "aria-invalid": attributes["aria-invalid"] }));
    const show = () => boxes.forEach((box, at) => { box.checked = isHeld(element.options[at]); });
    group.addEventListener("change", async () => {
      const chosen = element.options.filter((_, at) => boxes[at].checked);
      await use.choose(group, many ? chosen : chosen[0]);
      show();
    });
    group.append(...element.options.map((option, at) => el("label", {}, boxes[at], el("span", {}, words(option.text, state), option.description ? el("small", {}, words(option.description, state)) : null))));
    show();
    return group;
  };
}

function text(type) {
  return (use) => {
    const { element, block, surface, attributes, state } = use;
    const placeholder = plainly(element.placeholder, state) || null;
    const node = element.multiline ? el("textarea", { ...attributes, rows: 4, placeholder }) : el("input", { ...attributes, type, placeholder, inputmode: element.type === "number_input" ? "decimal" : null, autocomplete: "off" });
    node.value = use.held ?? "";
    const when = element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
    const tell = () => block.dispatch_action && surface.act(block, element, node, node.value);
    node.addEventListener("input", () => {
      surface.keep(block, element, node.value);
      if (when.includes("on_character_entered")) tell();
    });
    node.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || element.multiline || !block.dispatch_action || event.isComposing) return;
      event.preventDefault();
      if (when.includes("on_enter_pressed")) tell();
    });
    return node;
  };
}

const ELEMENTS = {
  button,
  channels_select: select(channels),
  checkboxes: choices("checkbox"),
  conversations_select: select(channels),
  datepicker: moment("date"),
  datetimepicker: moment("datetime-local", unix, local),
  email_text_input: text("email"),
  external_select: external(false),
  feedback_buttons: feedback,
  icon_button: iconButton,
  image: ({ element }) => picture(element),
  mrkdwn: ({ element, state }) => el("span", {}, words(element, state)),
  multi_channels_select: combo(channels, true),
  multi_conversations_select: combo(channels, true),
  multi_external_select: external(true),
  multi_static_select: combo(own, true),
  multi_users_select: combo(people, true),
  number_input: text("text"),
  overflow: menu,
  plain_text: ({ element, state }) => el("span", {}, words(element, state)),
  plain_text_input: text("text"),
  radio_buttons: choices("radio"),
  static_select: select(own),
  timepicker: moment("time"),
  url_text_input: text("url"),
  users_select: select(people),
};
