/** Conversations, questions and answers. */
import type { Http } from "./http";
import { paged } from "./paging";
import { nothing, raw, said } from "./said";
import type { ExportFormat, NewSession, Question, Rating, SessionChange } from "./types";

/** An answer as it is written; its body is read by `stream/`. */
const STREAM = { headers: { accept: "text/event-stream" }, parseAs: "stream" } as const;

const at = (id: string) => ({ path: { id } });

export function chatApi(http: Http) {
  return {
    sessions: (cursor: string | null) => said(http.GET("/sessions", { params: { query: paged(cursor) } })),
    session: (id: string) => said(http.GET("/sessions/{id}", { params: at(id) })),
    newSession: (body: NewSession) => said(http.POST("/sessions", { body })),
    changeSession: (id: string, body: SessionChange) => said(http.PATCH("/sessions/{id}", { params: at(id), body })),
    deleteSession: (id: string) => nothing(http.DELETE("/sessions/{id}", { params: at(id) })),

    search: (q: string, cursor: string | null, signal?: AbortSignal) =>
      said(http.GET("/sessions/search", { params: { query: { q, ...paged(cursor) } }, signal: signal ?? null })),
    exportSession: (id: string, format: ExportFormat) =>
      raw(http.GET("/sessions/{id}/export", { params: { ...at(id), query: { format } }, parseAs: "stream" })),
    models: () => said(http.GET("/models")),
    /** The instructions that can be chosen: their names, not their texts. */
    prompts: () => said(http.GET("/prompts")),

    messages: (session: string, cursor: string | null) =>
      said(http.GET("/sessions/{id}/messages", { params: { ...at(session), query: paged(cursor) } })),
    message: (id: string, signal: AbortSignal) => said(http.GET("/messages/{id}", { params: at(id), signal })),
    /** With the question its answer goes too. */
    deleteMessage: (id: string) => nothing(http.DELETE("/messages/{id}", { params: at(id) })),
    rate: (id: string, body: Rating) => said(http.PUT("/messages/{id}/rating", { params: at(id), body })),
    stop: (id: string) => said(http.POST("/messages/{id}/stop", { params: at(id) })),
    /** Asking twice with the same id asks once and attaches to the same stream. */
    ask: (session: string, body: Question, signal: AbortSignal) =>
      raw(http.POST("/sessions/{id}/messages", { ...STREAM, params: at(session), body, signal })),
    /** `id` is that of the new answer: asking twice with the same one asks once. */
    regenerate: (answer: string, id: string, signal: AbortSignal) =>
      raw(http.POST("/messages/{id}/regenerate", { ...STREAM, params: at(answer), body: { id }, signal })),
    answerStream: (id: string, after: string | null, signal: AbortSignal) => {
      const header = after === null ? {} : { "Last-Event-ID": after };
      return raw(http.GET("/messages/{id}/stream", { ...STREAM, params: { ...at(id), header }, signal }));
    },
  };
}
