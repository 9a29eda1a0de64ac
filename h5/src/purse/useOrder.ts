/** An order, asked for again until it is over. */
import { useCallback, useEffect, useRef, useState } from "react";
import type { Api } from "../api";
import { type ApiError, asApiError } from "../api/error";
import type { Order } from "../api/types";
import { followOrder, isOver, type Standing } from "./orders";

export interface OrderState {
  /** Null until it is known. */
  standing: Standing | null;
  /** Whether it is still asked for. */
  looking: boolean;
  error: ApiError | null;
  lookAgain: () => void;
}

/** `onOver` is told when it came to its end while it was looked at. */
export function useOrder(api: Api, id: string, onOver: () => void): OrderState {
  const [standing, setStanding] = useState<Standing | null>(null);
  const [looking, setLooking] = useState(true);
  const [error, setError] = useState<ApiError | null>(null);
  const [round, setRound] = useState(0);
  const over = useRef(onOver);
  over.current = onOver;
  const waited = useRef(false);
  const lookAgain = useCallback(() => setRound((now) => now + 1), []);

  useEffect(() => {
    const controller = new AbortController();
    const told = (next: Standing) => {
      setStanding(next);
      setError(null);
      const ended = isOver(next, Date.now());
      if (ended && waited.current) over.current();
      waited.current = !ended;
    };
    setLooking(true);
    followOrder({ look: () => look(api, id), told }, controller.signal)
      .then((ended) => ended || setLooking(false))
      .catch((reason: unknown) => {
        if (controller.signal.aborted) return;
        setLooking(false);
        setError(asApiError(reason));
      });
    return () => controller.abort();
  }, [api, id, round]);

  useReturn(lookAgain);
  return { standing, looking, error, lookAgain };
}

/** Who comes back from the tab of the payment wants to see at once what became of it. */
function useReturn(act: () => void): void {
  useEffect(() => {
    const back = () => document.visibilityState === "visible" && act();
    document.addEventListener("visibilitychange", back);
    return () => document.removeEventListener("visibilitychange", back);
  }, [act]);
}

async function look(api: Api, id: string): Promise<Standing> {
  const order = await api.order(id);
  return { order, deposit: await depositOf(api, order) };
}

/** An order that was never given an address has none. */
async function depositOf(api: Api, { id, provider, state }: Order) {
  if (provider !== "chain" || state === "created") return null;
  return api.deposit(id).catch((reason: unknown) => {
    if (asApiError(reason).code === "not_found") return null;
    throw reason;
  });
}
