// Numbers as people say them.

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const UNITS = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];

export const at = (seconds) => clock.format(new Date(seconds * 1000));

let ahead = 0;

// The practice world's clock may have run ahead of this machine's.
export function setClock(now) {
  ahead = now - Date.now() / 1000;
}

export const age = (seconds) => span(Date.now() / 1000 + ahead - seconds);

export function span(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [size, unit] = UNITS.find(([each]) => whole >= each) ?? [1, "s"];
  return `${Math.floor(whole / size)} ${unit}`;
}

export const bytes = (size) => (size < 1024 ? `${size} B` : `${(size / 1024).toFixed(1)} KiB`);
