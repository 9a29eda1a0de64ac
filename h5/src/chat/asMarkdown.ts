/** An answer as Markdown to take elsewhere: its markers become footnotes that name the documents. Pure. */
import type { Citation } from "../api/types";
import { LIST_MARK, type Source, sourcesOf } from "../citation/sources";

const MARKER = /\[(\d{1,3})\]/g;

/** `place` says where in its document a source stands, in the language of the page; empty where it has no pages. */
export function asMarkdown(text: string, citations: readonly Citation[], place: (page: number) => string): string {
  const sources = sourcesOf(citations);
  const known = new Set(sources.map(({ n }) => n));
  const body = text.trim().replace(MARKER, (marker, n: string) => (known.has(Number(n)) ? `[^${n}]` : marker));
  const notes = sources.map((source) => note(source, place));
  return notes.length === 0 ? body : `${body}\n\n${notes.join("\n")}`;
}

function note({ n, document_name, page, quotes }: Source, place: (page: number) => string): string {
  const where = page == null ? document_name : `${document_name}, ${place(page)}`;
  // a footnote is one line; a quote may be several
  const words = quotes.map(({ text }) => text.replace(LIST_MARK, "").replace(/\s+/g, " ").trim()).join(" … ");
  return `[^${n}]: ${where}: “${words}”`;
}
