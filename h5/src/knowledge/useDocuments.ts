/** The documents of a base, each followed until it is ready or has failed. */
import { useCallback, useEffect, useMemo, useState } from "react";
import type { Api } from "../api";
import { type ApiError, asApiError } from "../api/error";
import type { KnowledgeDocument } from "../api/types";
import { listed, type ListedDocument, useFollowed } from "./followed";

export interface Documents {
  items: readonly ListedDocument[];
  loading: boolean;
  error: ApiError | null;
  hasMore: boolean;
  loadMore: () => void;
  add: (document: KnowledgeDocument) => void;
  remove: (id: string) => Promise<void>;
}

export function useDocuments(api: Api, baseId: string): Documents {
  const [items, setItems] = useState<readonly ListedDocument[]>([]);
  const [loading, setLoading] = useState(true);
  const [error, setError] = useState<ApiError | null>(null);
  const [cursor, setCursor] = useState<string | null>(null);

  const load = useCallback(
    async (from: string | null) => {
      setLoading(true);
      setError(null);
      try {
        const page = await api.documents(baseId, from);
        setItems((old) => merged(old, page.items));
        setCursor(page.next_cursor ?? null);
      } catch (reason) {
        setError(asApiError(reason));
      } finally {
        setLoading(false);
      }
    },
    [api, baseId],
  );
  useEffect(() => void load(null), [load]);

  const put = useCallback((id: string, change: (old: ListedDocument) => ListedDocument) => {
    setItems((old) => old.map((one) => (one.id === id ? change(one) : one)));
  }, []);
  useFollowed(api, items, put);

  const acts = useMemo(
    () => ({
      // the same bytes uploaded again may be the same document
      add: (document: KnowledgeDocument) =>
        setItems((old) => [listed(document), ...old.filter(({ id }) => id !== document.id)]),
      remove: async (id: string) => {
        await api.deleteDocument(id);
        setItems((old) => old.filter((one) => one.id !== id));
      },
    }),
    [api],
  );
  return { items, loading, error, hasMore: cursor !== null, loadMore: () => void load(cursor), ...acts };
}

/** An upload may be listed before the page that was asked for first arrives; what is shown is the newer news. */
function merged(old: readonly ListedDocument[], page: readonly KnowledgeDocument[]): ListedDocument[] {
  const known = new Set(old.map(({ id }) => id));
  return [...old, ...page.filter(({ id }) => !known.has(id)).map(listed)];
}
