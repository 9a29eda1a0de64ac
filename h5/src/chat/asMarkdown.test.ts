import { describe, expect, it } from "vitest";
import type { Citation } from "../api/types";
import { asMarkdown } from "./asMarkdown";

function citation(n: number, quote: string, page: number | null, start = 0): Citation {
  return { n, document_id: "d", document_name: "保修.pdf", version: 1, chunk_id: "c", start, end: start + 1, quote, page };
}

describe("an answer as Markdown", () => {
  it("turns markers into footnotes, and leaves what only looks like one", () => {
    const text = "保修 24 个月[1]。见数组 `a[7]`。\n";
    expect(asMarkdown(text, [citation(1, "24 个\n月", 3)], (page) => `第 ${page} 页`)).toBe(
      "保修 24 个月[^1]。见数组 `a[7]`。\n\n[^1]: 保修.pdf, 第 3 页: “24 个 月”",
    );
  });

  it("joins the quotes of one number, and is only its text without sources", () => {
    const two = [citation(2, "later", null, 9), citation(2, "earlier", null, 1)];
    expect(asMarkdown("yes[2]", two, String)).toBe("yes[^2]\n\n[^2]: 保修.pdf: “earlier … later”");
    expect(asMarkdown(" no [1] ", [], String)).toBe("no [1]");
  });
});
