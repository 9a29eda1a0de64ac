/** Buying a plan: with credits at once, with money by an order. */
import { useRef, useState } from "react";
import type { Api } from "../api";
import { type ApiError, asApiError } from "../api/error";
import type { Plan, Whose } from "../api/types";
import { uuid } from "../ui/uuid";
import { type Way, wayName } from "./offers";

export interface Buying {
  /** The way that is being gone, such as `ID stripe`. */
  busy: string | null;
  error: ApiError | null;
  /** The name of what was just bought with credits. */
  bought: string | null;
  buy: (plan: Plan, way: Way) => void;
}

interface Outcome {
  onBought: () => void;
  onOrdered: (orderId: string) => void;
}

export function useBuying(api: Api, whose: Whose, { onBought, onOrdered }: Outcome): Buying {
  const [busy, setBusy] = useState<string | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [bought, setBought] = useState<string | null>(null);
  // who tries again after a broken line means the same purchase
  const keys = useRef(new Map<string, string>());

  const buy = async (plan: Plan, way: Way) => {
    const wish = `${plan.id} ${wayName(way)}`;
    const key = keys.current.get(wish) ?? uuid();
    keys.current.set(wish, key);
    setBusy(wish);
    setError(null);
    setBought(null);
    try {
      if (way.by === "credits") {
        await api.purchase(plan.id, key);
        setBought(plan.name);
        onBought();
      } else {
        const pay_with = way.by === "chain" ? way.quote.pay_with : null;
        const order = await api.newOrder({ plan_id: plan.id, provider: way.by, pay_with, for_client: whose === "client" }, key);
        onOrdered(order.id);
      }
      keys.current.delete(wish);
    } catch (reason) {
      const failure = asApiError(reason);
      if (!failure.passing) keys.current.delete(wish);
      setError(failure);
    }
    setBusy(null);
  };
  return { busy, error, bought, buy: (plan, way) => void (busy === null && buy(plan, way)) };
}
