import { describe, expect, it } from "vitest";
import { ApiError } from "../api/error";
import { keyed, type Keys } from "./keys";

/** The keys by which a wish goes out, when its first try fails with `reason`. */
async function triesAfter(reason: unknown): Promise<string[]> {
  const keys: Keys = new Map();
  const tries: string[] = [];
  const act = async (key: string) => {
    tries.push(key);
    if (tries.length === 1) throw reason;
  };
  await expect(keyed(keys, "plan credits", act)).rejects.toBe(reason);
  await keyed(keys, "plan credits", act);
  return tries;
}

describe("the key of a purchase", () => {
  it.each([
    new ApiError("offline"),
    new ApiError("unavailable"),
    new ApiError("upstream"),
    new ApiError("internal"),
    // a success whose body broke off
    new TypeError("network error"),
    new SyntaxError("Unexpected end of JSON input"),
  ])("is kept after %s: it may have been bought", async (reason) => {
    const [first, second] = await triesAfter(reason);
    expect(second).toBe(first);
  });

  it.each(["out_of_credit", "conflict", "invalid", "forbidden", "not_found", "throttled"] as const)(
    "is a new one after %s: nothing was bought",
    async (code) => {
      const [first, second] = await triesAfter(new ApiError(code));
      expect(second).not.toBe(first);
    },
  );

  it("is a new one for what is bought again, and for anything else", async () => {
    const keys: Keys = new Map();
    const used = new Set<string>();
    const act = async (key: string) => void used.add(key);
    await keyed(keys, "plan credits", act);
    await keyed(keys, "plan credits", act);
    await keyed(keys, "plan stripe", act);
    expect(used.size).toBe(3);
    expect(keys.size).toBe(0);
  });
});
