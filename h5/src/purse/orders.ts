/** How an order stands, and how it is asked for again until it is over. Pure but for the asking. */
import { asApiError } from "../api/error";
import type { Arrival, Deposit, Order } from "../api/types";
import { backoffMs, pause } from "../stream/backoff";
import { decimalOf, decimalsIn, grouped, money } from "./amounts";
import type { Lang } from "../i18n/lang";

/** About twenty minutes; after that a person asks again. */
export const LOOKS_MAX = 100;

export interface Standing {
  order: Order;
  /** Of an order that is paid on a chain. */
  deposit: Deposit | null;
}

/** Whether the buyer may still pay. */
export function isPayable({ state }: Order): boolean {
  return state === "created" || state === "pending";
}

/** There is a receipt once what was bought is given. */
export function hasReceipt({ state }: Order): boolean {
  return state === "fulfilled" || state === "refunded" || state === "disputed";
}

/** Nothing more comes by itself. An order on a chain is still paid by what is mined until its deadline. */
export function isOver({ order, deposit }: Standing, now: number): boolean {
  if (isPayable(order) || order.state === "paid") return false;
  const late = order.state === "expired" && deposit?.state === "open";
  return !(late && Date.parse(deposit.deadline) > now);
}

/** What it costs. */
export function priceOf({ provider, amount, currency, decimals }: Order, deposit: Deposit | null, lang: Lang): string {
  if (deposit !== null) return `${grouped(deposit.amount, lang)} ${deposit.symbol}`;
  if (provider === "stripe") return money(amount, currency, lang);
  return `${grouped(decimalOf(BigInt(amount), decimals), lang)} ${currency.toUpperCase()}`;
}

/** What came for the order, in whole tokens; null for another token, whose decimals nobody told. */
export function arrived(arrival: Arrival, deposit: Deposit, lang: Lang): string | null {
  if (arrival.asset !== deposit.asset) return null;
  const decimals = decimalsIn(deposit.amount, deposit.units);
  return `${grouped(decimalOf(BigInt(arrival.units), decimals), lang)} ${deposit.symbol}`;
}

/**
 * What is still to be sent, in whole tokens: what came counts already, or will once its block is deep enough.
 * Null when nothing is.
 */
export function toSend({ amount, units, asset, arrivals }: Deposit): string | null {
  const counts = ({ asset: came, verdict }: Arrival) => came === asset && (verdict === "counted" || verdict === "waiting");
  const rest = arrivals.filter(counts).reduce((left, arrival) => left - BigInt(arrival.units), BigInt(units));
  return rest > 0n ? decimalOf(rest, decimalsIn(amount, units)) : null;
}

/** Whole minutes until then, 0 when it is over. */
export function minutesLeft(until: string, now: number): number {
  return Math.max(0, Math.ceil((Date.parse(until) - now) / 60_000));
}

export interface Asking {
  look: () => Promise<Standing>;
  told: (standing: Standing) => void;
  wait?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  now?: () => number;
}

/** Asks until the order is over: true; false when it was asked often enough. What passes is asked again. */
export async function followOrder({ look, told, wait = pause, now = Date.now }: Asking, signal: AbortSignal): Promise<boolean> {
  for (let looks = 1; looks <= LOOKS_MAX; looks += 1) {
    try {
      const standing = await look();
      signal.throwIfAborted();
      told(standing);
      if (isOver(standing, now())) return true;
    } catch (reason) {
      signal.throwIfAborted();
      if (!asApiError(reason).passing) throw reason;
    }
    await wait(backoffMs(looks), signal);
  }
  return false;
}
