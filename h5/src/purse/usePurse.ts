/** Who pays for what is asked here, and whether that is known to run low. */
import { useCallback, useEffect, useState } from "react";
import type { Api } from "../api";
import type { MoneyNotice, Wallet, Whose } from "../api/types";
import { useLatest } from "../ui/latest";
import { microsOf } from "./amounts";

export interface Purse {
  /** Whose money this person spends: their own, or the client's as its manager; null for whom another pays. */
  whose: Whose | null;
  /** The money is running low; null once a person has seen enough of that. */
  low: MoneyNotice | null;
  hideLow: () => void;
}

export interface PurseState {
  /** Null where nobody pays, and as long as that is not known. */
  purse: Purse | null;
  reload: () => void;
}

export function usePurse(api: Api): PurseState {
  const [known, setKnown] = useState<Pick<Purse, "whose" | "low"> | null>(null);
  const [hidden, setHidden] = useState<string | null>(null);
  const ask = useLatest();
  const reload = useCallback(() => {
    const isLatest = ask();
    // without an answer there is no panel; who is refused for want of credit has it asked for again
    find(api).then(
      (found) => isLatest() && setKnown(found),
      () => undefined,
    );
  }, [api, ask]);
  useEffect(reload, [reload]);
  const hideLow = useCallback(() => setHidden(known?.low?.id ?? null), [known]);
  const low = known?.low?.id === hidden ? null : (known?.low ?? null);
  return { purse: known && { whose: known.whose, low, hideLow }, reload };
}

async function find(api: Api): Promise<Pick<Purse, "whose" | "low"> | null> {
  const { payer } = await api.quotas();
  if (payer === "off") return null;
  const [me, notices] = await Promise.all([api.me(), api.lowNotices()]);
  const whose = payer === "user" ? "me" : me.role === "manager" ? "client" : null;
  const low = lowOf(notices.items, whose, me.id);
  if (whose === null || low === null) return { whose, low: null };
  return { whose, low: stillLow(low, await api.wallet(whose)) ? low : null };
}

/** A manager sees the notices of everybody; what counts is whose money is spent. */
export function lowOf(notices: readonly MoneyNotice[], whose: Whose | null, me: string): MoneyNotice | null {
  if (whose === null) return null;
  const owner = whose === "me" ? me : null;
  const isLow = ({ kind, user_id, ended_at }: MoneyNotice) =>
    kind === "low_balance" && ended_at == null && (user_id ?? null) === owner;
  return notices.find(isLow) ?? null;
}

/** Notices end some minutes late: what counts is what there is now. */
export function stillLow({ needed }: MoneyNotice, { balance }: Wallet): boolean {
  return needed != null && microsOf(balance) < microsOf(needed);
}
