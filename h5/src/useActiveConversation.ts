/** Which conversation is shown; the address remembers it, so that a reload comes back to it. */
import { type RefObject, useCallback, useEffect, useRef, useState } from "react";
import type { Api } from "./api";
import type { SessionSettings } from "./api/types";
import { Conversation } from "./chat/conversation";
import { useHost } from "./host/context";
import { draftOf, moveDraft, NEW, setDraft } from "./chat/drafts";
import type { Bases } from "./knowledge/useBases";
import type { Sessions } from "./sessions/useSessions";

const HASH = /^#s=([0-9a-fA-F-]{36})$/;

interface Active {
  /** Changes when another conversation is shown, not when a new one gets its id. */
  key: number;
  sessionId: string | null;
  conversation: Conversation;
}

export interface ActiveConversation extends Active {
  open: (sessionId: string) => void;
  startNew: () => void;
}

export function useActiveConversation(api: Api, sessions: Sessions, bases: Bases, settings: RefObject<SessionSettings | null>): ActiveConversation {
  const host = useHost();
  // read at the moment a question is asked, by conversations made long before
  const latest = useRef({ sessions, bases });
  latest.current = { sessions, bases };

  const make = useCallback(
    (key: number, sessionId: string | null): Active => {
      const conversation = new Conversation(api, sessionId, {
        chosenBases: () => latest.current.bases.chosen?.slice() ?? null,
        chosenSettings: () => settings.current,
        created: (session) => {
          latest.current.sessions.include(session);
          moveDraft(NEW, session.id);
          setActive((now) => (now.conversation === conversation ? { ...now, sessionId: session.id } : now));
        },
        asked: (id) => latest.current.sessions.touch(id),
        answered: (session_id, state) => {
          host.tell({ type: "concierge:answered", session_id, state });
          // only the first answer brings a title
          if (conversation.snapshot().turns.length === 1) latest.current.sessions.awaitTitle(session_id);
        },
        unasked: (id, question) => {
          if (draftOf(id ?? NEW) === "") setDraft(id ?? NEW, question);
        },
      });
      return { key, sessionId, conversation };
    },
    [api, host, settings],
  );
  const [active, setActive] = useState<Active>(() => make(0, HASH.exec(location.hash)?.[1] ?? null));

  useEffect(() => {
    const hash = active.sessionId === null ? "" : `#s=${active.sessionId}`;
    if (location.hash !== hash) history.replaceState(history.state, "", location.pathname + location.search + hash);
  }, [active.sessionId]);

  const show = useCallback(
    (sessionId: string | null) => setActive((now) => make(now.key + 1, sessionId)),
    [make],
  );
  const open = useCallback((id: string) => show(id), [show]);
  const startNew = useCallback(() => show(null), [show]);
  return { ...active, open, startNew };
}
