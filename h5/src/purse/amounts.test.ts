import { describe, expect, it } from "vitest";
import { creditsOf, decimalOf, decimalsIn, grouped, microsOf, money, share, signed, unitsOf } from "./amounts";

describe("an amount", () => {
  it("stays exact, however large or small", () => {
    expect(microsOf("12.4688")).toBe(12_468_800n);
    expect(microsOf("-0.000001")).toBe(-1n);
    expect(creditsOf(microsOf("9007199254740993.000001"))).toBe("9007199254740993.000001");
    expect([creditsOf(0n), creditsOf(-1n), creditsOf(20_000_000n)]).toEqual(["0", "-0.000001", "20"]);
    expect(unitsOf("12", 0)).toBe(12n);
    expect(decimalOf(500n, 0)).toBe("500");
  });

  it("is grouped, and says whether it came or went", () => {
    expect(grouped("1234567.05", "en")).toBe("1,234,567.05");
    expect(grouped("1234567.05", "zh")).toBe("1,234,567.05");
    expect([signed("20", "en"), signed("-3.2", "en"), signed("-0.5", "zh")]).toEqual(["+20", "−3.2", "−0.5"]);
    expect([signed("0", "en"), signed("0.000001", "en")]).toEqual(["0", "+0.000001"]);
  });
});

describe("money", () => {
  it("has the decimals that the server counts its currency in", () => {
    expect(money("1250", "usd", "en")).toBe("$12.50");
    expect(money(1990, "CNY", "zh")).toBe("¥19.90");
    expect(money("500", "jpy", "en")).toBe("¥500");
    expect(money("1005", "kwd", "en")).toMatch(/KWD\s1\.005/);
    // browsers take it for whole, the server counts hundredths
    expect(money("100000", "isk", "en")).toMatch(/ISK\s1,000\.00/);
  });

  it("of a name that no browser knows is written out", () => {
    expect(money("1250", "POINTS", "en")).toBe("12.5 POINTS");
  });
});

describe("the decimals of a token", () => {
  it.each([
    ["12.5", "12500000", 6],
    ["0.05", "50000000000000000", 18],
    ["1", "1000000000000000000", 18],
    ["100", "100", 0],
    ["0.000001", "1", 6],
    ["1.000001", "1000001", 6],
  ])("follow from %s = %s", (amount, units, decimals) => {
    expect(decimalsIn(amount, units)).toBe(decimals);
  });
});

describe("what is used up of a limit", () => {
  it("is between nothing and all; of a limit of nothing it is all", () => {
    expect([share(1, 4), share("30", "20"), share(0, 0), share("0", "5")]).toEqual([0.25, 1, 1, 0]);
  });
});
