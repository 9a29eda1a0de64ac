import { describe, expect, it } from "vitest";
import { plan, quote } from "./examples";
import { offered, wayName } from "./offers";

const ways = (...given: Parameters<typeof offered>) => offered(...given).map(({ ways: all }) => all.map(wayName));

describe("what is on offer", () => {
  const pack = plan({ id: "p", kind: "uses", credits: "20", price_minor: 1990, currency: "CNY" });
  const credit = plan({ id: "c", kind: "credit", credits: "100", price_minor: 1250, currency: "USD" });

  it("is paid with credits, by card and on chains, as far as each is there", () => {
    const usdt = quote({ plan_id: "p", pay_with: "local/USDT" });
    expect(ways([pack], ["stripe", "chain"], [usdt, quote({ plan_id: "other" })])).toEqual([
      ["credits", "stripe", "chain local/USDT"],
    ]);
    expect(ways([pack], [], [usdt])).toEqual([["credits"]]);
  });

  it("leaves out what cannot be bought here", () => {
    // credits are not bought with credits
    expect(ways([credit], [], [])).toEqual([]);
    expect(ways([credit], ["stripe"], [])).toEqual([["stripe"]]);
    expect(ways([{ ...pack, kind: "monthly" }, { ...pack, enabled: false }], ["stripe"], [])).toEqual([]);
    expect(ways([plan({ kind: "uses", credits: null, price_minor: null, currency: null })], ["stripe"], [])).toEqual([]);
  });
});
