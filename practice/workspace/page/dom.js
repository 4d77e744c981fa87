// The one way in which this page makes elements (text goes in as text, never as markup), and keeps lists of them.

export function el(name, properties = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") node.addEventListener(key, value);
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

// Brings a node's children in step with entries {id, sign, draw, update?}. A child whose sign is the same stays as it
// is; one with `update` is changed in place; what is drawn anew gets focus and caret back by its data-key.
export function sync(parent, entries) {
  const old = parent.kept ?? new Map();
  parent.kept = new Map();
  const wanted = new Set(entries.map((entry) => entry.id));
  for (const [id, { node }] of old) {
    if (!wanted.has(id)) holdingFocus(node, () => node.remove(), parent);
  }
  entries.forEach((entry, at) => {
    const node = settled(parent, old.get(entry.id), entry);
    parent.kept.set(entry.id, { node, sign: entry.sign });
    if (parent.children[at] !== node) parent.insertBefore(node, parent.children[at] ?? null);
  });
}

function settled(parent, before, entry) {
  if (!before) return entry.draw();
  if (before.sign !== entry.sign && entry.update) entry.update(before.node);
  if (before.sign === entry.sign || entry.update) return before.node;
  const node = entry.draw();
  holdingFocus(before.node, () => before.node.replaceWith(node), parent);
  return node;
}

function holdingFocus(node, change, parent) {
  const focused = node.contains(document.activeElement) ? document.activeElement : null;
  const caret = focused && "selectionStart" in focused ? [focused.selectionStart, focused.selectionEnd] : null;
  change();
  if (!focused) return;
  const again = [...parent.querySelectorAll("[data-key]")].find((each) => each.dataset.key === focused.dataset.key);
  (again ?? parent.closest("[tabindex='-1']"))?.focus({ preventScroll: true });
  if (again && caret?.[0] != null) again.setSelectionRange(...caret);
}
