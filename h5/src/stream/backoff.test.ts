import { describe, expect, it } from "vitest";
import { backoffMs } from "./backoff";

describe("waiting before the next attempt", () => {
  it("doubles up to a limit", () => {
    const longest = [1, 2, 3, 4, 5, 6, 7, 50].map((failures) => backoffMs(failures, () => 1));
    expect(longest).toEqual([400, 800, 1600, 3200, 6400, 12800, 15000, 15000]);
  });

  it("differs by chance, but never below half", () => {
    expect(backoffMs(3, () => 0)).toBe(800);
    expect(backoffMs(3, () => 0.5)).toBe(1200);
  });
});
