/** Sends money of an order back by Stripe, once for each time the form is opened. */
import { useState } from "react";
import { asApiError } from "../api/error";
import type { Order } from "../api/types";
import { useConsole } from "../console";
import { useI18n } from "../i18n";
import { FormDialog } from "../ui/dialogs";
import { LinesField, TextField } from "../ui/fields";
import { refusalOf } from "../ui/refusal";
import { useDeed } from "../ui/useDeed";
import { useDraft } from "../ui/useDraft";
import { moneyOf } from "./amount";
import { newKey } from "./gift";
import { keyAfter, leftOf, newRefundOf, type RefundDraft, refundFaults } from "./refund";

interface Props {
  client: string;
  order: Order;
  onDone: (order: Order) => void;
  /** `unsure`: money may have gone back, though no answer said so. */
  onCancel: (unsure: boolean) => void;
}

export function RefundDialog({ client, order, onDone, onCancel }: Props) {
  const { t } = useI18n();
  const { api } = useConsole();
  const deed = useDeed();
  const [made, setMade] = useState(newKey);
  const begin = (): RefundDraft => ({ amount: "", reason: "", key: made });
  const { draft, set, faults, tried } = useDraft(begin, (typed) => refundFaults(typed, order, t));
  const refusal = refusalOf(deed.error, { conflict: "amount" }, t, deed.unsure ? { conflict: t.orders.mayBeBack } : {});
  const at = { ...refusal.at, ...faults };
  const currency = order.currency.toUpperCase();
  const renew = (reason: unknown) => {
    const key = keyAfter(asApiError(reason).code, deed.unsure, draft, made);
    if (key !== draft.key) {
      setMade(key);
      set({ key });
    }
    throw reason;
  };
  const send = () =>
    deed.run(() => api.refund(client, order.id, draft.key.trim(), newRefundOf(draft, order)).catch(renew), onDone);
  return (
    <FormDialog
      title={t.orders.refundTitle(order.title)}
      submit={t.orders.refundSubmit}
      danger
      busy={deed.busy}
      error={refusal.rest}
      onSubmit={() => tried(send)}
      onCancel={() => onCancel(deed.unsure)}
    >
      <p className="field-row">{t.orders.refundText(moneyOf(leftOf(order).toString(), order.currency))}</p>
      <TextField
        label={t.orders.refundAmount}
        hint={t.orders.refundHint(currency)}
        error={at.amount}
        value={draft.amount}
        onChange={(amount) => set({ amount })}
        autoComplete="off"
        autoFocus
      />
      <LinesField label={t.orders.reason} hint={t.money.noteHint} error={at.reason} value={draft.reason} rows={2} onChange={(reason) => set({ reason })} />
      <details className="more-settings" open={at.key !== undefined || undefined}>
        <summary>{t.orders.more}</summary>
        <TextField label={t.orders.key} hint={t.orders.keyHint} error={at.key} value={draft.key} onChange={(key) => set({ key })} autoComplete="off" />
      </details>
    </FormDialog>
  );
}
