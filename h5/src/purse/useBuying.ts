/** Buying a plan: with credits at once, with money by an order. */
import { useState } from "react";
import type { Api } from "../api";
import { type ApiError, asApiError } from "../api/error";
import type { Plan, Whose } from "../api/types";
import { keyed, type Keys } from "./keys";
import { type Way, wayName } from "./offers";

export interface Buying {
  /** The way that is being gone, such as `ID stripe`. */
  busy: string | null;
  error: ApiError | null;
  /** The name of what was just bought with credits. */
  bought: string | null;
  buy: (plan: Plan, way: Way) => void;
}

interface Options {
  /** Outlives the list of what can be bought: who closes it and comes back means the same purchase. */
  keys: Keys;
  onBought: () => void;
  onOrdered: (orderId: string) => void;
}

export function useBuying(api: Api, whose: Whose, { keys, onBought, onOrdered }: Options): Buying {
  const [busy, setBusy] = useState<string | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [bought, setBought] = useState<string | null>(null);

  const buy = async (plan: Plan, way: Way) => {
    const wish = `${plan.id} ${wayName(way)}`;
    setBusy(wish);
    setError(null);
    setBought(null);
    try {
      if (way.by === "credits") {
        await keyed(keys, wish, (key) => api.purchase(plan.id, key));
        setBought(plan.name);
        onBought();
      } else {
        const pay_with = way.by === "chain" ? way.quote.pay_with : null;
        const body = { plan_id: plan.id, provider: way.by, pay_with, for_client: whose === "client" };
        const order = await keyed(keys, wish, (key) => api.newOrder(body, key));
        onOrdered(order.id);
      }
    } catch (reason) {
      setError(asApiError(reason));
    }
    setBusy(null);
  };
  return { busy, error, bought, buy: (plan, way) => void (busy === null && buy(plan, way)) };
}
