/** The steps of a token's check in a person's words. */
import type { TokenStep } from "../api/types";
import type { Texts } from "../i18n/en";

export function stepName({ step }: TokenStep, t: Texts): string {
  return t.token.steps[step] ?? step;
}

export function reasonOf({ detail_code: code, values }: TokenStep, t: Texts): string {
  return t.token.reasons[code] ?? `${code} ${JSON.stringify(values)}`;
}
