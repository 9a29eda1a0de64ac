/** Where a form says that the server refused it: beside the field it is about, or below all of them. */
import type { ReactNode } from "react";
import type { ApiError, ErrorCode } from "../api/error";
import type { Texts } from "../i18n/en";
import { wordsOf } from "./ErrorNote";

export interface Refusal<Field extends string> {
  at: Partial<Record<Field, ReactNode>>;
  /** What belongs to no field. */
  rest: ApiError | null;
}

/**
 * `places`: the field that a code can only be about in this form. `sentences`: what a code means here, where
 * that is more than its own sentence and the server's words say.
 */
export function refusalOf<Field extends string>(
  error: ApiError | null,
  places: Partial<Record<ErrorCode, Field>>,
  t: Texts,
  sentences: Partial<Record<ErrorCode, string>> = {},
): Refusal<Field> {
  const field = error === null ? undefined : places[error.code];
  if (error === null || field === undefined) return { at: {}, rest: error };
  return { at: { [field]: sentences[error.code] ?? wordsOf(error, t) } as Refusal<Field>["at"], rest: null };
}
