import { describe, expect, it, vi } from "vitest";
import { ApiError } from "../api/error";
import type { Order } from "../api/types";
import { arrival, deposit, order } from "./examples";
import { arrived, followOrder, hasReceipt, isOver, isPayable, LOOKS_MAX, minutesLeft, priceOf, type Standing, toSend } from "./orders";

const NOW = Date.parse("2026-03-01T09:00:00Z");
const at = (minutes: number) => new Date(NOW + 60_000 * minutes).toISOString();
const standing = (state: Order["state"], rest: Partial<Standing> = {}): Standing => ({ order: order({ state }), deposit: null, ...rest });

describe("an order", () => {
  it("is paid, asked for and proved as its state says", () => {
    const table = (["created", "pending", "paid", "fulfilled", "expired", "cancelled", "refunded", "disputed"] as const).map(
      (state) => [state, isPayable(order({ state })), isOver(standing(state), NOW), hasReceipt(order({ state }))],
    );
    expect(table).toEqual([
      ["created", true, false, false],
      ["pending", true, false, false],
      ["paid", false, false, false],
      ["fulfilled", false, true, true],
      ["expired", false, true, false],
      ["cancelled", false, true, false],
      ["refunded", false, true, true],
      ["disputed", false, true, true],
    ]);
  });

  it("on a chain is not over while what is mined late still pays it", () => {
    const late = (state: "open" | "short", deadline: string) => standing("expired", { deposit: deposit({ state, deadline }) });
    expect(isOver(late("open", at(1)), NOW)).toBe(false);
    expect(isOver(late("open", at(-1)), NOW)).toBe(true);
    expect(isOver(late("short", at(1)), NOW)).toBe(true);
  });

  it("says what it costs as far as that can be said", () => {
    const card = order({ provider: "stripe", amount: "1250", currency: "usd" });
    const chain = order({ provider: "chain", amount: "12500000", currency: "usdt", decimals: 6 });
    expect(priceOf(card, null, "en")).toBe("$12.50");
    expect(priceOf(chain, null, "en")).toBe("12.5 USDT");
    expect(priceOf(chain, deposit({ amount: "1234.5", symbol: "USDT" }), "en")).toBe("1,234.5 USDT");
  });

  it("says how long there is to pay", () => {
    expect([minutesLeft(at(27), NOW), minutesLeft(at(0.1), NOW), minutesLeft(at(-5), NOW)]).toEqual([27, 1, 0]);
  });

  it("says what came in whole tokens, and nothing of tokens it does not know", () => {
    const usdt = deposit({ amount: "12.5", units: "12500000", symbol: "USDT", asset: "eip155:1/erc20:0xa" });
    expect(arrived(arrival({ asset: usdt.asset, units: "6250000" }), usdt, "en")).toBe("6.25 USDT");
    expect(arrived(arrival({ asset: "eip155:1/slip44:60", units: "1" }), usdt, "en")).toBeNull();
  });
});

describe("what is still to be sent for an order", () => {
  const asset = "eip155:1/erc20:0xa";
  const after = (...arrivals: Parameters<typeof arrival>[0][]) =>
    toSend(deposit({ amount: "12.5", units: "12500000", asset, arrivals: arrivals.map((one) => arrival({ asset, ...one })) }));

  it("is all of it, then the rest, then nothing", () => {
    expect(after()).toBe("12.5");
    expect(after({ units: "2500000", verdict: "counted" })).toBe("10");
    expect(after({ units: "2500000", verdict: "counted" }, { units: "9999999", verdict: "waiting" })).toBe("0.000001");
    expect(after({ units: "12500000", verdict: "waiting" })).toBeNull();
    expect(after({ units: "20000000", verdict: "waiting" })).toBeNull();
  });

  it("is not less for what does not count", () => {
    const other = { asset: "eip155:1/slip44:60", units: "12500000", verdict: "waiting" } as const;
    expect(after(other, { units: "1", verdict: "gone" }, { units: "1", verdict: "late" })).toBe("12.5");
  });
});

describe("following an order", () => {
  const follow = (answers: (Standing | ApiError)[]) => {
    const told = vi.fn();
    const waits: number[] = [];
    const look = vi.fn(async () => {
      const next = answers.length > 1 ? answers.shift() : answers[0];
      if (next instanceof ApiError) throw next;
      return next as Standing;
    });
    const wait = async (ms: number) => void waits.push(ms);
    const ended = followOrder({ look, told, wait, now: () => NOW }, new AbortController().signal);
    return { ended, told, look, waits };
  };

  it("ends with what was bought, through a broken line", async () => {
    const { ended, told, waits } = follow([standing("pending"), new ApiError("offline"), standing("paid"), standing("fulfilled")]);
    expect(await ended).toBe(true);
    expect(told.mock.calls.map(([{ order: one }]) => one.state)).toEqual(["pending", "paid", "fulfilled"]);
    expect(waits).toHaveLength(3);
  });

  it("does not ask without end, and less and less often", async () => {
    const { ended, look, waits } = follow([standing("pending")]);
    expect(await ended).toBe(false);
    expect(look).toHaveBeenCalledTimes(LOOKS_MAX);
    expect(Math.max(...waits)).toBeLessThanOrEqual(15_000);
    expect(waits.at(-1)).toBeGreaterThan(5_000);
  });

  it("ends with what will not pass", async () => {
    await expect(follow([new ApiError("not_found")]).ended).rejects.toMatchObject({ code: "not_found" });
  });
});
