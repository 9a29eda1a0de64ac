/** Sizes as people read them. */
const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;

export function bytesOf(bytes: number, lang: string): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const options = { style: "unit", unit: UNITS[unit] ?? "byte", unitDisplay: "short", maximumFractionDigits: value < 10 && unit > 0 ? 1 : 0 } as const;
  return new Intl.NumberFormat(lang === "zh" ? "zh-CN" : "en-GB", options).format(value);
}
