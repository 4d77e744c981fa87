// Numbers as people say them.

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const UNITS = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];

export const at = (seconds) => clock.format(new Date(seconds * 1000));

export function age(seconds) {
  const passed = Math.max(0, Math.floor(Date.now() / 1000 - seconds));
  const [size, unit] = UNITS.find(([each]) => passed >= each) ?? [1, "s"];
  return `${Math.floor(passed / size)} ${unit}`;
}

export const bytes = (size) => (size < 1024 ? `${size} B` : `${(size / 1024).toFixed(1)} KiB`);
