import { describe, expect, it } from "vitest";
import { countPoints, splitAtPoints, unitIndex } from "./codepoints";

describe("spans in code points", () => {
  it("finds the quote behind an emoji", () => {
    const text = "🔋 保修：电池 24 个月。";
    const points = Array.from(text);
    const start = points.indexOf("电");
    const end = points.indexOf("。") + 1;
    expect(splitAtPoints(text, start, end)).toEqual(["🔋 保修：", "电池 24 个月。", ""]);
    // the same numbers taken as UTF-16 units would be off by one
    expect(text.slice(start, end)).not.toBe("电池 24 个月。");
  });

  it("counts every code point of a joined emoji and of rare characters", () => {
    const text = "👩‍👩‍👧 𠮷野家";
    expect(countPoints(text)).toBe(9);
    expect(splitAtPoints(text, 6, 9)).toEqual(["👩‍👩‍👧 ", "𠮷野家", ""]);
  });

  it("stays inside the text", () => {
    expect(unitIndex("ab", 5)).toBe(2);
    expect(splitAtPoints("abc", -2, 2)).toEqual(["", "ab", "c"]);
    expect(splitAtPoints("abc", 2, 1)).toEqual(["ab", "", "c"]);
    expect(splitAtPoints("", 0, 3)).toEqual(["", "", ""]);
  });
});
