/** The chat as the site around it may lead it, and what it tells of itself. */
import { useEffect } from "react";
import type { Session } from "../api/types";
import { NEW, setDraft } from "../chat/drafts";
import { focusQuestion } from "../chat/focusQuestion";
import { useHost, useHosted } from "./context";

interface Chat {
  sessionId: string | null;
  session: Session | null;
  open: (sessionId: string) => void;
  startNew: () => void;
}

export function useHostedChat({ sessionId, session, open, startNew }: Chat): void {
  const host = useHost();
  useHosted("concierge:open-session", (message) => open(message.session_id.toLowerCase()));
  useHosted("concierge:new-session", startNew);
  useHosted("concierge:draft", ({ text }) => {
    setDraft(sessionId ?? NEW, text);
    focusQuestion();
  });
  useHosted("concierge:focus", focusQuestion);
  const title = session?.title ?? "";
  useEffect(
    () => host.tell({ type: "concierge:session-opened", session_id: sessionId, title }),
    [host, sessionId, title],
  );
}
