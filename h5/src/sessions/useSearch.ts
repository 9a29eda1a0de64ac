/** What is found in one's own conversations while one types. */
import { useCallback, useEffect, useState } from "react";
import type { Api } from "../api";
import { type ApiError, asApiError, isAbort } from "../api/error";
import type { FoundMessage } from "../api/types";

/** Asked once the typing pauses. */
const PAUSE_MS = 250;

export interface Search {
  query: string;
  setQuery: (query: string) => void;
  found: readonly FoundMessage[];
  busy: boolean;
  error: ApiError | null;
  /** Null when all is shown. */
  more: (() => void) | null;
}

interface Found {
  items: readonly FoundMessage[];
  cursor: string | null;
}

const NOTHING: Found = { items: [], cursor: null };

export function useSearch(api: Api): Search {
  const [query, setQuery] = useState("");
  const [found, setFound] = useState<Found>(NOTHING);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const wanted = query.trim();

  const load = useCallback(
    async (before: Found, signal?: AbortSignal) => {
      setBusy(true);
      setError(null);
      try {
        const page = await api.search(wanted, before.cursor, signal);
        setFound({ items: [...before.items, ...page.items], cursor: page.next_cursor ?? null });
      } catch (reason) {
        if (!isAbort(reason)) setError(asApiError(reason));
      } finally {
        if (!signal?.aborted) setBusy(false);
      }
    },
    [api, wanted],
  );

  useEffect(() => {
    setFound(NOTHING);
    setError(null);
    setBusy(wanted !== "");
    if (wanted === "") return;
    const controller = new AbortController();
    const timer = setTimeout(() => void load(NOTHING, controller.signal), PAUSE_MS);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [wanted, load]);

  const more = found.cursor === null || busy ? null : () => void load(found);
  return { query, setQuery, found: found.items, busy, error, more };
}
