import { describe, expect, it } from "vitest";
import { countIn, creditsIn, creditsOf, CREDITS_MAX, grouped, microsOf, minorOf, moneyOf, sumOf, typedMinor } from "./amount";

const NO_AMOUNT = [
  "", " ", ".", "1.", ".5", "-1", "+1", "1e3", "1E308", "NaN", "inf", "Infinity", "1,5", "1 000", "１", "٣", "²", "0x10", "1.5.0",
  "0.0000001", "99999999999999999999999999999999999999", "1\n2", "１.５",
];

describe("credits", () => {
  it("are read to the last digit and written as the API writes them", () => {
    const cases = [["1", 1_000_000n], ["0.000001", 1n], [" 12.50 ", 12_500_000n], ["007", 7_000_000n], ["0", 0n], ["0.0", 0n]] as const;
    for (const [text, micros] of cases) expect(microsOf(text), text).toBe(micros);
    for (const text of ["0", "20", "0.000001", "1.5", "9007199254.740993", "1000000000", "100"]) {
      expect(creditsOf(microsOf(text) ?? -1n)).toBe(text);
    }
    expect(creditsOf(-250_000n)).toBe("-0.25");
  });

  it("that are no amount are refused", () => {
    for (const text of NO_AMOUNT) expect(microsOf(text), JSON.stringify(text)).toBeNull();
  });

  it("are kept within the limits of the server", () => {
    expect(creditsIn("1000000000", 1n, CREDITS_MAX)).toBe("1000000000");
    expect(creditsIn("1000000000.000001", 1n, CREDITS_MAX)).toBeNull();
    expect(creditsIn("0.000", 1n, CREDITS_MAX)).toBeNull();
    expect(creditsIn("0.000", 0n, CREDITS_MAX)).toBe("0");
    expect(creditsIn("007.10", 0n, CREDITS_MAX)).toBe("7.1");
  });

  it("add up exactly, where floats do not", () => {
    expect(sumOf(["0.1", "0.2"])).toBe("0.3");
    expect(sumOf(["999999999.999999", "0.000001", "-1"])).toBe("999999999");
    expect(sumOf([])).toBe("0");
  });
});

describe("money", () => {
  it("is counted in the smallest coin of its currency", () => {
    expect(minorOf("19.90", "CNY")).toBe(1990n);
    expect(minorOf("19.9", "usd")).toBe(1990n);
    expect(minorOf("1500", "JPY")).toBe(1500n);
    expect(minorOf("1.25", "KWD")).toBe(1250n);
    expect(minorOf("100", "ISK")).toBe(10000n);
  });

  it("that cannot be charged is refused", () => {
    for (const text of NO_AMOUNT) expect(minorOf(text, "CNY"), JSON.stringify(text)).toBeNull();
    for (const [text, currency] of [["0", "CNY"], ["1.999", "CNY"], ["1.5", "JPY"], ["1.255", "KWD"], ["1.50", "ISK"], ["1.50", "UGX"], ["90071992547409.92", "CNY"]] as const) {
      expect(minorOf(text, currency), text).toBeNull();
    }
  });

  it("is written as people read it, and typed as they type it", () => {
    expect(moneyOf("1250", "usd")).toBe("12.50 USD");
    expect(moneyOf("123456789012345678", "cny")).toBe("1,234,567,890,123,456.78 CNY");
    expect(moneyOf("5", "jpy")).toBe("5 JPY");
    expect(moneyOf("5", "eur")).toBe("0.05 EUR");
    expect(typedMinor(123456n, "CNY")).toBe("1234.56");
    expect(["1", "1000", "1234567.891", "-1000.5", "999"].map(grouped)).toEqual(["1", "1,000", "1,234,567.891", "-1,000.5", "999"]);
  });
});

describe("a count", () => {
  it("is whole, ASCII, and within its limits", () => {
    expect(countIn(" 5 ", 0, 10)).toBe(5);
    expect(countIn("0", 0, 10)).toBe(0);
    for (const text of ["", "-1", "1.5", "11", "1e1", "５", "9999999999", "x"]) expect(countIn(text, 0, 10), text).toBeNull();
  });
});
