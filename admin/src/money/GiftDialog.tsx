/** Gives credits, once for each time the form is opened. */
import { useState } from "react";
import type { Wallet } from "../api/types";
import { useConsole } from "../console";
import { useI18n } from "../i18n";
import { FormDialog } from "../ui/dialogs";
import { ChoiceField, LinesField, TextField } from "../ui/fields";
import { refusalOf } from "../ui/refusal";
import { useDeed } from "../ui/useDeed";
import { useDraft } from "../ui/useDraft";
import { type GiftDraft, giftFaults, giftOf, newKey } from "./gift";

interface Props {
  client: string;
  /** Whose wallet is open; empty: the client's. */
  user: string;
  onDone: (user: string, credits: string, wallet: Wallet) => void;
  /** `unsure`: credits may have been given, though no answer said so. */
  onCancel: (unsure: boolean) => void;
}

export function GiftDialog({ client, user, onDone, onCancel }: Props) {
  const { t } = useI18n();
  const { api } = useConsole();
  const deed = useDeed();
  // one form is one gift, however often it is sent
  const [key] = useState(newKey);
  const begin = (): GiftDraft => ({ whose: user === "" ? "client" : "user", user, credits: "", note: "" });
  const { draft, set, faults, tried } = useDraft(begin, (typed) => giftFaults(typed, t));
  // only this form knows the key: an earlier try of it was done
  const refusal = refusalOf(deed.error, { not_found: "user", taken: "credits" }, t, { taken: t.credits.mayBeGiven });
  const at = { ...refusal.at, ...faults };
  const send = () => {
    const gift = giftOf(draft, key);
    deed.run(() => api.grant(client, gift), (wallet) => onDone(gift.user ?? "", gift.credits, wallet));
  };
  return (
    <FormDialog
      title={t.credits.giveTitle}
      submit={t.credits.giveSubmit}
      busy={deed.busy}
      error={refusal.rest}
      onSubmit={() => tried(send)}
      onCancel={() => onCancel(deed.unsure)}
    >
      <ChoiceField
        label={t.credits.whose}
        value={draft.whose}
        options={[
          { value: "client", label: t.money.client },
          { value: "user", label: t.money.user },
        ]}
        onChange={(whose) => set({ whose })}
      />
      {draft.whose === "user" && (
        <TextField
          label={t.money.userId}
          hint={t.money.userHint}
          error={at.user}
          value={draft.user}
          onChange={(value) => set({ user: value })}
          autoComplete="off"
          maxLength={200}
        />
      )}
      <TextField
        label={t.credits.amount}
        hint={t.credits.amountHint}
        error={at.credits}
        value={draft.credits}
        onChange={(credits) => set({ credits })}
        autoComplete="off"
        autoFocus
      />
      <LinesField label={t.money.note} hint={t.credits.noteHint} error={at.note} value={draft.note} rows={2} onChange={(note) => set({ note })} />
    </FormDialog>
  );
}
