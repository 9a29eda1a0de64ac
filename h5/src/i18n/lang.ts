/** Which language the page speaks. */

export type Lang = "zh" | "en";

export function isLang(value: unknown): value is Lang {
  return value === "zh" || value === "en";
}

/** The first language of the browser that the page speaks; English where it speaks none. */
export function preferredLang(languages: readonly string[]): Lang {
  for (const language of languages) {
    const primary = language.toLowerCase().split("-")[0] ?? "";
    if (isLang(primary)) return primary;
  }
  return "en";
}

/** Kept in the address rather than in storage: it survives a reload in every frame, and links carry it. */
export function rememberLang(lang: Lang, location: Location, history: History): void {
  const url = new URL(location.href);
  url.searchParams.set("lang", lang);
  history.replaceState(history.state, "", url.pathname + url.search + url.hash);
}
