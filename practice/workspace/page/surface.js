// Something with elements on it: a message, a modal, Home. It remembers what a person has filled in and tells the app.

import { confirmed } from "./confirm.js";
import { post, trouble } from "./server.js";

const INITIAL = [
  "initial_option", "initial_options", "initial_value", "initial_date", "initial_time", "initial_date_time", "initial_user",
  "initial_users", "initial_channel", "initial_channels", "initial_conversation", "initial_conversations",
];

const surfaces = new Map();

// The same place keeps its surface, and with it what was filled in, however often it is drawn.
export function surfaceOf(id, where, state) {
  if (!surfaces.has(id)) surfaces.set(id, new Surface(id, where));
  const surface = surfaces.get(id);
  surface.state = state;
  return surface;
}

class Surface {
  constructor(id, where) {
    Object.assign(this, { id, where, values: {}, faults: {} });
  }

  idOf(block, element) {
    return `${this.id}/${block.block_id}/${element?.action_id ?? ""}`;
  }

  held(block, element) {
    const kept = this.values[block.block_id];
    if (kept && element.action_id in kept) return kept[element.action_id];
    return element[INITIAL.find((name) => name in element)] ?? null;
  }

  // What is said anew is no fault any more until it is submitted again.
  keep(block, element, given) {
    delete this.faults[block.block_id];
    (this.values[block.block_id] ??= {})[element.action_id] = given;
  }

  // Something was chosen. An input tells the app only if it says so; false when a confirm dialog was declined.
  async choose(block, element, node, given) {
    const before = this.held(block, element);
    this.keep(block, element, given);
    if (block.type === "input" && !block.dispatch_action) return true;
    if (await this.act(block, element, node, given)) return true;
    this.keep(block, element, before);
    return false;
  }

  async act(block, element, node, given) {
    if (element.confirm && !(await confirmed(element.confirm, this.state))) return false;
    node.setAttribute("aria-busy", "true");
    const told = await post("act", { ...this.where, block_id: block.block_id, action_id: element.action_id, given, values: this.values });
    node.removeAttribute("aria-busy");
    this.state.complain(trouble(told));
    return true;
  }

  suggest(block, element, typed) {
    return post("suggest", { ...this.where, block_id: block.block_id, action_id: element.action_id, typed });
  }
}
