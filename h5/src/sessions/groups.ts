/** Conversations by how long ago they were used. */
import type { Session } from "../api/types";

export type Age = "today" | "week" | "older";

export interface Group {
  age: Age;
  sessions: Session[];
}

const WEEK_DAYS = 7;

/** Keeps the order within a group; groups without sessions are left out. */
export function byAge(sessions: readonly Session[], now: Date): Group[] {
  const today = new Date(now.getFullYear(), now.getMonth(), now.getDate());
  const week = new Date(now.getFullYear(), now.getMonth(), now.getDate() - WEEK_DAYS + 1);
  const groups: Record<Age, Session[]> = { today: [], week: [], older: [] };
  for (const session of sessions) {
    const used = new Date(session.updated_at);
    groups[used >= today ? "today" : used >= week ? "week" : "older"].push(session);
  }
  return (["today", "week", "older"] as const)
    .map((age) => ({ age, sessions: groups[age] }))
    .filter((group) => group.sessions.length > 0);
}
