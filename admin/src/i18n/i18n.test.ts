import { describe, expect, it } from "vitest";
import { en } from "./en";
import { firstLang } from "./lang";
import { zh } from "./zh";

function leaves(texts: object, path = ""): [string, unknown][] {
  return Object.entries(texts).flatMap(([key, value]) =>
    typeof value === "object" && value !== null ? leaves(value, `${path}${key}/`) : [[path + key, value] as [string, unknown]],
  );
}

/** Texts that are rightly the same, or rightly of the other language. */
const SHARED = [/^gap$/, /^none$/, /^nav\/language/, /^embed\/langs\//, /^keys\/killWord$/];

describe("the texts", () => {
  it("exist in both languages, none of them empty or left untranslated", () => {
    const chinese = new Map(leaves(zh));
    const english = leaves(en);
    expect([...chinese.keys()].sort()).toEqual(english.map(([key]) => key).sort());
    for (const [key, text] of english) {
      if (SHARED.some((shared) => shared.test(key)) || typeof text !== "string") continue;
      expect(text, key).toMatch(/[a-z]/i);
      expect(text, key).not.toMatch(/[\u4e00-\u9fff]/);
      expect(chinese.get(key), key).toMatch(/[\u4e00-\u9fff]/);
    }
  });

  it("say what they are given", () => {
    for (const texts of [en, zh]) {
      expect(texts.typeToConfirm("kill")).toContain("kill");
      expect(texts.settings.disableTitle("Shop")).toContain("Shop");
      expect(texts.documents.baseOption("Policy", 7)).toMatch(/Policy.*7/);
    }
    expect([en.users.sessions(1), en.users.sessions(2)]).toEqual(["1 conversation", "2 conversations"]);
  });
});

describe("the language of the console", () => {
  it("is the chosen one, or the first of the browser's that it speaks", () => {
    expect(firstLang("en", ["zh-CN"])).toBe("en");
    expect(firstLang(null, ["fr", "zh-Hant-TW", "en"])).toBe("zh");
    expect(firstLang("xx", ["EN-gb"])).toBe("en");
    expect(firstLang(null, [])).toBe("en");
  });
});
