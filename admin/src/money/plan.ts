/** A plan as it is typed: which fields it has depends on what it gives. */
import type { NewPlan, PassUnit, Plan, PlanKind } from "../api/types";
import type { Texts } from "../i18n/en";
import type { Faults } from "../ui/useDraft";
import { countIn, creditsIn, CREDITS_MAX, minorOf, typedMinor } from "./amount";

export const PLAN_KINDS: readonly PlanKind[] = ["credit", "uses", "pass", "monthly"];
export const PASS_UNITS: readonly PassUnit[] = ["day", "month", "quarter", "year"];

/** Characters of a name at most. */
export const NAME_CHARS_MAX = 100;
const USES_MAX = 1_000_000;
const PASS_COUNT_MAX = 366;

export interface PlanDraft {
  kind: PlanKind;
  name: string;
  credits: string;
  price: string;
  currency: string;
  uses: string;
  unit: PassUnit;
  count: string;
}

type Field = "credits" | "price" | "uses" | "pass";

/** What is asked for a kind; a monthly plan is paid with credits alone. */
const FIELDS: Readonly<Record<PlanKind, readonly Field[]>> = {
  credit: ["credits", "price"],
  uses: ["uses", "credits", "price"],
  pass: ["pass", "credits", "price"],
  monthly: ["credits"],
};

export function asks(kind: PlanKind, field: Field): boolean {
  return FIELDS[kind].includes(field);
}

/** One that stands in the place of another begins as that. */
export function planDraft(plan: Plan | null): PlanDraft {
  const currency = plan?.currency ?? "CNY";
  const minor = plan?.price_minor ?? null;
  return {
    kind: plan?.kind ?? "credit",
    name: plan?.name ?? "",
    credits: plan?.credits ?? "",
    price: minor === null ? "" : typedMinor(BigInt(minor), currency),
    currency,
    uses: String(plan?.uses ?? ""),
    unit: plan?.pass_unit ?? "month",
    count: String(plan?.pass_count ?? "1"),
  };
}

const isCurrency = (text: string) => /^[A-Z]{3,8}$/.test(text.trim().toUpperCase());

export function planFaults(draft: PlanDraft, t: Texts): Faults<PlanDraft> {
  const { kind } = draft;
  const faults: Faults<PlanDraft> = {};
  const chars = [...draft.name.trim()].length;
  if (chars === 0 || chars > NAME_CHARS_MAX) faults.name = t.plans.nameWrong;
  const [credits, price] = [draft.credits.trim(), draft.price.trim()];
  const either = kind === "uses" || kind === "pass";
  if ((credits !== "" || !either) && creditsIn(credits, 1n, CREDITS_MAX) === null) faults.credits = t.plans.creditsWrong;
  if (asks(kind, "price") && (price !== "" || !either)) {
    if (!isCurrency(draft.currency)) faults.currency = t.plans.currencyWrong;
    else if (minorOf(price, draft.currency.trim()) === null) faults.price = t.plans.priceWrong;
  }
  if (either && credits === "" && price === "") faults.credits = t.plans.eitherMissing;
  if (asks(kind, "uses") && countIn(draft.uses, 1, USES_MAX) === null) faults.uses = t.plans.usesWrong;
  if (asks(kind, "pass") && countIn(draft.count, 1, PASS_COUNT_MAX) === null) faults.count = t.plans.countWrong;
  return faults;
}

/** For a draft without faults; what its kind does not ask for is left out, whatever was typed there before. */
export function newPlanOf(draft: PlanDraft, replaces: string | null): NewPlan {
  const { kind } = draft;
  const minor = asks(kind, "price") ? minorOf(draft.price, draft.currency.trim()) : null;
  return {
    name: draft.name.trim(),
    kind,
    credits: creditsIn(draft.credits, 1n, CREDITS_MAX),
    price_minor: minor === null ? null : Number(minor),
    currency: minor === null ? null : draft.currency.trim().toUpperCase(),
    uses: asks(kind, "uses") ? countIn(draft.uses, 1, USES_MAX) : null,
    pass_unit: asks(kind, "pass") ? draft.unit : null,
    pass_count: asks(kind, "pass") ? countIn(draft.count, 1, PASS_COUNT_MAX) : null,
    replaces,
  };
}
