/** Amounts of orders and of the books, as each side counts them. */
import type { Provider } from "../api/types";
import { creditsOf, grouped, moneyOf } from "./amount";

/** What the books call what the ledger moves. */
const MICRO_CREDITS = "micro-credits";

/** A provider of bank money counts the smallest coin; what a token's unit is worth only its chain knows. */
export function paidOf(provider: Provider, amount: string, currency: string): string {
  return provider === "stripe" ? moneyOf(amount, currency) : tokensOf(amount, currency);
}

/** A line of the books; `credits` writes an amount of them. */
export function lineOf(provider: string, amount: string, currency: string, credits: (text: string) => string): string {
  if (currency === MICRO_CREDITS && /^-?\d+$/.test(amount)) return credits(grouped(creditsOf(BigInt(amount))));
  return provider === "stripe" && /^-?\d+$/.test(amount) ? moneyOf(amount, currency) : tokensOf(amount, currency);
}

function tokensOf(amount: string, currency: string): string {
  return `${grouped(amount)} ${currency.toUpperCase()}`;
}

export interface Moved {
  account: string;
  /** Credits. */
  taken: string;
  given: string;
}

/** What moved in the ledger on a day: a line each kind of account, with micro-credits taken and given. */
export function movedOf(trial: string): Moved[] {
  return [...trial.matchAll(/^(\S+) (\d+) (\d+)$/gm)].map(([, account = "", taken = "0", given = "0"]) => ({
    account,
    taken: creditsOf(BigInt(taken)),
    given: creditsOf(BigInt(given)),
  }));
}
