/** Sizes as people read them. */
const UNITS = ["B", "kB", "MB", "GB"] as const;

export function bytesOf(bytes: number, lang: string): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const maximumFractionDigits = value < 10 && unit > 0 ? 1 : 0;
  const number = new Intl.NumberFormat(lang === "zh" ? "zh-CN" : "en-GB", { maximumFractionDigits }).format(value);
  return `${number} ${UNITS[unit]}`;
}
