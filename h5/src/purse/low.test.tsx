import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { I18nProvider } from "../i18n";
import { notice } from "./examples";
import { LowLine } from "./LowLine";
import { lowOf, stillLow } from "./usePurse";

const ME = "01900000-0000-7000-8000-000000000001";

describe("a word that the money runs low", () => {
  const mine = notice({ user_id: ME, kind: "low_balance", ended_at: null });
  const clients = notice({ user_id: null, kind: "low_balance", ended_at: null });

  it("is about the money that one spends, while it holds", () => {
    expect(lowOf([clients, mine], "me", ME)).toBe(mine);
    expect(lowOf([mine, clients], "client", ME)).toBe(clients);
    expect(lowOf([mine, clients], null, ME)).toBeNull();
    const past = { ...mine, ended_at: "2026-03-01T09:00:00Z" };
    const others = { ...mine, user_id: "01900000-0000-7000-8000-000000000002" };
    expect(lowOf([past, others, { ...mine, kind: "fee_unpaid" }], "me", ME)).toBeNull();
    expect(lowOf([{ ...mine, kind: "order_expired", balance: null, needed: null }], "me", ME)).toBeNull();
  });

  it("is over with the money, not when the notice ends", () => {
    const five = { ...mine, balance: "1", needed: "5" };
    expect(["4.999999", "5", "100"].map((balance) => stillLow(five, { balance, held: "0" }))).toEqual([true, false, false]);
  });

  it("offers the way to more, and can be put away", () => {
    const purse = { whose: "me" as const, low: mine, hideLow: () => undefined };
    const markup = renderToStaticMarkup(
      <I18nProvider initial="zh">
        <LowLine purse={purse} onTopUp={() => undefined} />
      </I18nProvider>,
    );
    expect([...markup.matchAll(/<button[^>]*>([^<]+)/g)].map(([, label]) => label)).toEqual(["充值", "隐藏"]);
  });
});
