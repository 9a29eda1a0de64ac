import { describe, expect, it } from "vitest";
import type { Session } from "../api/types";
import { byAge } from "./groups";
import { NO_SETTINGS } from "./settings";

const NOW = new Date(2026, 2, 10, 9, 0);

function used(year: number, month: number, day: number, hour: number): Session {
  const at = new Date(year, month, day, hour).toISOString();
  const rest = { title_by: "server", mode: null, param: null, settings: NO_SETTINGS, current_message_id: null } as const;
  return { id: at, title: "", knowledge_base_ids: null, created_at: at, updated_at: at, ...rest };
}

describe("conversations by age", () => {
  it("count in calendar days of the reader", () => {
    const sessions = [used(2026, 2, 10, 0), used(2026, 2, 9, 23), used(2026, 2, 4, 0), used(2026, 2, 3, 23)];
    expect(byAge(sessions, NOW).map(({ age, sessions: group }) => [age, group.length])).toEqual([
      ["today", 1],
      ["week", 2],
      ["older", 1],
    ]);
  });

  it("leave empty groups out", () => {
    expect(byAge([], NOW)).toEqual([]);
    expect(byAge([used(2025, 0, 1, 0)], NOW).map(({ age }) => age)).toEqual(["older"]);
  });
});
