/** The knowledge bases the user may read, and which of them a new conversation may use. */
import { useCallback, useEffect, useState } from "react";
import type { Api } from "../api";
import { type ApiError, asApiError } from "../api/error";
import type { KnowledgeBase, Me } from "../api/types";
import type { Chosen } from "./useScope";

/** The server's limit for one conversation. */
export const BASES_CHOSEN_MAX = 8;

/** The name of the base made for a user's first upload; names are unique per user, titles are shown. */
const OWN_BASE_NAME = "my-documents";

export interface Bases {
  items: readonly KnowledgeBase[];
  loading: boolean;
  error: ApiError | null;
  reload: () => Promise<void>;
  /** For the next new conversation. */
  chosen: Chosen;
  choose: (chosen: Chosen) => void;
  /** Whether a base of one's own could be made. */
  mayOwn: boolean;
  makeOwn: (title: string) => Promise<KnowledgeBase>;
}

export function useBases(api: Api): Bases {
  const [items, setItems] = useState<readonly KnowledgeBase[]>([]);
  const [me, setMe] = useState<Me | null>(null);
  const [loading, setLoading] = useState(true);
  const [error, setError] = useState<ApiError | null>(null);
  const [chosen, choose] = useState<Chosen>(null);

  const reload = useCallback(async () => {
    setError(null);
    try {
      const [bases, who] = await Promise.all([api.bases(), api.me()]);
      setItems(bases.items);
      setMe(who);
    } catch (reason) {
      setError(asApiError(reason));
    } finally {
      setLoading(false);
    }
  }, [api]);

  useEffect(() => void reload(), [reload]);

  const makeOwn = useCallback(
    async (title: string) => {
      const base = await api.newBase(OWN_BASE_NAME, title);
      setItems((old) => [...old, base]);
      return base;
    },
    [api],
  );

  const mayOwn = me !== null && (me.members_may !== "read" || me.role === "manager");
  return { items, loading, error, reload, chosen, choose, mayOwn, makeOwn };
}

export function titleOf(base: Pick<KnowledgeBase, "title" | "name">): string {
  return base.title || base.name;
}
