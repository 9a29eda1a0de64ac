/** A statement as people read it: what was set aside for an answer and what came back is one line. Pure. */
import type { StatementLine, TransferKind } from "../api/types";
import { creditsOf, microsOf } from "./amounts";

export interface Line {
  id: string;
  at: string;
  kind: TransferKind | "answer";
  amount: string;
  balance: string;
  note: string;
}

/** Of the loaded lines, the latest first. What came back stays away until what it came back of is loaded too. */
export function folded(lines: readonly StatementLine[], hasMore: boolean): Line[] {
  const back = new Map<string, StatementLine>();
  const rows: Line[] = [];
  for (const line of lines) {
    const { id, at, kind, amount, balance, note, subject } = line;
    if (kind === "release" && subject != null && !back.has(subject)) {
      back.set(subject, line);
      rows.push({ id, at, kind, amount, balance, note });
    } else if (kind === "hold") {
      const released = subject == null ? undefined : back.get(subject);
      if (subject != null) back.delete(subject);
      const row = { id, at, kind: "answer" as const, amount, balance, note };
      const place = rows.findIndex((one) => one.id === released?.id);
      if (released === undefined || place < 0) rows.push(row);
      else rows[place] = { ...row, id: released.id, at: released.at, balance: released.balance, amount: sum(amount, released.amount) };
    } else {
      rows.push({ id, at, kind, amount, balance, note });
    }
  }
  const waiting = new Set([...back.values()].map(({ id }) => id));
  return hasMore ? rows.filter(({ id }) => !waiting.has(id)) : rows;
}

function sum(one: string, other: string): string {
  return creditsOf(microsOf(one) + microsOf(other));
}
