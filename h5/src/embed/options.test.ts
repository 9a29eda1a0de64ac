import { describe, expect, it } from "vitest";
import { optionsOf, pageAddress, tokenIn } from "./options";

describe("the attributes of the script", () => {
  it("need only say where the token is", () => {
    expect(optionsOf({ tokenUrl: "/my/token" }, ["zh-Hans", "en"])).toEqual({
      tokenUrl: "/my/token",
      lang: "zh",
      theme: "auto",
      label: null,
      side: "right",
      color: null,
      open: false,
    });
    expect(optionsOf({}, ["en"])).toBeNull();
  });

  it("may say more, and what they say wrongly counts as not said", () => {
    const given = { tokenUrl: "/t", language: "en", theme: "dark", side: "left", label: " Help ", color: "#123", open: "" };
    expect(optionsOf(given, ["zh"])).toMatchObject({ lang: "en", theme: "dark", side: "left", label: "Help", open: true });
    const wrong = { tokenUrl: "/t", language: "fr", theme: "pink", side: "top", label: "x".repeat(99), open: "false" };
    const read = optionsOf(wrong, ["", "fr"]);
    expect(read).toMatchObject({ lang: "en", theme: "auto", side: "right", open: false });
    expect(read?.label).toHaveLength(60);
  });

  it("lead to the page beside the script", () => {
    const address = pageAddress("https://chat.example/h5/embed.js?v=2", { lang: "zh", theme: "auto" });
    expect(address.href).toBe("https://chat.example/h5/?entry=host&lang=zh&theme=auto");
  });
});

describe("a site's answer", () => {
  it.each([
    ['{"token":"abc"}', "abc"],
    ['{"api_token":"a+b/c=="}', "a+b/c=="],
    ["  YWJj+/=\n", "YWJj+/="],
    ["", null],
    ["{", null],
    ['{"token":7}', null],
    ['{"token":""}', null],
    ["<!doctype html><title>Sign in</title>", null],
  ])("%s", (body, token) => {
    expect(tokenIn(body)).toBe(token);
  });
});
