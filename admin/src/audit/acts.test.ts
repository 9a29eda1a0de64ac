import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { TEXTS } from "../i18n";
import { ACTS, actName } from "./acts";

const SERVER = "../src/admin";

/** What the server writes into its record: `"key.kill"` and the like in its source. */
function written(): string[] {
  const files = readdirSync(SERVER, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".rs"));
  const text = files.map((name) => readFileSync(`${SERVER}/${name}`, "utf8")).join("\n");
  return [...text.matchAll(/"((?:client|key|api_key|user|base|document|operator|billing|low_balance|price|plan|credits|order|payment_exception|chain_arrival|subscription|book_line)\.[a-z_]+)"/g)].map(([, act]) => act ?? "");
}

describe("an act", () => {
  it("that the server writes down has words in both languages", () => {
    const acts = written();
    expect(acts.length).toBeGreaterThan(5);
    expect(acts.filter((act) => !(ACTS as readonly string[]).includes(act))).toEqual([]);
    for (const act of ACTS) {
      expect(actName(act, TEXTS.en)).not.toBe(act);
      expect(actName(act, TEXTS.zh)).toMatch(/[\u4e00-\u9fff]/);
    }
  });

  it("of a newer server is shown by its own name", () => {
    expect(actName("moon.landing", TEXTS.en)).toBe("moon.landing");
  });
});
