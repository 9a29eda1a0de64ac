/** The models a conversation may be set to. */
import { useEffect, useState } from "react";
import type { Api } from "../api";
import { type ApiError, asApiError } from "../api/error";
import type { ChatModel } from "../api/types";

export interface Choices {
  models: readonly ChatModel[];
  error: ApiError | null;
}

const NONE: Choices = { models: [], error: null };

export function useChoices(api: Api): Choices {
  const [choices, setChoices] = useState(NONE);
  useEffect(() => {
    api.models().then(
      ({ items }) => setChoices((now) => ({ ...now, models: items })),
      (reason: unknown) => setChoices((now) => ({ ...now, error: asApiError(reason) })),
    );
  }, [api]);
  return choices;
}
