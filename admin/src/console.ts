/** What every screen needs: the server, and who is signed in. */
import { createContext, useContext } from "react";
import { type Deed, may } from "./access/rights";
import type { Api } from "./api";
import type { Me } from "./api/types";

interface Console {
  api: Api;
  me: Me;
  /** Shows the sign-in; the session has been ended before. */
  leave: () => void;
}

export const ConsoleContext = createContext<Console | null>(null);

export function useConsole(): Console & { may: (deed: Deed) => boolean } {
  const value = useContext(ConsoleContext);
  if (value === null) throw new Error("useConsole is for screens inside a session");
  return { ...value, may: (deed) => may(value.me.role, deed) };
}
