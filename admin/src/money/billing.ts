/** Who pays and the limits as they are typed, and back. */
import type { Billing, Payer } from "../api/types";
import type { Texts } from "../i18n/en";
import type { Faults } from "../ui/useDraft";
import { countIn, creditsIn, CREDITS_MAX } from "./amount";

/** A limit of uses at most. */
const USES_MAX = 1_000_000;

export interface BillingDraft {
  payer: Payer;
  free: string;
  budget: string;
  userDay: string;
  userMonth: string;
  usesDay: string;
  usesMonth: string;
}

export const CREDIT_LIMITS = ["budget", "userDay", "userMonth"] as const;
export const USE_LIMITS = ["usesDay", "usesMonth"] as const;

export function billingDraft(billing: Billing): BillingDraft {
  return {
    payer: billing.payer,
    free: String(billing.free_uses_per_day),
    budget: billing.budget_per_month ?? "",
    userDay: billing.user_credits_per_day ?? "",
    userMonth: billing.user_credits_per_month ?? "",
    usesDay: String(billing.user_uses_per_day ?? ""),
    usesMonth: String(billing.user_uses_per_month ?? ""),
  };
}

export function billingFaults(draft: BillingDraft, t: Texts): Faults<BillingDraft> {
  const faults: Faults<BillingDraft> = {};
  if (countIn(draft.free, 0, USES_MAX) === null) faults.free = t.billing.freeWrong;
  for (const key of CREDIT_LIMITS) if (limit(draft[key]) === undefined) faults[key] = t.billing.creditsWrong;
  for (const key of USE_LIMITS) if (uses(draft[key]) === undefined) faults[key] = t.billing.usesWrong;
  return faults;
}

/** For a draft without faults. */
export function billingOf(draft: BillingDraft): Billing {
  return {
    payer: draft.payer,
    free_uses_per_day: countIn(draft.free, 0, USES_MAX) ?? 0,
    budget_per_month: limit(draft.budget) ?? null,
    user_credits_per_day: limit(draft.userDay) ?? null,
    user_credits_per_month: limit(draft.userMonth) ?? null,
    user_uses_per_day: uses(draft.usesDay) ?? null,
    user_uses_per_month: uses(draft.usesMonth) ?? null,
  };
}

/** Null for no limit, undefined for what is none; 0 lets nobody use anything. */
function limit(text: string): string | null | undefined {
  return text.trim() === "" ? null : (creditsIn(text, 0n, CREDITS_MAX) ?? undefined);
}

function uses(text: string): number | null | undefined {
  return text.trim() === "" ? null : (countIn(text, 0, USES_MAX) ?? undefined);
}

/** Below how much a wallet is low: null for nobody is told, undefined for what is no amount. */
export function thresholdOf(text: string): string | null | undefined {
  return text.trim() === "" ? null : (creditsIn(text, 1n, CREDITS_MAX) ?? undefined);
}
