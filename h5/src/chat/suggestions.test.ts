import { describe, expect, it } from "vitest";
import { suggestionsOf } from "./suggestions";

describe("suggested questions", () => {
  it("come from every base in turn, each once, four at most", () => {
    const bases = [{ suggestions: ["a", "b", "c"] }, { suggestions: [] }, { suggestions: ["x", " a ", "y"] }];
    expect(suggestionsOf(bases)).toEqual(["a", "x", "b", "c"]);
    expect(suggestionsOf([])).toEqual([]);
    expect(suggestionsOf([{ suggestions: ["", "  "] }])).toEqual([]);
  });
});
