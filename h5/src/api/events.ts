/** The events of an answer and of a document on its way into a base. */
import type { AnswerNews, DocumentNews } from "./types";

export type AnswerEvent = { [Name in keyof AnswerNews]: { type: Name } & AnswerNews[Name] }[keyof AnswerNews];

export type DocumentEvent = { type: "progress" | "done" } & DocumentNews;

const ANSWER_EVENTS: ReadonlySet<string> = new Set<AnswerEvent["type"]>([
  "start",
  "passages",
  "delta",
  "citations",
  "usage",
  "reset",
  "done",
  "error",
]);
const DOCUMENT_EVENTS: ReadonlySet<string> = new Set<DocumentEvent["type"]>(["progress", "done"]);

/** Null for an event this page does not know yet: a newer server may send more. */
export function answerEvent(name: string, data: string): AnswerEvent | null {
  return ANSWER_EVENTS.has(name) ? ({ ...JSON.parse(data), type: name } as AnswerEvent) : null;
}

export function documentEvent(name: string, data: string): DocumentEvent | null {
  return DOCUMENT_EVENTS.has(name) ? ({ ...JSON.parse(data), type: name } as DocumentEvent) : null;
}
