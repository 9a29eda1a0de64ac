/** A list that is loaded page by page. */
import { useCallback, useEffect, useRef, useState } from "react";
import { type ApiError, asApiError } from "../api/error";

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
  const latest = useRef(0);
  const load = useCallback(
    async (from: string | null) => {
      const mine = ++latest.current;
      setLoading(true);
      setError(null);
      try {
        const page = await ask(from);
        // what was asked for later counts
        if (mine !== latest.current) return;
        setItems((old) => (from === null ? page.items : [...old, ...page.items]));
        setCursor(page.next_cursor ?? null);
      } catch (reason) {
        if (mine === latest.current) setError(asApiError(reason));
      }
      if (mine === latest.current) setLoading(false);
    },
    [ask],
  );
  const reload = useCallback(() => void load(null), [load]);
  useEffect(reload, [reload]);
  return { items, loading, error, hasMore: cursor !== null, loadMore: () => void load(cursor), reload };
}
