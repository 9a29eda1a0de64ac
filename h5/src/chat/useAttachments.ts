/** Documents attached to the next question: they go into the person's own base, and the question waits for them. */
import { useCallback, useMemo, useRef, useState } from "react";
import type { Api } from "../api";
import { ApiError, asApiError } from "../api/error";
import type { KnowledgeBase } from "../api/types";
import { listed, type ListedDocument, type Put, useFollowed } from "../knowledge/followed";
import type { Bases } from "../knowledge/useBases";
import type { Scope } from "../knowledge/useScope";
import { uuid } from "../ui/uuid";

/** A question about more than these is better asked of a base. */
export const ATTACHED_MAX = 5;

export interface Attached {
  key: string;
  name: string;
  /** Null while it is on its way to the server. */
  document: ListedDocument | null;
  error: ApiError | null;
}

export type AttachedState = "working" | "ready" | "failed";

export interface Attachments {
  items: readonly Attached[];
  /** Whether documents can be attached at all. */
  allowed: boolean;
  add: (files: readonly File[]) => void;
  remove: (key: string) => void;
  clear: () => void;
}

export function stateOf({ document, error }: Attached): AttachedState {
  if (error !== null || document?.state === "failed") return "failed";
  return document?.state === "ready" ? "ready" : "working";
}

/** Of all of them: one that failed fails all, one that is not there yet is waited for. */
export function stateOfAll(items: readonly Attached[]): AttachedState {
  const states = new Set(items.map(stateOf));
  return states.has("failed") ? "failed" : states.has("working") ? "working" : "ready";
}

export function useAttachments(api: Api, bases: Bases, scope: Scope | null, title: string): Attachments {
  const [items, setItems] = useState<readonly Attached[]>([]);
  const base = useOwnBase(bases, scope, title);

  const change = useCallback((key: string, part: Partial<Attached>) => {
    setItems((old) => old.map((one) => (one.key === key ? { ...one, ...part } : one)));
  }, []);
  const put = useCallback<Put>((id, next) => {
    setItems((old) =>
      old.map((one) => (one.document?.id === id ? { ...one, document: next(one.document) } : one)),
    );
  }, []);
  const documents = useMemo(() => items.flatMap(({ document }) => (document ? [document] : [])), [items]);
  useFollowed(api, documents, put);

  const send = async (key: string, file: File) => {
    try {
      const { id } = await base();
      // the same name once more is a newer copy of the same document
      change(key, { document: listed(await api.upload(id, file, "replace")) });
    } catch (reason) {
      change(key, { error: asApiError(reason) });
    }
  };
  const add = (files: readonly File[]) => {
    const free = ATTACHED_MAX - items.length;
    const added = files.slice(0, Math.max(0, free)).map((file) => ({ key: uuid(), file }));
    setItems((old) => [...old, ...added.map(({ key, file }) => ({ key, name: file.name, document: null, error: null }))]);
    // one after the other: the first of them may have to make the base
    void added.reduce((before, { key, file }) => before.then(() => send(key, file)), Promise.resolve());
  };
  const remove = (key: string) => setItems((old) => old.filter((one) => one.key !== key));
  return { items, allowed: bases.mayOwn, add, remove, clear: () => setItems([]) };
}

/** The person's own base, made with the first document, and among those the conversation may use. */
function useOwnBase(bases: Bases, scope: Scope | null, title: string): () => Promise<KnowledgeBase> {
  const latest = useRef({ bases, scope });
  latest.current = { bases, scope };
  const making = useRef<Promise<KnowledgeBase> | null>(null);
  return async () => {
    const own = latest.current.bases.items.find(({ owner, writable }) => owner === "user" && writable);
    making.current ??= own ? null : latest.current.bases.makeOwn(title);
    const base = own ?? (await making.current?.finally(() => (making.current = null)));
    if (base === undefined) throw new ApiError("not_found");
    const { scope: now } = latest.current;
    if (now !== null && now.chosen !== null && !now.chosen.includes(base.id)) now.choose([...now.chosen, base.id]);
    return base;
  };
}

