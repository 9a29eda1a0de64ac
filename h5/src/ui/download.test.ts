import { describe, expect, it } from "vitest";
import { nameIn } from "./download";

describe("the name of an attachment", () => {
  it.each([
    [`attachment; filename="a.md"; filename*=UTF-8''%E4%BF%9D%E4%BF%AE.md`, "保修.md"],
    [`attachment; filename*=UTF-8''%E4%ZZ; filename="a.md"`, "a.md"],
    [`attachment; filename="two words.md"`, "two words.md"],
    ["attachment; filename=a.json", "a.json"],
    ["attachment", null],
    [null, null],
  ])("%s", (disposition, name) => {
    expect(nameIn(disposition)).toBe(name);
  });
});
