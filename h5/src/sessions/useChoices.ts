/** The models and the instructions a conversation may be set to. */
import { useEffect, useState } from "react";
import type { Api } from "../api";
import { type ApiError, asApiError } from "../api/error";
import type { ChatModel, PromptSummary } from "../api/types";

export interface Choices {
  models: readonly ChatModel[];
  /** Those made for conversations; empty where nobody has made any. */
  prompts: readonly PromptSummary[];
  error: ApiError | null;
}

const NONE: Choices = { models: [], prompts: [], error: null };

export function useChoices(api: Api): Choices {
  const [choices, setChoices] = useState(NONE);
  useEffect(() => {
    Promise.all([api.models(), api.prompts()]).then(
      ([models, prompts]) => setChoices({ models: models.items, prompts: prompts.items.filter(isOwn), error: null }),
      (reason: unknown) => setChoices({ ...NONE, error: asApiError(reason) }),
    );
  }, [api]);
  return choices;
}

/** The prompts every server has are its parts (`title`, `no_answer`), not ways to answer. */
const PARTS: ReadonlySet<string> = new Set(["answer", "free", "title", "no_answer"]);

function isOwn({ name }: PromptSummary): boolean {
  return !PARTS.has(name);
}
