// The topmost of a person's modals, as a dialog: submitted, refused with faults at the inputs, closed.

import { showBlocks } from "./blocks.js";
import { post, trouble } from "./server.js";
import { surfaceOf } from "./surface.js";
import { words } from "./text.js";

const $ = (id) => document.getElementById(id);
const dialog = $("modal");
let view = null;
let surface = null;

export function showModal(stack, state) {
  const next = stack.at(-1) ?? null;
  const other = next?.id !== view?.id;
  view = next;
  if (!view) return void (dialog.open && dialog.close());
  surface = surfaceOf(view.id, { view_id: view.id }, state);
  if (other) fresh();
  draw(state);
  if (!dialog.open) dialog.showModal();
  if (other) first("input, select, textarea, #modal-body button, #modal-close").focus({ preventScroll: true });
}

const first = (selector) => $("modal-body").querySelector(selector) ?? $("modal-close");

function fresh() {
  surface.faults = {};
  $("modal-notice").textContent = "";
  $("modal-body").kept = undefined;
  $("modal-body").replaceChildren();
}

function draw(state) {
  $("modal-title").replaceChildren(words(view.title, state));
  $("modal-close").replaceChildren(view.close ? words(view.close, state) : "Cancel");
  $("modal-submit").replaceChildren(view.submit ? words(view.submit, state) : "Submit");
  $("modal-submit").hidden = !view.submit;
  showBlocks($("modal-body"), view.blocks, surface);
}

async function submit(event) {
  event.preventDefault();
  const [mine, on] = [view, surface];
  if (!mine?.submit || $("modal-submit").getAttribute("aria-busy")) return;
  $("modal-submit").setAttribute("aria-busy", "true");
  const told = await post("submit", { view_id: mine.id, values: on.values });
  $("modal-submit").removeAttribute("aria-busy");
  on.faults = told.faults ?? {};
  if (view?.id !== mine.id) return;
  $("modal-notice").textContent = told.notice ?? (told.faults ? "" : trouble(told));
  draw(on.state);
  dialog.querySelector("[aria-invalid]")?.focus();
  dialog.querySelector(".fault")?.scrollIntoView({ block: "nearest" });
}

function amended(event) {
  const field = event.target.closest(".input");
  field?.querySelector(".fault")?.remove();
  field?.querySelector("[aria-invalid]")?.removeAttribute("aria-invalid");
}

function close() {
  if (view) post("close", { view_id: view.id });
}

$("modal-form").addEventListener("submit", submit);
$("modal-form").addEventListener("input", amended);
$("modal-close").addEventListener("click", close);
$("modal-cross").addEventListener("click", close);
dialog.addEventListener("cancel", (event) => { event.preventDefault(); close(); });
dialog.addEventListener("close", close);
