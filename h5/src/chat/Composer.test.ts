import { describe, expect, it } from "vitest";
import { sends } from "./Composer";

function key(over: { key?: string; shiftKey?: boolean; keyCode?: number; isComposing?: boolean }) {
  const { isComposing = false, ...rest } = over;
  return { key: "Enter", shiftKey: false, keyCode: 13, nativeEvent: { isComposing } as KeyboardEvent, ...rest };
}

describe("the Enter key", () => {
  it("sends", () => expect(sends(key({}))).toBe(true));
  it("breaks the line with Shift", () => expect(sends(key({ shiftKey: true }))).toBe(false));
  it("only accepts a word while one is composed", () => expect(sends(key({ isComposing: true }))).toBe(false));
  it("only accepts a word in Safari, which has ended the composition by then", () =>
    expect(sends(key({ keyCode: 229 }))).toBe(false));
  it("is the only key that sends", () => expect(sends(key({ key: "a", keyCode: 65 }))).toBe(false));
});
