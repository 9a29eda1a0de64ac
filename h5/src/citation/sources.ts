/** What a number in an answer stands for: one passage, and the sentences in it that bear the answer out. */
import type { Citation } from "../api/types";

/** What a quoted entry of a list begins with; it says nothing outside its list. */
export const LIST_MARK = /^[-*•]\s+/;

/** In code points of the document's text. */
export interface Quote {
  start: number;
  end: number;
  text: string;
}

export interface Source extends Pick<Citation, "n" | "document_id" | "document_name" | "version" | "page"> {
  /** In the order of the document; never empty. */
  quotes: [Quote, ...Quote[]];
}

/** One for each number, in the order of the numbers. */
export function sourcesOf(citations: readonly Citation[]): Source[] {
  const byNumber = new Map<number, Source>();
  for (const { quote, start, end, ...citation } of citations) {
    const found: Quote = { start, end, text: quote };
    const source = byNumber.get(citation.n);
    if (source === undefined) byNumber.set(citation.n, { ...citation, quotes: [found] });
    else if (source.quotes.every((known) => known.start !== start)) source.quotes.push(found);
  }
  for (const { quotes } of byNumber.values()) quotes.sort((a, b) => a.start - b.start);
  return [...byNumber.values()].sort((a, b) => a.n - b.n);
}
