/** Where a form says that the server refused it: beside the field it is about, or below all of them. */
import type { ApiError, ErrorCode } from "../api/error";
import type { Texts } from "../i18n/en";
import { wordsOf } from "./ErrorNote";

export interface Refusal<Field extends string> {
  at: Partial<Record<Field, string>>;
  /** What belongs to no field. */
  rest: ApiError | null;
}

/** `places`: the field that a code can only be about in this form. */
export function refusalOf<Field extends string>(
  error: ApiError | null,
  places: Partial<Record<ErrorCode, Field>>,
  t: Texts,
): Refusal<Field> {
  const field = error === null ? undefined : places[error.code];
  if (error === null || field === undefined) return { at: {}, rest: error };
  return { at: { [field]: wordsOf(error, t) } as Refusal<Field>["at"], rest: null };
}
