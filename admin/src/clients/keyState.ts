/** How a key stands at a moment. */
import type { ClientKey } from "../api/types";

export type KeyState = "active" | "retiring" | "retired" | "killed";

export function keyState(key: Pick<ClientKey, "retires_at" | "killed_at">, now: number): KeyState {
  if (key.killed_at) return "killed";
  if (!key.retires_at) return "active";
  return Date.parse(key.retires_at) > now ? "retiring" : "retired";
}
