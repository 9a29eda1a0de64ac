/** The steps of a token's check in a person's words. */
import type { TokenStep } from "../api/types";
import type { Texts } from "../i18n/en";

export function stepName({ step }: TokenStep, t: Texts): string {
  return t.token.steps[step] ?? step;
}

/** What a newer server finds is shown by its own name. */
export function reasonOf({ step, detail_code: found, values }: TokenStep, t: Texts): string {
  const said = found === "ok" ? t.token.well[step] : t.token.findings[found];
  return said === undefined ? found : said(values);
}
