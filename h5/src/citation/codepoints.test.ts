import { describe, expect, it } from "vitest";
import { countPoints, stretches, unitIndex } from "./codepoints";

/** The text with its marked parts in brackets. */
function marked(text: string, offset: number, ...spans: [number, number][]): string {
  const parts = stretches(text, offset, spans.map(([start, end]) => ({ start, end })));
  expect(parts.map((part) => part.text).join("")).toBe(text);
  return parts.map((part) => (part.marked ? `[${part.text}]` : part.text)).join("");
}

describe("spans in code points", () => {
  it("finds the quote behind an emoji", () => {
    const text = "🔋 保修：电池 24 个月。";
    const points = Array.from(text);
    const start = points.indexOf("电");
    const end = points.indexOf("。") + 1;
    expect(marked(text, 0, [start, end])).toBe("🔋 保修：[电池 24 个月。]");
    // the same numbers taken as UTF-16 units would be off by one
    expect(text.slice(start, end)).not.toBe("电池 24 个月。");
  });

  it("counts every code point of a joined emoji and of rare characters", () => {
    const text = "👩‍👩‍👧 𠮷野家";
    expect(countPoints(text)).toBe(9);
    expect(marked(text, 0, [6, 9])).toBe("👩‍👩‍👧 [𠮷野家]");
  });

  it("finds several, in any order, in a part of the document", () => {
    expect(marked("defghij", 3, [8, 9], [4, 6])).toBe("d[ef]gh[i]j");
    expect(marked("abcdef", 0, [0, 2], [2, 4])).toBe("[ab][cd]ef");
  });

  it("stays inside the text and marks nothing twice", () => {
    expect(unitIndex("ab", 5)).toBe(2);
    expect(marked("abc", 10, [8, 12])).toBe("[ab]c");
    expect(marked("abc", 0, [2, 9])).toBe("ab[c]");
    expect(marked("abc", 0, [2, 1])).toBe("abc");
    expect(marked("abcde", 0, [1, 3], [2, 4])).toBe("a[bc][d]e");
    expect(marked("", 0, [0, 3])).toBe("");
    expect(marked("abc", 0)).toBe("abc");
  });
});
