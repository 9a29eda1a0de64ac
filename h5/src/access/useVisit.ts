/** How the visit stands: from the link or the host's token to the chat, and out of it when the session ends. */
import { useCallback, useEffect, useState } from "react";
import { asApiError } from "../api/error";
import { useHost, useHosted } from "../host/context";
import type { AccessStore } from "./access";
import { announceEnd } from "./ended";
import { type Beginning, renew } from "./exchange";

/** A host that has said nothing for so long has no token to give. */
const HOST_MS_MAX = 20_000;

export type Phase = { kind: "beginning" } | Beginning | { kind: "ended"; reentryUrl: string | null };

export interface Visit {
  phase: Phase;
  /** Begins it once more. */
  start: () => void;
  /** The server no longer accepts the bearer. */
  end: () => void;
}

export function useVisit(store: AccessStore, begin: () => Promise<Beginning>): Visit {
  const host = useHost();
  const [phase, setPhase] = useState<Phase>({ kind: "beginning" });

  const start = useCallback(() => {
    setPhase({ kind: "beginning" });
    void begin().then(setPhase);
  }, [begin]);
  useEffect(start, [start]);

  const end = useCallback(() => {
    const access = store.get();
    // many requests may learn of the end at once; only the first has something to do
    if (access === null) return;
    store.clear();
    setPhase({ kind: "ended", reentryUrl: access.reentryUrl });
    announceEnd(access.clientId, access.reentryUrl, host, window.location);
  }, [store, host]);

  useHosted("concierge:token", async ({ token }) => {
    // a chat in use stays in use while its token is renewed
    const unlessIn = (next: Phase) => setPhase((now) => (now.kind === "in" ? now : next));
    unlessIn({ kind: "beginning" });
    try {
      setPhase({ kind: "in", access: await renew(token, store) });
    } catch (reason) {
      const error = asApiError(reason);
      const refused = error.code === "unauthenticated";
      if (refused) host.tell({ type: "concierge:token-refused" });
      unlessIn(refused ? { kind: "refused" } : { kind: "failed", error });
    }
  });
  useTelling(phase);
  useLimitedWait(phase, setPhase);
  return { phase, start, end };
}

/** Tells the host whether somebody is signed in, as soon as that is known. */
function useTelling({ kind }: Phase): void {
  const host = useHost();
  useEffect(() => {
    if (kind === "in") host.tell({ type: "concierge:ready", signed_in: true });
    if (kind === "stranger" || kind === "awaiting") host.tell({ type: "concierge:ready", signed_in: false });
  }, [host, kind]);
}

function useLimitedWait({ kind }: Phase, setPhase: (phase: Phase) => void): void {
  useEffect(() => {
    if (kind !== "awaiting") return;
    const timer = setTimeout(() => setPhase({ kind: "stranger" }), HOST_MS_MAX);
    return () => clearTimeout(timer);
  }, [kind, setPhase]);
}
