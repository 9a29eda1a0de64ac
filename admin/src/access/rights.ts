/** What a role may do: what it may not is not offered. The server is the one who refuses. */
import type { Role } from "../api/types";

export type Deed = "clients" | "documents" | "money" | "operators" | "try";

const MAY: Readonly<Record<Role, ReadonlySet<Deed>>> = {
  admin: new Set<Deed>(["clients", "documents", "money", "operators", "try"]),
  knowledge: new Set<Deed>(["documents", "try"]),
  finance: new Set<Deed>(["money"]),
  read_only: new Set<Deed>(),
};

export function may(role: Role, deed: Deed): boolean {
  return MAY[role].has(deed);
}
