import { describe, expect, it } from "vitest";
import { draftOf, moveDraft, NEW, setDraft } from "./drafts";

describe("an unsent question", () => {
  it("stays with its conversation, and goes along when that gets its id", () => {
    setDraft(NEW, "half");
    setDraft("a", "other");
    moveDraft(NEW, "b");
    expect([draftOf(NEW), draftOf("a"), draftOf("b")]).toEqual(["", "other", "half"]);
    moveDraft(NEW, "a");
    expect(draftOf("a")).toBe("other");
    setDraft("a", "");
    expect(draftOf("a")).toBe("");
  });

  it("is forgotten when fifty others are newer", () => {
    setDraft("first", "x");
    for (let n = 0; n < 50; n += 1) setDraft(`n${n}`, "y");
    expect(draftOf("first")).toBe("");
    expect(draftOf("n49")).toBe("y");
  });
});
