/** Credits and money as people read them. Exact: amounts come as text and never become floating. Pure. */
import type { Lang } from "../i18n/lang";

/** Currencies that are counted in whole ones, and those with three decimals; all others have two. As the server has it. */
const NO_DECIMALS: ReadonlySet<string> = new Set(
  "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split(" "),
);
const THREE_DECIMALS: ReadonlySet<string> = new Set("bhd jod kwd omr tnd".split(" "));
const MICRO_DIGITS = 6;

/** Decimal text as a number of smallest units: `1.5` with two decimals is 150. */
export function unitsOf(decimal: string, decimals: number): bigint {
  const [whole = "0", fraction = ""] = decimal.replace("-", "").split(".");
  const units = BigInt(whole + fraction.padEnd(decimals, "0").slice(0, decimals));
  return decimal.startsWith("-") ? -units : units;
}

/** The other way; zeros at the end are left out. */
export function decimalOf(units: bigint, decimals: number): string {
  const digits = String(units < 0n ? -units : units).padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, "");
  return (units < 0n ? "-" : "") + whole + (fraction && `.${fraction}`);
}

export const microsOf = (credits: string) => unitsOf(credits, MICRO_DIGITS);
export const creditsOf = (micros: bigint) => decimalOf(micros, MICRO_DIGITS);

/** With the thousands set apart. */
export function grouped(decimal: string, lang: Lang): string {
  const [whole = "0", fraction] = decimal.replace("-", "").split(".");
  const text = new Intl.NumberFormat(lang).format(BigInt(whole)) + (fraction ? `.${fraction}` : "");
  return decimal.startsWith("-") ? `−${text}` : text;
}

/** What came in and what went out, told apart by more than a colour. */
export function signed(credits: string, lang: Lang): string {
  return (microsOf(credits) > 0n ? "+" : "") + grouped(credits, lang);
}

/** An amount in the smallest unit of a bank's currency. */
export function money(units: string | number, currency: string, lang: Lang): string {
  const name = currency.toLowerCase();
  const decimals = NO_DECIMALS.has(name) ? 0 : THREE_DECIMALS.has(name) ? 3 : 2;
  const text = decimalOf(BigInt(units), decimals);
  try {
    const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
    return new Intl.NumberFormat(lang, { style: "currency", currency, ...digits }).format(Number(text));
  } catch {
    // browsers know names of three letters only
    return `${grouped(text, lang)} ${currency.toUpperCase()}`;
  }
}

/** The decimals of a token, out of one amount that is said in whole tokens and in smallest units. */
export function decimalsIn(amount: string, units: string): number {
  const [whole = "", fraction = ""] = amount.split(".");
  const digits = (whole + fraction).replace(/^0+/, "");
  return fraction.length + Math.max(0, units.length - digits.length);
}

/** How much of a limit is used up, from 0 to 1. */
export function share(used: number | string, max: number | string): number {
  const [part, whole] = [Number(used), Number(max)];
  return whole > 0 ? Math.min(1, Math.max(0, part / whole)) : 1;
}

export function dayTime(at: string | Date, lang: Lang): string {
  return new Date(at).toLocaleString(lang, { dateStyle: "medium", timeStyle: "short" });
}

export function day(at: string, lang: Lang): string {
  return new Date(at).toLocaleDateString(lang, { dateStyle: "medium" });
}
