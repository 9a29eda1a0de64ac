/** The conversation that is shown. */
import { useEffect } from "react";
import type { Api } from "../api";
import type { Session } from "../api/types";
import type { Sessions } from "./useSessions";

/** The title of a window without a conversation. */
const APPLICATION = "Concierge";

/** Null for a new conversation and until it is known; one too old to be in the list yet is put there. */
export function useSession(api: Api, sessions: Sessions, id: string | null): Session | null {
  const { items, loading, include } = sessions;
  const session = items.find((one) => one.id === id) ?? null;
  const wanted = session === null && !loading ? id : null;
  useEffect(() => {
    // without it the conversation can still be read; a missing one is noticed there
    if (wanted !== null) api.session(wanted).then(include, () => undefined);
  }, [api, wanted, include]);
  useEffect(() => {
    document.title = session?.title || APPLICATION;
  }, [session?.title]);
  return session;
}
