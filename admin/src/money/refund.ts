/** Money that goes back by Stripe, as it is typed. */
import type { ErrorCode } from "../api/error";
import type { NewRefund, Order, OrderState } from "../api/types";
import type { Texts } from "../i18n/en";
import type { Faults } from "../ui/useDraft";
import { minorOf } from "./amount";
import { newKey, noteFault } from "./gift";

export interface RefundDraft {
  /** Empty: all that is left. */
  amount: string;
  reason: string;
  key: string;
}

const WITH_MONEY: ReadonlySet<OrderState> = new Set(["paid", "fulfilled", "refunded", "disputed"]);

/** What can still go back, in the smallest coin; the server also knows what is disputed. */
export function leftOf(order: Order): bigint {
  return BigInt(order.amount) - BigInt(order.refunded);
}

export function canRefund(order: Order): boolean {
  return order.provider === "stripe" && WITH_MONEY.has(order.state) && leftOf(order) > 0n;
}

export function refundFaults(draft: RefundDraft, order: Order, t: Texts): Faults<RefundDraft> {
  const faults: Faults<RefundDraft> = {};
  if (draft.amount.trim() !== "") {
    const amount = minorOf(draft.amount, order.currency);
    if (amount === null) faults.amount = t.orders.amountWrong;
    else if (amount > leftOf(order)) faults.amount = t.orders.amountTooMuch;
  }
  const reason = noteFault(draft.reason, t);
  if (reason !== undefined) faults.reason = reason;
  if (!/^[\x20-\x7e]{1,128}$/.test(draft.key.trim())) faults.key = t.orders.keyWrong;
  return faults;
}

/** For a draft without faults. */
export function newRefundOf(draft: RefundDraft, order: Order): NewRefund {
  const amount = draft.amount.trim() === "" ? null : (minorOf(draft.amount, order.currency)?.toString() ?? null);
  return { amount, reason: draft.reason.trim() };
}

/**
 * The key of the next try. What was refused is done with. What may have been done all the same (`unsure`: one
 * try of this form ended so) keeps its name, whatever comes after: a conflict is then the proof that the name
 * was written down, and another one would send money back twice. So does what somebody named by hand: then it
 * is not the one `made`.
 */
export function keyAfter(code: ErrorCode, unsure: boolean, draft: RefundDraft, made: string): string {
  return code === "conflict" && !unsure && draft.key === made ? newKey() : draft.key;
}
