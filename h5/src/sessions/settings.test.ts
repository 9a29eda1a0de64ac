import { describe, expect, it } from "vitest";
import { changedCount, NO_SETTINGS, numberIn } from "./settings";

describe("a number that is typed", () => {
  it.each([
    ["temperature", "0.7", 0.7],
    ["temperature", "0,7", 0.7],
    ["temperature", " ", null],
    ["temperature", "2.1", undefined],
    ["temperature", "warm", undefined],
    ["top_k", "20", 20],
    ["top_k", "0", undefined],
    ["top_k", "1.5", undefined],
    ["history_count", "0", 0],
    ["max_tokens", "1e3", 1000],
    ["threshold", "Infinity", undefined],
  ] as const)("%s: %s", (name, text, value) => {
    expect(numberIn(name, text)).toBe(value);
  });

  it("is counted where it is set", () => {
    expect(changedCount(NO_SETTINGS)).toBe(0);
    expect(changedCount({ ...NO_SETTINGS, top_k: 3, threshold: 0 })).toBe(2);
  });
});
