import { describe, expect, it } from "vitest";
import { ApiError, isUnsure } from "../api/error";
import type { Billing, Order, Plan, Price } from "../api/types";
import { TEXTS } from "../i18n";
import { billingDraft, billingFaults, billingOf, thresholdOf } from "./billing";
import { backwards } from "./days";
import { type GiftDraft, giftFaults, giftOf, newKey, noteFault } from "./gift";
import { newPlanOf, PLAN_KINDS, type PlanDraft, planDraft, planFaults } from "./plan";
import { newPriceOf, priceDraft, priceFaults, RATES, standingsOf } from "./price";
import { canRefund, keyAfter, leftOf, newRefundOf, refundFaults } from "./refund";
import { lineOf, movedOf, orderedOf, paidOf } from "./units";

const t = TEXTS.en;
/** What no field of an amount takes, each for a reason of its own. */
const BAD = ["-1", "0.0000001", "１", "1e3", "x", "9".repeat(40), "1,5"];

const wrong = (faults: object) => Object.keys(faults).sort();

describe("who pays", () => {
  const billing: Billing = {
    payer: "user",
    free_uses_per_day: 3,
    budget_per_month: "10000",
    user_credits_per_day: null,
    user_credits_per_month: "0.5",
    user_uses_per_day: 100,
    user_uses_per_month: null,
  };

  it("comes back as it was, and empty is no limit", () => {
    const draft = billingDraft(billing);
    expect(billingFaults(draft, t)).toEqual({});
    expect(billingOf(draft)).toEqual(billing);
    expect(billingOf({ ...draft, budget: " 007.50 ", usesDay: "" })).toMatchObject({ budget_per_month: "7.5", user_uses_per_day: null });
    // nothing at all may be used: that is a limit, too
    expect(billingOf({ ...draft, budget: "0" }).budget_per_month).toBe("0");
  });

  it("is marked at its field", () => {
    const draft = billingDraft(billing);
    for (const bad of BAD) {
      const all = { ...draft, free: bad, budget: bad, userDay: bad, userMonth: bad, usesDay: bad, usesMonth: bad };
      expect(wrong(billingFaults(all, t)), bad).toEqual(["budget", "free", "userDay", "userMonth", "usesDay", "usesMonth"]);
    }
    expect(wrong(billingFaults({ ...draft, free: "", usesDay: "1000001" }, t))).toEqual(["free", "usesDay"]);
    expect(["", "0", "20", "0.000001"].map(thresholdOf)).toEqual([null, undefined, "20", "0.000001"]);
  });
});

describe("a price", () => {
  const price = { id: "1", model: "small", input: "3", output: "15", valid_from: "2026-01-01T00:00:00Z" } as Price;

  it("begins as the one before, and is sent as whole credits", () => {
    const draft = priceDraft(price);
    expect(priceFaults(draft, t)).toEqual({});
    expect(newPriceOf({ ...draft, input: "2.50" })).toEqual({
      model: "small", input: "2.5", cached_input: null, output: "15", embedding: null, page: null, image: null, valid_from: null,
    });
  });

  it("is marked where it cannot be one", () => {
    const blank = priceDraft(null);
    expect(wrong(priceFaults(blank, t))).toEqual(["input", "model"]);
    expect(wrong(priceFaults({ ...blank, model: "模".repeat(101), page: "1" }, t))).toEqual(["model"]);
    expect(wrong(priceFaults({ ...blank, model: "m", input: "1" }, t))).toEqual(["output"]);
    expect(wrong(priceFaults({ ...blank, model: "m", page: "1000000.000001" }, t))).toEqual(["page"]);
    // half a moment is no moment: it must not become "now"
    expect(wrong(priceFaults({ ...blank, model: "m", page: "0", from: "later", at: "" }, t))).toEqual(["at"]);
    for (const bad of BAD) for (const rate of RATES) {
      expect(priceFaults({ ...priceDraft(price), [rate]: bad }, t)[rate], `${rate} ${bad}`).toBeDefined();
    }
  });

  it("counts when it is the latest of its model that has begun", () => {
    const of = (id: string, model: string, from: string) => ({ id, model, valid_from: from }) as Price;
    const prices = [
      of("a3", "a", "2026-03-01T00:00:00Z"),
      of("a2", "a", "2026-02-01T00:00:00Z"),
      of("a1", "a", "2026-01-01T00:00:00Z"),
      of("b1", "b", "2026-02-10T00:00:00Z"),
    ];
    const standings = standingsOf(prices, Date.parse("2026-02-10T00:00:00Z"));
    expect([...standings]).toEqual([["a3", "later"], ["a2", "now"], ["a1", "before"], ["b1", "now"]]);
  });
});

describe("a plan", () => {
  const typed = (part: Partial<PlanDraft>): PlanDraft => ({ ...planDraft(null), name: "P", ...part });

  it("of each kind asks for what it needs, and sends nothing else", () => {
    const rest = { credits: "20", price: "19.90", currency: "cny", uses: "50", unit: "quarter" as const, count: "2" };
    const sent = PLAN_KINDS.map((kind) => newPlanOf(typed({ kind, ...rest }), null));
    const money = { price_minor: 1990, currency: "CNY" };
    const none = { price_minor: null, currency: null };
    const base = { name: "P", credits: "20", uses: null, pass_unit: null, pass_count: null, replaces: null };
    expect(sent).toEqual([
      { ...base, kind: "credit", ...money },
      { ...base, kind: "uses", ...money, uses: 50 },
      { ...base, kind: "pass", ...money, pass_unit: "quarter", pass_count: 2 },
      { ...base, kind: "monthly", ...none },
    ]);
    for (const kind of PLAN_KINDS) expect(planFaults(typed({ kind, ...rest }), t), kind).toEqual({});
  });

  it("is marked where it cannot be offered", () => {
    expect(wrong(planFaults(typed({ kind: "credit", name: " " }), t))).toEqual(["credits", "name", "price"]);
    expect(wrong(planFaults(typed({ kind: "uses" }), t))).toEqual(["credits", "uses"]);
    expect(wrong(planFaults(typed({ kind: "pass", credits: "1", count: "367" }), t))).toEqual(["count"]);
    expect(wrong(planFaults(typed({ kind: "monthly", credits: "0" }), t))).toEqual(["credits"]);
    expect(wrong(planFaults(typed({ kind: "credit", credits: "1", price: "1", currency: "€" }), t))).toEqual(["currency"]);
    expect(wrong(planFaults(typed({ kind: "credit", credits: "1", price: "1.5", currency: "JPY" }), t))).toEqual(["price"]);
    expect(wrong(planFaults(typed({ kind: "uses", uses: "5", credits: "5", name: "x".repeat(101) }), t))).toEqual(["name"]);
    for (const bad of BAD) {
      expect(wrong(planFaults(typed({ kind: "uses", credits: bad, price: bad, uses: bad }), t)), bad).toEqual(["credits", "price", "uses"]);
    }
  });

  it("in the place of another begins as that", () => {
    const plan = { id: "7", name: "50", kind: "uses", credits: "20", price_minor: 1990, currency: "CNY", uses: 50 } as Plan;
    const again = newPlanOf(planDraft(plan), plan.id);
    expect(again).toMatchObject({ name: "50", kind: "uses", credits: "20", price_minor: 1990, currency: "CNY", uses: 50, replaces: "7" });
  });
});

describe("credits that are given", () => {
  const draft: GiftDraft = { whose: "client", user: "left over", credits: "20.50", note: " Welcome " };

  it("go to whom was chosen, under the name of the form", () => {
    expect(giftOf(draft, "k")).toEqual({ credits: "20.5", key: "k", note: "Welcome" });
    expect(giftOf({ ...draft, whose: "user", user: " u-1 " }, "k")).toMatchObject({ user: "u-1" });
    const keys = new Set(Array.from({ length: 100 }, newKey));
    expect(keys.size).toBe(100);
    expect([...keys].every((key) => /^[\x20-\x7e]{1,100}$/.test(key))).toBe(true);
  });

  it("are refused at their field", () => {
    for (const bad of [...BAD, "", "0", "0.0", "1000000000.1"]) expect(wrong(giftFaults({ ...draft, credits: bad }, t)), bad).toEqual(["credits"]);
    expect(wrong(giftFaults({ ...draft, whose: "user", user: " " }, t))).toEqual(["user"]);
    // counted as the server counts: a sign outside the first plane is one character
    expect(giftFaults({ ...draft, note: "😀".repeat(500) }, t)).toEqual({});
    expect(wrong(giftFaults({ ...draft, note: "😀".repeat(501) }, t))).toEqual(["note"]);
    expect([" ", "x", "x".repeat(501)].map((note) => noteFault(note, t) === undefined)).toEqual([false, true, false]);
  });
});

describe("a refund", () => {
  const order = { provider: "stripe", state: "fulfilled", amount: "1250", refunded: "250", currency: "usd" } as Order;
  const draft = { amount: "", reason: "The buyer asked.", key: "console-1" };

  it("is offered for what Stripe was paid and has not sent back", () => {
    expect(leftOf(order)).toBe(1000n);
    expect(canRefund(order)).toBe(true);
    for (const part of [{ provider: "chain" }, { state: "pending" }, { refunded: "1250" }] as Partial<Order>[]) {
      expect(canRefund({ ...order, ...part }), JSON.stringify(part)).toBe(false);
    }
  });

  it("is all that is left, or a part in the smallest coin", () => {
    expect(newRefundOf(draft, order)).toEqual({ amount: null, reason: "The buyer asked." });
    expect(newRefundOf({ ...draft, amount: "2.5" }, order).amount).toBe("250");
    expect(refundFaults({ ...draft, amount: "10.00" }, order, t)).toEqual({});
    for (const bad of [...BAD, "0", "10.01", "1.999"]) expect(wrong(refundFaults({ ...draft, amount: bad }, order, t)), bad).toEqual(["amount"]);
    expect(wrong(refundFaults({ ...draft, reason: "", key: "ключ" }, order, t))).toEqual(["key", "reason"]);
  });

  it("keeps its name until it is known to be refused, and one that was typed always", () => {
    for (const code of ["offline", "upstream", "internal", "unavailable"] as const) {
      expect(isUnsure(new ApiError(code))).toBe(true);
      expect(keyAfter(code, false, draft, draft.key)).toBe(draft.key);
    }
    expect(keyAfter("conflict", false, draft, draft.key)).not.toBe(draft.key);
    expect(keyAfter("conflict", false, draft, "another")).toBe(draft.key);
    expect(isUnsure(new ApiError("conflict"))).toBe(false);
  });

  it("of which an answer was lost is never asked for by another name", () => {
    expect(keyAfter("conflict", true, draft, draft.key)).toBe(draft.key);
  });
});

describe("amounts of orders and books", () => {
  it("are written as their side counts them", () => {
    expect(paidOf("stripe", "1250", "usd", t)).toBe("12.50 USD");
    const card = { provider: "stripe", currency: "usd", decimals: 2 } as Order;
    expect(orderedOf(card, "1200")).toBe("12.00 USD");
    const coin = (decimals: number) => ({ provider: "chain", currency: "usdt", decimals }) as Order;
    expect(orderedOf(coin(6), "1234500000")).toBe("1,234.5 USDT");
    expect(orderedOf(coin(0), "1200")).toBe("1,200 USDT");
    expect(orderedOf(coin(18), "1")).toBe("0.000000000000000001 USDT");
    expect(paidOf("chain", "12500000", "usdt", t)).toBe("12,500,000 smallest units of USDT");
    expect(paidOf("chain", "12500000", "usdt", TEXTS.zh)).toBe("12,500,000 个 USDT 最小单位");
    expect(lineOf("ledger", "1500000", "micro-credits", t)).toBe("1.5 credits");
    expect(lineOf("stripe", "1250", "usd", t)).toBe("12.50 USD");
    expect(lineOf("stripe", "-1250", "usd", t)).toBe("-12.50 USD");
    expect(lineOf("stripe", "-5", "usd", t)).toBe("-0.05 USD");
    expect(lineOf("chain", "5", "eth", t)).toBe("5 smallest units of ETH");
  });

  it("of a day are read line by line; what is no such line is left out", () => {
    expect(movedOf("stripe 100000000 0\nwallet 0 100000001\n")).toEqual([
      { account: "stripe", taken: "100", given: "0" },
      { account: "wallet", taken: "0", given: "100.000001" },
    ]);
    expect(movedOf("")).toEqual([]);
    expect(movedOf("odd line here too")).toEqual([]);
  });

  it("are asked for by days in their order", () => {
    expect(backwards({ from: "2026-01-02", to: "2026-01-01" })).toBe(true);
    expect(["", "2026-01-02", "2026-01-03"].map((to) => backwards({ from: "2026-01-02", to }))).toEqual([false, false, false]);
  });
});
