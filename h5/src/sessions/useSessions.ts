/** The list of conversations, newest first, loaded page by page. */
import { type Dispatch, type SetStateAction, useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Api } from "../api";
import { type ApiError, asApiError } from "../api/error";
import type { Session, SessionChange } from "../api/types";

const TITLE_WAITS_MS = [300, 700, 2_000, 4_000, 8_000];

export interface Sessions {
  items: readonly Session[];
  loading: boolean;
  error: ApiError | null;
  hasMore: boolean;
  loadMore: () => void;
  /** A conversation that was just made, or found by its address. */
  include: (session: Session) => void;
  /** Moves a conversation to the top because something was asked in it. */
  touch: (id: string) => void;
  /** Something was answered: the server may have found a title. */
  awaitTitle: (id: string) => void;
  change: (id: string, change: SessionChange) => Promise<void>;
  remove: (id: string) => Promise<void>;
}

export function useSessions(api: Api): Sessions {
  const [items, setItems] = useState<readonly Session[]>([]);
  const [loading, setLoading] = useState(true);
  const [error, setError] = useState<ApiError | null>(null);
  const [cursor, setCursor] = useState<string | null>(null);
  const busy = useRef(false);

  const load = useCallback(
    async (from: string | null) => {
      if (busy.current) return;
      busy.current = true;
      setLoading(true);
      setError(null);
      try {
        const page = await api.sessions(from);
        setItems((old) => merged(old, page.items));
        setCursor(page.next_cursor ?? null);
      } catch (reason) {
        setError(asApiError(reason));
      } finally {
        busy.current = false;
        setLoading(false);
      }
    },
    [api],
  );

  useEffect(() => void load(null), [load]);

  const acts = useActs(api, setItems);
  return { items, loading, error, hasMore: cursor !== null, loadMore: () => void load(cursor), ...acts };
}

function useActs(api: Api, setItems: Dispatch<SetStateAction<readonly Session[]>>) {
  return useMemo(
    () => ({
      include: (session: Session) => setItems((old) => merged(old, [session])),
      touch: (id: string) => setItems((old) => touched(old, id, new Date())),
      awaitTitle: (id: string) => {
        void titled(api, id).then((session) => {
          if (session === null) return;
          const { title, title_by } = session;
          setItems((old) => old.map((one) => (one.id === id && one.title_by === "server" ? { ...one, title, title_by } : one)));
        });
      },
      change: async (id: string, change: SessionChange) => {
        const changed = await api.changeSession(id, change);
        setItems((old) => old.map((session) => (session.id === id ? changed : session)));
      },
      remove: async (id: string) => {
        await api.deleteSession(id).catch((reason: unknown) => {
          // gone already is what was wanted
          if (asApiError(reason).code !== "not_found") throw reason;
        });
        setItems((old) => old.filter((session) => session.id !== id));
      },
    }),
    [api, setItems],
  );
}

/** The title is made by a job after the answer: asked for at growing distances, and not for ever. */
async function titled(api: Api, id: string): Promise<Session | null> {
  for (const milliseconds of TITLE_WAITS_MS) {
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    const session = await api.session(id).catch(() => null);
    if (session === null || session.title !== "") return session;
  }
  return null;
}

/** A page may repeat what moved meanwhile; what is shown already is the newer news. */
function merged(old: readonly Session[], more: readonly Session[]): Session[] {
  const known = new Set(old.map(({ id }) => id));
  const all = [...old, ...more.filter(({ id }) => !known.has(id))];
  return all.sort((a, b) => Date.parse(b.updated_at) - Date.parse(a.updated_at));
}

function touched(old: readonly Session[], id: string, now: Date): readonly Session[] {
  const session = old.find((one) => one.id === id);
  if (session === undefined) return old;
  // not below the others, even where this clock is behind the server's
  const latest = Math.max(now.getTime(), ...old.map(({ updated_at }) => Date.parse(updated_at)));
  return [{ ...session, updated_at: new Date(latest).toISOString() }, ...old.filter((one) => one !== session)];
}
