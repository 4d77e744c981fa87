// Times as people say them, kept fresh while they are on the page.

const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];
const words = new Intl.RelativeTimeFormat(undefined, { numeric: "auto", style: "short" });

export function ago(when) {
  const seconds = Math.round((when - Date.now()) / 1000);
  const [unit, size] = UNITS.find(([, each]) => Math.abs(seconds) >= each) ?? [];
  return unit ? words.format(Math.trunc(seconds / size), unit) : "just now";
}

// Fills and refills a <time> that has its moment in `datetime`.
export function keepFresh(node) {
  node.dataset.ago = "";
  node.textContent = ago(new Date(node.dateTime));
  return node;
}

setInterval(() => document.querySelectorAll("time[data-ago]").forEach(keepFresh), 10_000);
