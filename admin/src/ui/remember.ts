/** The two tastes a browser remembers: language and scheme. Nothing else is ever stored. */

export type Taste = "lang" | "scheme";

export function recall(taste: Taste): string | null {
  try {
    return localStorage.getItem(`concierge.${taste}`);
  } catch {
    // a browser that keeps nothing
    return null;
  }
}

export function remember(taste: Taste, value: string): void {
  try {
    localStorage.setItem(`concierge.${taste}`, value);
  } catch {
    // it holds for this visit at least
  }
}
