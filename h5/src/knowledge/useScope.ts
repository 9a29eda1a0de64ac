/** Which knowledge bases the shown conversation may use. */
import { useRef, useState } from "react";
import { type ApiError, asApiError } from "../api/error";
import type { Session } from "../api/types";
import type { Sessions } from "../sessions/useSessions";
import type { Bases } from "./useBases";

/** Null: all that the user may read, decided by the server at each question. */
export type Chosen = readonly string[] | null;

export interface Scope {
  chosen: Chosen;
  choose: (chosen: Chosen) => void;
  /** Why the latest choice was not taken. */
  error: ApiError | null;
}

/** What was chosen for one conversation and is not yet, or not at all, known to the server. */
interface Wish {
  id: string;
  chosen: Chosen;
}

/** Of a new conversation the choice waits in `bases`, of an old one the server keeps it; null until that is known. */
export function useScope(
  bases: Bases,
  sessions: Sessions,
  sessionId: string | null,
  session: Session | null,
): Scope | null {
  const [wish, setWish] = useState<Wish | null>(null);
  const [refused, setRefused] = useState<{ id: string; error: ApiError } | null>(null);
  // one after the other: the last choice must also be the last to arrive
  const line = useRef(Promise.resolve());

  const change = async (id: string, chosen: Chosen) => {
    try {
      await sessions.change(id, { knowledge_base_ids: chosen && [...chosen] });
    } catch (reason) {
      setRefused({ id, error: asApiError(reason) });
    } finally {
      setWish((now) => (now?.id === id && now.chosen === chosen ? null : now));
    }
  };
  if (sessionId === null) return { chosen: bases.chosen, choose: bases.choose, error: null };
  if (session === null) return null;
  const { id } = session;
  const choose = (chosen: Chosen) => {
    setRefused(null);
    setWish({ id, chosen });
    line.current = line.current.then(() => change(id, chosen));
  };
  const chosen = wish?.id === id ? wish.chosen : (session.knowledge_base_ids ?? null);
  return { chosen, choose, error: refused?.id === id ? refused.error : null };
}
