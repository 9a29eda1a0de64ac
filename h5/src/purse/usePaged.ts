/** A list that is loaded page by page. */
import { useCallback, useEffect, useState } from "react";
import { type ApiError, asApiError } from "../api/error";
import { useLatest } from "../ui/latest";

interface Page<Item> {
  items: Item[];
  next_cursor?: string | null;
}

export interface Paged<Item> {
  items: readonly Item[];
  loading: boolean;
  error: ApiError | null;
  hasMore: boolean;
  loadMore: () => void;
  /** From the beginning. */
  reload: () => void;
}

export function usePaged<Item>(ask: (cursor: string | null) => Promise<Page<Item>>): Paged<Item> {
  const [items, setItems] = useState<readonly Item[]>([]);
  const [cursor, setCursor] = useState<string | null>(null);
  const [loading, setLoading] = useState(true);
  const [error, setError] = useState<ApiError | null>(null);
  const latest = useLatest();
  const load = useCallback(
    async (from: string | null) => {
      const isLatest = latest();
      setLoading(true);
      setError(null);
      try {
        const page = await ask(from);
        if (!isLatest()) return;
        setItems((old) => (from === null ? page.items : [...old, ...page.items]));
        setCursor(page.next_cursor ?? null);
      } catch (reason) {
        if (isLatest()) setError(asApiError(reason));
      }
      if (isLatest()) setLoading(false);
    },
    [ask, latest],
  );
  const reload = useCallback(() => void load(null), [load]);
  useEffect(reload, [reload]);
  return { items, loading, error, hasMore: cursor !== null, loadMore: () => void load(cursor), reload };
}
