/** The documents of a base, each followed until it is ready or has failed. */
import { useCallback, useEffect, useMemo, useState } from "react";
import type { Api } from "../api";
import { documentEvent, type DocumentEvent } from "../api/events";
import { type ApiError, asApiError } from "../api/error";
import type { DocumentState, KnowledgeDocument } from "../api/types";
import { backoffMs, pause } from "../stream/backoff";
import { readEvents } from "../stream/sse";

/** Browsers open six connections to one server; an answer and the rest of the page need theirs. */
const FOLLOWED_MAX = 2;

export interface ListedDocument extends KnowledgeDocument {
  /** From 0 to 1 while it is worked on; null while nobody knows. */
  progress: number | null;
}

export interface Documents {
  items: readonly ListedDocument[];
  loading: boolean;
  error: ApiError | null;
  hasMore: boolean;
  loadMore: () => void;
  add: (document: KnowledgeDocument) => void;
  remove: (id: string) => Promise<void>;
}

export function isSettled(state: DocumentState): boolean {
  return state === "ready" || state === "failed";
}

export function useDocuments(api: Api, baseId: string): Documents {
  const [items, setItems] = useState<readonly ListedDocument[]>([]);
  const [loading, setLoading] = useState(true);
  const [error, setError] = useState<ApiError | null>(null);
  const [cursor, setCursor] = useState<string | null>(null);

  const load = useCallback(
    async (from: string | null) => {
      setLoading(true);
      setError(null);
      try {
        const page = await api.documents(baseId, from);
        setItems((old) => merged(old, page.items));
        setCursor(page.next_cursor ?? null);
      } catch (reason) {
        setError(asApiError(reason));
      } finally {
        setLoading(false);
      }
    },
    [api, baseId],
  );
  useEffect(() => void load(null), [load]);

  const put = useCallback((id: string, change: (old: ListedDocument) => ListedDocument) => {
    setItems((old) => old.map((one) => (one.id === id ? change(one) : one)));
  }, []);
  useFollowed(api, items, put);

  const acts = useMemo(
    () => ({
      // the same bytes uploaded again may be the same document
      add: (document: KnowledgeDocument) =>
        setItems((old) => [listed(document), ...old.filter(({ id }) => id !== document.id)]),
      remove: async (id: string) => {
        await api.deleteDocument(id);
        setItems((old) => old.filter((one) => one.id !== id));
      },
    }),
    [api],
  );
  return { items, loading, error, hasMore: cursor !== null, loadMore: () => void load(cursor), ...acts };
}

type Put = (id: string, change: (old: ListedDocument) => ListedDocument) => void;

/** Follows the first unfinished documents; the next ones move up as these settle. */
function useFollowed(api: Api, items: readonly ListedDocument[], put: Put) {
  const followed = items
    .filter(({ state }) => !isSettled(state))
    .slice(0, FOLLOWED_MAX)
    .map(({ id }) => id)
    .join();
  useEffect(() => {
    const controller = new AbortController();
    for (const id of followed.split(",").filter(Boolean)) void followDocument(api, id, put, controller.signal);
    return () => controller.abort();
  }, [api, followed, put]);
}

async function followDocument(api: Api, id: string, put: Put, signal: AbortSignal): Promise<void> {
  for (let failures = 0; !signal.aborted; failures += 1) {
    try {
      const response = await api.documentEvents(id, signal);
      for await (const { event, data } of readEvents(response)) {
        const news = documentEvent(event ?? "message", data);
        if (news !== null) put(id, (old) => ({ ...old, ...newsOf(news) }));
      }
      // the events tell the state, the document also its pages and errors
      const document = await api.document(id);
      put(id, (old) => ({ ...document, progress: old.progress }));
      if (isSettled(document.state)) return;
    } catch (error) {
      if (asApiError(error).code === "not_found") return;
    }
    await pause(backoffMs(failures + 1), signal).catch(() => undefined);
  }
}

function newsOf(news: DocumentEvent): Partial<ListedDocument> {
  // how it ended is taken from the document itself, which is read next
  if (news.type === "done" || isSettled(news.state)) return {};
  return { state: news.state, progress: news.total > 0 ? news.done / news.total : null };
}

/** An upload may be listed before the page that was asked for first arrives; what is shown is the newer news. */
function merged(old: readonly ListedDocument[], page: readonly KnowledgeDocument[]): ListedDocument[] {
  const known = new Set(old.map(({ id }) => id));
  return [...old, ...page.filter(({ id }) => !known.has(id)).map(listed)];
}

function listed(document: KnowledgeDocument): ListedDocument {
  return { ...document, progress: null };
}
