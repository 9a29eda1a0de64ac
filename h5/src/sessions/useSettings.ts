/** How the shown conversation is answered. */
import { useState } from "react";
import type { Session, SessionSettings } from "../api/types";
import { NO_SETTINGS } from "./settings";
import type { Sessions } from "./useSessions";

export interface Settings {
  current: SessionSettings;
  save: (settings: SessionSettings) => Promise<void>;
}

export interface SettingsState {
  /** Null until it is known. */
  settings: Settings | null;
  /** For the next new conversation. */
  chosen: SessionSettings | null;
}

/** Of a new conversation the choice waits here, of an old one the server keeps it. */
export function useSettings(sessions: Sessions, sessionId: string | null, session: Session | null): SettingsState {
  const [chosen, setChosen] = useState<SessionSettings | null>(null);
  if (sessionId === null) {
    const save = async (settings: SessionSettings) => setChosen(settings);
    return { settings: { current: chosen ?? NO_SETTINGS, save }, chosen };
  }
  if (session === null) return { settings: null, chosen };
  const save = (settings: SessionSettings) => sessions.change(session.id, { settings });
  return { settings: { current: { ...NO_SETTINGS, ...session.settings }, save }, chosen };
}
