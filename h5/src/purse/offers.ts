/** What can be bought, and in which ways. Pure. */
import type { PaymentProvider, Plan, Quote } from "../api/types";

export type Way =
  | { by: "credits"; credits: string }
  | { by: "stripe"; units: number; currency: string }
  | { by: "chain"; quote: Quote };

export interface Offered {
  plan: Plan;
  ways: readonly Way[];
}

/** Plans that can be bought here. Those that are paid by the month are agreed upon with whoever offers the service. */
export function offered(plans: readonly Plan[], providers: readonly PaymentProvider[], quotes: readonly Quote[]): Offered[] {
  return plans
    .filter(({ kind, enabled }) => enabled && kind !== "monthly")
    .map((plan) => ({ plan, ways: waysOf(plan, providers, quotes) }))
    .filter(({ ways }) => ways.length > 0);
}

function waysOf(plan: Plan, providers: readonly PaymentProvider[], quotes: readonly Quote[]): Way[] {
  const ways: Way[] = [];
  // a plan of credits gives them, the others cost them
  if (plan.kind !== "credit" && plan.credits != null) ways.push({ by: "credits", credits: plan.credits });
  if (providers.includes("stripe") && plan.price_minor != null && plan.currency != null) {
    ways.push({ by: "stripe", units: plan.price_minor, currency: plan.currency });
  }
  if (providers.includes("chain")) {
    for (const quote of quotes) if (quote.plan_id === plan.id) ways.push({ by: "chain", quote });
  }
  return ways;
}

/** Names a way among those of a plan. */
export function wayName(way: Way): string {
  return way.by === "chain" ? `chain ${way.quote.pay_with}` : way.by;
}
