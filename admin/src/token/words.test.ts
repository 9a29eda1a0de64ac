import { describe, expect, it } from "vitest";
import type { Finding, StepName, TokenStep } from "../api/types";
import { TEXTS } from "../i18n";
import { en } from "../i18n/en";
import { reasonOf, stepName } from "./words";

/** Everything the server measures, whichever step it is. */
const VALUES: Record<string, string> = {
  bytes: "1500", bytes_max: "1400", sealed_bytes: "256", keys_bytes: "384", name: "Shop", bits: "1024", fields: "5",
  chars: "201", age_seconds: "301", age_seconds_max: "28800", ahead_seconds_max: "300", server_time: "2026-01-01T00:00:00Z",
  exchange_seconds_max: "300", user: "4711",
};

const step = (name: StepName, found: Finding): TokenStep => ({ step: name, ok: found === "ok", detail_code: found, values: VALUES });

describe("a step of a token's check", () => {
  it.each(Object.keys(en.token.findings) as Finding[])("that finds %s is told in words", (found) => {
    const said = reasonOf(step("key", found), en);
    expect(said).toMatch(/^[A-Z0-9].*\.$/);
    expect(said).not.toMatch(/undefined|[\u4e00-\u9fff]/);
    const chinese = reasonOf(step("key", found), TEXTS.zh);
    expect(chinese).toMatch(/[\u4e00-\u9fff].*。$/);
    expect(chinese).not.toMatch(/undefined/);
  });

  it.each(Object.keys(en.token.steps) as StepName[])("%s has a name, and words for when it is in order", (name) => {
    for (const texts of [TEXTS.en, TEXTS.zh]) {
      expect(stepName(step(name, "ok"), texts)).not.toBe("");
      expect(reasonOf(step(name, "ok"), texts)).not.toMatch(/undefined|^ok$/);
    }
  });

  it("of a newer server is shown by its own name", () => {
    expect(reasonOf(step("key", "brand_new" as Finding), en)).toBe("brand_new");
    expect(reasonOf(step("brand_new" as StepName, "ok"), en)).toBe("ok");
  });
});
