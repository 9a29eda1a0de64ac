/** What a screen reads when it opens, and reads again when told. */
import { useCallback, useEffect, useRef, useState } from "react";
import { type ApiError, asApiError } from "../api/error";
import type { Page } from "../api/types";

export interface Load<Value> {
  value: Value | null;
  error: ApiError | null;
  loading: boolean;
  reload: () => void;
  /** Shows what a deed just answered, without asking again. */
  set: (value: Value) => void;
}

/** `read` must keep its identity as long as it reads the same thing. */
export function useLoad<Value>(read: () => Promise<Value>): Load<Value> {
  const [value, set] = useState<Value | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [loading, setLoading] = useState(true);
  const latest = useRef(0);
  const reload = useCallback(() => {
    const mine = ++latest.current;
    setLoading(true);
    setError(null);
    read()
      // an answer that comes after a newer question is nobody's
      .then((got) => mine === latest.current && set(got))
      .catch((reason: unknown) => mine === latest.current && setError(asApiError(reason)))
      .finally(() => mine === latest.current && setLoading(false));
  }, [read]);
  useEffect(() => {
    set(null);
    reload();
    return () => {
      latest.current += 1;
    };
  }, [reload]);
  return { value, error, loading, reload, set };
}

export interface List<Item> {
  items: readonly Item[];
  error: ApiError | null;
  loading: boolean;
  hasMore: boolean;
  more: () => void;
  /** From the first page on. */
  reload: () => void;
  change: (change: (items: readonly Item[]) => readonly Item[]) => void;
}

/** A list read page by page. `read` must keep its identity as long as it reads the same list. */
export function useList<Item>(read: (cursor: string | null) => Promise<Page<Item>>): List<Item> {
  const [items, change] = useState<readonly Item[]>([]);
  const [cursor, setCursor] = useState<string | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [loading, setLoading] = useState(true);
  const latest = useRef(0);
  const load = useCallback(
    async (from: string | null) => {
      const mine = ++latest.current;
      setLoading(true);
      setError(null);
      try {
        const page = await read(from);
        if (mine !== latest.current) return;
        change((old) => (from === null ? page.items : [...old, ...page.items]));
        setCursor(page.next_cursor ?? null);
      } catch (reason) {
        if (mine === latest.current) setError(asApiError(reason));
      } finally {
        if (mine === latest.current) setLoading(false);
      }
    },
    [read],
  );
  const reload = useCallback(() => void load(null), [load]);
  useEffect(() => {
    change([]);
    reload();
    return () => {
      latest.current += 1;
    };
  }, [reload]);
  const hasMore = cursor !== null;
  // a page that could not be read is asked for again from where it was
  const more = () => void load(items.length > 0 ? cursor : null);
  return { items, error, loading, hasMore, more, reload, change };
}
