/** Documents on their way into a base, followed until they are ready or have failed. */
import { useEffect } from "react";
import type { Api } from "../api";
import { asApiError } from "../api/error";
import { documentEvent, type DocumentEvent } from "../api/events";
import type { DocumentState, KnowledgeDocument } from "../api/types";
import { backoffMs, pause } from "../stream/backoff";
import { readEvents } from "../stream/sse";

/** Browsers open six connections to one server; an answer and the rest of the page need theirs. */
const FOLLOWED_MAX = 2;

export interface ListedDocument extends KnowledgeDocument {
  /** From 0 to 1 while it is worked on; null while nobody knows. */
  progress: number | null;
}

export function listed(document: KnowledgeDocument): ListedDocument {
  return { ...document, progress: null };
}

export function isSettled(state: DocumentState): boolean {
  return state === "ready" || state === "failed";
}

export type Put = (id: string, change: (old: ListedDocument) => ListedDocument) => void;

/** Follows the first unfinished documents; the next ones move up as these settle. */
export function useFollowed(api: Api, items: readonly ListedDocument[], put: Put) {
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
