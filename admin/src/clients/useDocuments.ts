/** The documents of a base, each followed until it is ready or has failed. */
import { useCallback, useEffect } from "react";
import type { Api } from "../api";
import { asApiError } from "../api/error";
import type { Doc, DocumentState } from "../api/types";
import { type List, useList } from "../ui/useLoad";
import { readEvents } from "../ui/sse";

/** Browsers open six connections to one server; the rest of the console needs its own. */
const FOLLOWED_MAX = 2;
const RETRY_MS = 2_000;
const RETRIES_MAX = 30;

export interface ListedDocument extends Doc {
  /** From 0 to 1 while it is worked on; null while nobody knows. */
  progress?: number | null;
}

export function isSettled(state: DocumentState): boolean {
  return state === "ready" || state === "failed";
}

export function useDocuments(api: Api, client: string, base: string): List<ListedDocument> {
  const list = useList<ListedDocument>(
    useCallback((cursor: string | null) => api.documents(client, base, cursor), [api, client, base]),
  );
  const { change } = list;
  const put = useCallback(
    (id: string, news: Partial<ListedDocument>) =>
      change((items) => items.map((one) => (one.id === id ? { ...one, ...news } : one))),
    [change],
  );
  const followed = list.items
    .filter(({ state }) => !isSettled(state))
    .slice(0, FOLLOWED_MAX)
    .map(({ id }) => id)
    .join();
  useEffect(() => {
    const controller = new AbortController();
    for (const id of followed.split(",").filter(Boolean)) {
      void follow(api, client, id, put, controller.signal);
    }
    return () => controller.abort();
  }, [api, client, followed, put]);
  return list;
}

type Put = (id: string, news: Partial<ListedDocument>) => void;

/** Follows one document; a line that breaks is picked up again, a bounded number of times. */
async function follow(api: Api, client: string, id: string, put: Put, signal: AbortSignal): Promise<void> {
  for (let failures = 0; failures < RETRIES_MAX && !signal.aborted; failures += 1) {
    try {
      const body = await api.documentEvents(client, id, signal);
      for await (const { event, data } of readEvents(body)) {
        if (signal.aborted) return;
        const news = newsOf(event ?? "", data);
        // how it ended is taken from the document itself, which is read next
        if (news !== null && !isSettled(news.state)) put(id, news);
      }
      const document = await api.document(client, id);
      if (signal.aborted) return;
      put(id, document);
      if (isSettled(document.state)) return;
    } catch (reason) {
      if (signal.aborted || ["not_found", "unauthenticated"].includes(asApiError(reason).code)) return;
    }
    await new Promise((go) => setTimeout(go, RETRY_MS));
  }
}

/** Null for an event this console does not know yet. */
export function newsOf(event: string, data: string): { state: DocumentState; progress: number | null } | null {
  if (event !== "progress") return null;
  const { state, done, total } = JSON.parse(data) as { state: DocumentState; done: number; total: number };
  return { state, progress: total > 0 ? done / total : null };
}
