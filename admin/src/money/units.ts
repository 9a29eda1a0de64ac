/** Amounts of orders and of the books, as each side counts them. */
import type { Order, Provider } from "../api/types";
import type { Texts } from "../i18n/en";
import { creditsOf, grouped, moneyOf, tokensOf } from "./amount";

/** What the books call what the ledger moves. */
const MICRO_CREDITS = "micro-credits";

/** What an order costs, or a part of it. */
export function orderedOf({ provider, currency, decimals }: Order, amount: string): string {
  if (provider === "stripe") return moneyOf(amount, currency);
  return `${grouped(tokensOf(amount, decimals))} ${currency.toUpperCase()}`;
}

/** A provider of bank money counts the smallest coin; what a token's unit is worth only its chain knows. */
export function paidOf(provider: Provider, amount: string, currency: string, t: Texts): string {
  return provider === "stripe" ? moneyOf(amount, currency) : unitsOf(amount, currency, t);
}

/** A line of the books. */
export function lineOf(provider: string, amount: string, currency: string, t: Texts): string {
  if (currency === MICRO_CREDITS && /^-?\d+$/.test(amount)) return t.money.credits(grouped(creditsOf(BigInt(amount))));
  return provider === "stripe" && /^-?\d+$/.test(amount) ? moneyOf(amount, currency) : unitsOf(amount, currency, t);
}

/** Never without the word: a token has six, eight or eighteen decimals, and they are not known here. */
function unitsOf(amount: string, currency: string, t: Texts): string {
  return t.orders.units(grouped(amount), currency.toUpperCase());
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
