/** Credits that are given, as they are typed; and the names of deeds that must not be done twice. */
import type { Gift } from "../api/types";
import type { Texts } from "../i18n/en";
import type { Faults } from "../ui/useDraft";
import { creditsIn, CREDITS_MAX } from "./amount";

/** Characters of notes and reasons at most. */
export const NOTE_CHARS_MAX = 500;

export type Whose = "client" | "user";

export interface GiftDraft {
  whose: Whose;
  user: string;
  credits: string;
  note: string;
}

export function tooLong(note: string): boolean {
  return [...note.trim()].length > NOTE_CHARS_MAX;
}

/** What a note that must be given lacks. */
export function noteFault(note: string, t: Texts): string | undefined {
  return note.trim() === "" || tooLong(note) ? t.money.noteWrong : undefined;
}

export function giftFaults(draft: GiftDraft, t: Texts): Faults<GiftDraft> {
  const faults: Faults<GiftDraft> = {};
  if (draft.whose === "user" && draft.user.trim() === "") faults.user = t.credits.userMissing;
  if (creditsIn(draft.credits, 1n, CREDITS_MAX) === null) faults.credits = t.credits.creditsWrong;
  if (tooLong(draft.note)) faults.note = t.money.noteLong;
  return faults;
}

/** For a draft without faults. */
export function giftOf(draft: GiftDraft, key: string): Gift {
  return {
    ...(draft.whose === "user" ? { user: draft.user.trim() } : {}),
    credits: creditsIn(draft.credits, 1n, CREDITS_MAX) ?? "",
    key,
    note: draft.note.trim(),
  };
}

/** Names one deed: asked for again with it, it is done once. Not `randomUUID`, which needs TLS. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `console-${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
