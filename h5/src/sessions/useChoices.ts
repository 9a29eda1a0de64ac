/** The models and the instructions a conversation may be set to. */
import { useEffect, useState } from "react";
import type { Api } from "../api";
import { type ApiError, asApiError } from "../api/error";
import type { ChatModel, PromptSummary } from "../api/types";

export interface Choices {
  models: readonly ChatModel[];
  /** Empty for whoever may not manage them. */
  prompts: readonly PromptSummary[];
  error: ApiError | null;
}

const NONE: Choices = { models: [], prompts: [], error: null };

export function useChoices(api: Api): Choices {
  const [choices, setChoices] = useState(NONE);
  useEffect(() => {
    api.models().then(
      ({ items }) => setChoices((now) => ({ ...now, models: items })),
      (reason: unknown) => setChoices((now) => ({ ...now, error: asApiError(reason) })),
    );
    api.prompts().then(
      ({ items }) => setChoices((now) => ({ ...now, prompts: items })),
      // most people may not see them: then there is nothing to choose
      () => undefined,
    );
  }, [api]);
  return choices;
}
