import { describe, expect, it } from "vitest";
import { shortcutOf } from "./shortcuts";

const KEY = { altKey: true, ctrlKey: false, metaKey: false, shiftKey: false, code: "KeyN", isComposing: false };

describe("a shortcut", () => {
  it("is Alt with a key, by its place", () => {
    expect(shortcutOf(KEY)).toBe("newChat");
    expect(shortcutOf({ ...KEY, code: "Slash" })).toBe("help");
    expect(shortcutOf({ ...KEY, code: "KeyZ" })).toBeNull();
  });

  it.each([{ altKey: false }, { ctrlKey: true }, { metaKey: true }, { shiftKey: true }, { isComposing: true }])(
    "is nothing else: %o",
    (change) => {
      expect(shortcutOf({ ...KEY, ...change })).toBeNull();
    },
  );
});
