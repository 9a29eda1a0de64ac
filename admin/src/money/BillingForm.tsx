/** Who pays, and how much may be used. */
import { useState } from "react";
import type { Billing, Payer } from "../api/types";
import { useConsole } from "../console";
import { useI18n } from "../i18n";
import { ChoiceField, TextField } from "../ui/fields";
import { useDeed } from "../ui/useDeed";
import { type BillingDraft, billingDraft, billingFaults, billingOf } from "./billing";
import { SettingForm } from "./SettingForm";

const PAYERS: readonly Payer[] = ["off", "client", "user"];

interface Props {
  client: string;
  billing: Billing;
  onSaved: (billing: Billing) => void;
}

export function BillingForm({ client, billing, onSaved }: Props) {
  const { t } = useI18n();
  const { api, may } = useConsole();
  const deed = useDeed();
  const [draft, setDraft] = useState(() => billingDraft(billing));
  const faults = billingFaults(draft, t);
  const writable = may("money");
  const set = (part: Partial<BillingDraft>) => setDraft((old) => ({ ...old, ...part }));
  const text = (key: Exclude<keyof BillingDraft, "payer">, label: string, hint: string) => (
    <TextField
      label={label}
      hint={hint}
      error={faults[key]}
      value={draft[key]}
      disabled={!writable}
      onChange={(value) => set({ [key]: value })}
    />
  );
  const save = (kept: () => void) =>
    deed.run(
      () => api.setBilling(client, billingOf(draft)),
      (changed) => {
        setDraft(billingDraft(changed));
        onSaved(changed);
        kept();
      },
    );
  return (
    <SettingForm
      writable={writable}
      busy={deed.busy}
      error={deed.error}
      dirty={JSON.stringify(draft) !== JSON.stringify(billingDraft(billing))}
      wrong={Object.keys(faults).length > 0}
      onSave={save}
    >
      <ChoiceField
        label={t.billing.payer}
        hint={t.billing.payerHint}
        value={draft.payer}
        disabled={!writable}
        options={PAYERS.map((value) => ({ value, label: t.billing.payers[value] }))}
        onChange={(payer) => set({ payer })}
      />
      {text("free", t.billing.free, t.billing.freeHint)}
      {text("budget", t.billing.budget, t.billing.budgetHint)}
      {text("userDay", t.billing.userDay, t.billing.creditsHint)}
      {text("userMonth", t.billing.userMonth, t.billing.creditsHint)}
      {text("usesDay", t.billing.usesDay, t.billing.usesHint)}
      {text("usesMonth", t.billing.usesMonth, t.billing.usesHint)}
    </SettingForm>
  );
}
