/** What there is to spend, and what can be bought. */
import { useCallback, useEffect, useState } from "react";
import type { Api } from "../api";
import { type ApiError, asApiError } from "../api/error";
import type { Entitlement, Quotas, Wallet, Whose } from "../api/types";
import { useLatest } from "../ui/latest";
import { type Offered, offered } from "./offers";

export interface Funds {
  /** Null for whom another pays. */
  wallet: Wallet | null;
  quotas: Quotas;
  owned: readonly Entitlement[];
  offers: readonly Offered[];
}

export interface FundsState {
  /** Null until it is known; what was known stays while it is asked for anew. */
  funds: Funds | null;
  error: ApiError | null;
  reload: () => void;
}

export function useFunds(api: Api, whose: Whose | null): FundsState {
  const [funds, setFunds] = useState<Funds | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const ask = useLatest();
  const reload = useCallback(() => {
    const isLatest = ask();
    setError(null);
    find(api, whose).then(
      (found) => isLatest() && setFunds(found),
      (reason: unknown) => isLatest() && setError(asApiError(reason)),
    );
  }, [api, whose, ask]);
  useEffect(reload, [reload]);
  return { funds, error, reload };
}

async function find(api: Api, whose: Whose | null): Promise<Funds> {
  const [quotas, { items: owned }] = await Promise.all([api.quotas(), api.entitlements()]);
  if (whose === null) return { wallet: null, quotas, owned, offers: [] };
  const [wallet, plans, quotes] = await Promise.all([api.wallet(whose), api.plans(), api.quotes()]);
  return { wallet, quotas, owned, offers: offered(plans.items, plans.providers, quotes.items) };
}
