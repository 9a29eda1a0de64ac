/** Every endpoint the page uses, by its deed. */
import type { Http } from "./http";
import type {
  DocumentText,
  KnowledgeBase,
  KnowledgeDocument,
  Me,
  Message,
  NewSession,
  Page,
  Session,
  SessionChange,
} from "./types";

/** Rows asked for at once. */
const PAGE_ROWS = 30;
/** The server's limit for one page; bases are few and wanted all at once. */
const PAGE_ROWS_MAX = 100;

const EVENT_STREAM = { accept: "text/event-stream" };

function paged(cursor: string | null, rows = PAGE_ROWS): string {
  const query = new URLSearchParams({ limit: String(rows) });
  if (cursor !== null) query.set("cursor", cursor);
  return `?${query}`;
}

export function api(http: Http) {
  return {
    me: () => http.json<Me>("/me"),

    sessions: (cursor: string | null) => http.json<Page<Session>>(`/sessions${paged(cursor)}`),
    session: (id: string) => http.json<Session>(`/sessions/${id}`),
    newSession: (body: NewSession) => http.json<Session>("/sessions", { method: "POST", body }),
    changeSession: (id: string, change: SessionChange) =>
      http.json<Session>(`/sessions/${id}`, { method: "PATCH", body: change }),
    deleteSession: (id: string) => http.nothing(`/sessions/${id}`, { method: "DELETE" }),

    messages: (session: string, cursor: string | null, signal?: AbortSignal) =>
      http.json<Page<Message>>(`/sessions/${session}/messages${paged(cursor)}`, { signal }),
    message: (id: string, signal?: AbortSignal) => http.json<Message>(`/messages/${id}`, { signal }),
    /** With the question its answer goes too. */
    deleteMessage: (id: string) => http.nothing(`/messages/${id}`, { method: "DELETE" }),
    stop: (id: string) => http.json<Message>(`/messages/${id}/stop`, { method: "POST" }),
    /** Asking twice with the same id asks once and attaches to the same stream. */
    ask: (session: string, id: string, content: string, signal: AbortSignal) =>
      http.send(`/sessions/${session}/messages`, {
        method: "POST",
        body: { id, content },
        headers: EVENT_STREAM,
        signal,
      }),
    answerStream: (id: string, after: string | null, signal: AbortSignal) =>
      http.send(`/messages/${id}/stream`, {
        headers: after === null ? EVENT_STREAM : { ...EVENT_STREAM, "last-event-id": after },
        signal,
      }),

    bases: () => http.json<Page<KnowledgeBase>>(`/knowledge-bases${paged(null, PAGE_ROWS_MAX)}`),
    newBase: (name: string, title: string) =>
      http.json<KnowledgeBase>("/knowledge-bases", { method: "POST", body: { name, title } }),
    documents: (base: string, cursor: string | null) =>
      http.json<Page<KnowledgeDocument>>(`/knowledge-bases/${base}/documents${paged(cursor)}`),
    upload: (base: string, file: File) => {
      const form = new FormData();
      form.append("file", file, file.name);
      return http.json<KnowledgeDocument>(`/knowledge-bases/${base}/documents`, { method: "POST", body: form });
    },
    addByAddress: (base: string, url: string) =>
      http.json<KnowledgeDocument>(`/knowledge-bases/${base}/documents`, { method: "POST", body: { url } }),
    document: (id: string) => http.json<KnowledgeDocument>(`/documents/${id}`),
    deleteDocument: (id: string) => http.nothing(`/documents/${id}`, { method: "DELETE" }),
    documentEvents: (id: string, signal: AbortSignal) =>
      http.send(`/documents/${id}/events`, { headers: EVENT_STREAM, signal }),
    /** `start` and `end` in code points. */
    documentText: (id: string, version: number, start: number, end: number, signal?: AbortSignal) =>
      http.json<DocumentText>(`/documents/${id}/text?version=${version}&start=${start}&end=${end}`, { signal }),
  };
}

export type Api = ReturnType<typeof api>;
