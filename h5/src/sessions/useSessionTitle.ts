/** The title of the conversation that is shown, also where it is too old to be in the list yet. */
import { useEffect, useState } from "react";
import type { Api } from "../api";
import type { Session } from "../api/types";
import type { Sessions } from "./useSessions";

/** The title of a window without a conversation. */
const APPLICATION = "Concierge";

export function useSessionTitle(api: Api, sessions: Sessions, id: string | null): string {
  const [fetched, setFetched] = useState<Session | null>(null);
  const listed = sessions.items.find((session) => session.id === id);
  const wanted = id !== null && listed === undefined && !sessions.loading && fetched?.id !== id;
  useEffect(() => {
    if (!wanted || id === null) return;
    // without its title the conversation is as usable; a missing one is noticed where it is read
    api.session(id).then(setFetched, () => undefined);
  }, [api, id, wanted]);
  const title = (listed ?? (fetched?.id === id ? fetched : undefined))?.title ?? "";
  useEffect(() => {
    document.title = title || APPLICATION;
  }, [title]);
  return title;
}
