import { describe, expect, it } from "vitest";
import type { Citation } from "../api/types";
import { sourcesOf } from "./sources";

function citation(n: number, start: number): Citation {
  const place = { document_id: "d", document_name: "d.md", version: 1, chunk_id: "c", page: null };
  return { n, ...place, start, end: start + 5, quote: `at ${start}` };
}

describe("the sources of an answer", () => {
  it("are listed once for each number, in order, with all that was quoted", () => {
    const sources = sourcesOf([citation(2, 0), citation(1, 90), citation(1, 7), citation(1, 90)]);
    expect(sources.map(({ n, quotes }) => [n, quotes.map(({ text }) => text)])).toEqual([
      [1, ["at 7", "at 90"]],
      [2, ["at 0"]],
    ]);
  });
});
