/** Credits and money between what people type, what the API says, and whole numbers: nothing is ever a float. */

const DECIMALS = 6;
const MICROS_PER_CREDIT = 10n ** BigInt(DECIMALS);

/** The server's own limits, in micro-credits. */
export const CREDITS_MAX = 10n ** 9n * MICROS_PER_CREDIT;
export const RATE_MAX = 10n ** 6n * MICROS_PER_CREDIT;

/** The most that a number of JSON tells exactly, and far more than a card is charged. */
const MINOR_MAX = 9_007_199_254_740_991n;
/** The longest text that can be an amount; nobody pastes a book into BigInt. */
const CHARS_MAX = 30;

/** ASCII digits, a point, digits: as whole numbers of the last decimal. Null for what is no such number. */
function wholeOf(text: string, decimals: number): bigint | null {
  const typed = text.trim();
  if (typed.length > CHARS_MAX) return null;
  const [, whole, part = ""] = /^([0-9]+)(?:\.([0-9]+))?$/.exec(typed) ?? [];
  if (whole === undefined || part.length > decimals) return null;
  return BigInt(whole + part.padEnd(decimals, "0"));
}

function textOf(amount: bigint, decimals: number): string {
  const sign = amount < 0n ? "-" : "";
  const digits = (amount < 0n ? -amount : amount).toString().padStart(decimals + 1, "0");
  const point = digits.length - decimals;
  return decimals === 0 ? sign + digits : `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** Micro-credits; null for what is no amount of credits, or has more than six decimals. */
export function microsOf(text: string): bigint | null {
  return wholeOf(text, DECIMALS);
}

/** Tokens without needless zeros. */
export function tokensOf(units: string, decimals: number): string {
  return decimalsTrimmed(textOf(BigInt(units), decimals));
}

function decimalsTrimmed(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/** Credits as the API writes them: without needless zeros. */
export function creditsOf(micros: bigint): string {
  return decimalsTrimmed(textOf(micros, DECIMALS));
}

/** What was typed, as the API takes it; null when it is below `min` or above `max` or no amount at all. */
export function creditsIn(text: string, min: bigint, max: bigint): string | null {
  const micros = microsOf(text);
  return micros === null || micros < min || micros > max ? null : creditsOf(micros);
}

/** Credits of many rows together, exactly; the API's own texts, which may be negative. */
export function sumOf(credits: readonly string[]): string {
  const micros = (text: string) => (text.startsWith("-") ? -(microsOf(text.slice(1)) ?? 0n) : (microsOf(text) ?? 0n));
  return creditsOf(credits.reduce((sum, text) => sum + micros(text), 0n));
}

/** With a comma every three digits before the point: both languages of the console write it so. */
export function grouped(digits: string): string {
  return digits.replace(/^(-?)(\d+)/, (_, sign: string, whole: string) => sign + whole.replace(/\B(?=(\d{3})+$)/g, ","));
}

const NO_DECIMALS = "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split(" ");
const THREE_DECIMALS = "bhd jod kwd omr tnd".split(" ");
const WHOLE_HUNDREDTHS = ["isk", "ugx"];

/** How a provider of bank money counts a currency. */
export function decimalsOf(currency: string): number {
  const name = currency.toLowerCase();
  return NO_DECIMALS.includes(name) ? 0 : THREE_DECIMALS.includes(name) ? 3 : 2;
}

/** What an amount is a multiple of: krónur and Ugandan shillings are whole, and the last of three decimals is 0. */
function stepOf(currency: string): bigint {
  return WHOLE_HUNDREDTHS.includes(currency.toLowerCase()) ? 100n : decimalsOf(currency) === 3 ? 10n : 1n;
}

/** Whole numbers of the smallest coin; null for nothing, less, more than is exact, or what nobody can charge. */
export function minorOf(text: string, currency: string): bigint | null {
  const minor = wholeOf(text, decimalsOf(currency));
  if (minor === null || minor <= 0n || minor > MINOR_MAX || minor % stepOf(currency) !== 0n) return null;
  return minor;
}

/** The number in a field, out of the smallest coin. */
export function typedMinor(minor: bigint, currency: string): string {
  return textOf(minor, decimalsOf(currency));
}

/** `1,250.00 USD`, out of the smallest coin. */
export function moneyOf(minor: string, currency: string): string {
  return `${grouped(typedMinor(BigInt(minor), currency))} ${currency.toUpperCase()}`;
}

/** A whole number as it is typed; null when it is none, or not within these. */
export function countIn(text: string, min: number, max: number): number | null {
  if (!/^[0-9]{1,9}$/.test(text.trim())) return null;
  const count = Number(text);
  return count >= min && count <= max ? count : null;
}
