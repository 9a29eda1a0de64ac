import { describe, expect, it } from "vitest";
import { en } from "./en";
import { preferredLang } from "./lang";
import { zh } from "./zh";

function leaves(texts: object, path = ""): [string, unknown][] {
  return Object.entries(texts).flatMap(([key, value]) =>
    typeof value === "object" && value !== null ? leaves(value, `${path}${key}.`) : [[path + key, value] as [string, unknown]],
  );
}

/** Texts that are rightly the same, or rightly of the other language. */
const SHARED = new Set(["gap", "nav.language", "nav.languageLabel"]);

describe("the texts", () => {
  it("exist in both languages, none of them empty or left untranslated", () => {
    const chinese = new Map(leaves(zh));
    const english = leaves(en);
    expect([...chinese.keys()].sort()).toEqual(english.map(([key]) => key).sort());
    for (const [key, text] of english) {
      if (SHARED.has(key) || typeof text !== "string") continue;
      expect(text, key).toMatch(/[a-z]/i);
      expect(chinese.get(key), key).toMatch(/[\u4e00-\u9fff]/);
    }
  });

  it("say what they are given", () => {
    expect(zh.chat.waitSeconds(7)).toContain("7");
    for (const texts of [en, zh]) {
      expect(texts.sessions.removeText("Trip")).toContain("Trip");
      expect(texts.sources.chip(3, "a.pdf")).toMatch(/3.*a\.pdf/);
      expect(texts.knowledge.documents(12)).toContain("12");
    }
    expect([en.knowledge.documents(1), en.knowledge.documents(2)]).toEqual(["1 document", "2 documents"]);
  });
});

describe("the language of the page", () => {
  it("is the first of the browser's that it speaks", () => {
    expect(preferredLang(["zh-CN", "en"])).toBe("zh");
    expect(preferredLang(["zh-Hant-TW"])).toBe("zh");
    expect(preferredLang(["fr", "zh"])).toBe("zh");
    expect(preferredLang(["EN-gb"])).toBe("en");
    expect(preferredLang([])).toBe("en");
  });
});
