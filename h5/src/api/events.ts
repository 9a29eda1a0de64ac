/** The events of an answer and of a document on its way into a base. */
import type { Citation, DocumentState, Passage, Usage } from "./types";

export type AnswerEvent =
  | { type: "start"; session_id: string; question_id: string; message_id: string; model: string | null }
  | { type: "passages"; passages: Passage[] }
  | { type: "delta"; text: string }
  | { type: "citations"; citations: Citation[] }
  | ({ type: "usage" } & Usage)
  | { type: "reset"; text: string }
  | { type: "done"; state: "done" | "stopped" }
  | { type: "error"; code: string; detail: string };

export type DocumentEvent =
  | { type: "progress"; state: DocumentState; done: number; total: number }
  | { type: "done"; state: "ready" | "failed"; reason: string | null };

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
