/** Which language the console speaks. */

export type Lang = "zh" | "en";

function isLang(value: string | null): value is Lang {
  return value === "zh" || value === "en";
}

/** What was chosen before, else the first language of the browser that the console speaks, else English. */
export function firstLang(chosen: string | null, languages: readonly string[]): Lang {
  if (isLang(chosen)) return chosen;
  for (const language of languages) {
    const primary = language.toLowerCase().split("-")[0] ?? "";
    if (isLang(primary)) return primary;
  }
  return "en";
}
