/** Questions to begin with, out of the bases that will be asked. Pure. */
import type { KnowledgeBase } from "../api/types";

/** As many as fit a phone above the keyboard. */
const SHOWN = 4;

/** The first one of every base, then the second ones: no base speaks for all. */
export function suggestionsOf(bases: readonly Pick<KnowledgeBase, "suggestions">[]): string[] {
  const most = Math.max(0, ...bases.map(({ suggestions }) => suggestions.length));
  const found = new Set<string>();
  for (let rank = 0; rank < most; rank += 1) {
    for (const { suggestions } of bases) {
      const question = suggestions[rank]?.trim();
      if (question) found.add(question);
    }
  }
  return [...found].slice(0, SHOWN);
}
