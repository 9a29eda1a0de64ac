/** The host for every component. */
import { createContext, useContext, useEffect, useRef } from "react";
import type { Host } from "./host";
import type { HostMessage } from "./messages";

export const HostContext = createContext<Host | null>(null);

export function useHost(): Host {
  const host = useContext(HostContext);
  if (host === null) throw new Error("useHost needs a HostContext above it");
  return host;
}

/** Does what the site around the page asks for, as long as the component is there. */
export function useHosted<K extends HostMessage["type"]>(
  kind: K,
  act: (message: Extract<HostMessage, { type: K }>) => void,
): void {
  const host = useHost();
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => host.on(kind, (message) => latest.current(message)), [host, kind]);
}
