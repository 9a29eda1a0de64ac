/** What was begun to be written in each conversation, so that it survives a look at another one. */
import { useCallback, useSyncExternalStore } from "react";

/** Conversations with an unsent question; the oldest is forgotten first. */
const DRAFTS_MAX = 50;

/** A conversation that has not begun. */
export const NEW = "new";

const drafts = new Map<string, string>();
const listeners = new Set<() => void>();

export function draftOf(conversation: string): string {
  return drafts.get(conversation) ?? "";
}

export function setDraft(conversation: string, text: string): void {
  drafts.delete(conversation);
  if (text !== "") drafts.set(conversation, text);
  const [oldest] = drafts.keys();
  if (drafts.size > DRAFTS_MAX && oldest !== undefined) drafts.delete(oldest);
  for (const listener of listeners) listener();
}

/** The new conversation has got its id while something was being written. */
export function moveDraft(from: string, to: string): void {
  const text = draftOf(from);
  setDraft(from, "");
  if (text !== "") setDraft(to, text);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useDraftText(conversation: string) {
  const draft = useSyncExternalStore(subscribe, () => draftOf(conversation));
  const change = useCallback((text: string) => setDraft(conversation, text), [conversation]);
  return [draft, change] as const;
}
