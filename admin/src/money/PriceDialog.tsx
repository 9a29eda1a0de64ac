/** The next price of a model. */
import type { Price } from "../api/types";
import { useConsole } from "../console";
import { useI18n } from "../i18n";
import { FormDialog } from "../ui/dialogs";
import { ChoiceField, MomentField, TextField } from "../ui/fields";
import { refusalOf } from "../ui/refusal";
import { useDeed } from "../ui/useDeed";
import { useDraft } from "../ui/useDraft";
import { newPriceOf, priceDraft, priceFaults, RATES } from "./price";

interface Props {
  client: string;
  /** What it begins as; null for a model that has none yet. */
  from: Price | null;
  onDone: () => void;
  onCancel: () => void;
}

export function PriceDialog({ client, from, onDone, onCancel }: Props) {
  const { t } = useI18n();
  const { api } = useConsole();
  const deed = useDeed();
  const { draft, set, faults, tried } = useDraft(() => priceDraft(from), (typed) => priceFaults(typed, t));
  // of two prices of a model none may begin at the same moment
  const refusal = refusalOf(deed.error, { taken: draft.from === "later" ? "at" : "model" }, t);
  const at = { ...refusal.at, ...faults };
  return (
    <FormDialog
      title={t.prices.setTitle}
      submit={t.save}
      busy={deed.busy}
      error={refusal.rest}
      onSubmit={() => tried(() => deed.run(() => api.setPrice(client, newPriceOf(draft)), onDone))}
      onCancel={onCancel}
    >
      <TextField
        label={t.prices.model}
        hint={t.prices.modelHint}
        error={at.model}
        value={draft.model}
        onChange={(model) => set({ model })}
        autoComplete="off"
        autoFocus={from === null}
      />
      <p className="field-hint field-row">{t.prices.optional}</p>
      <div className="pairs">
        {RATES.map((rate) => (
          <TextField
            key={rate}
            label={t.prices.rates[rate]}
            hint={t.prices.rateHints[rate]}
            error={at[rate]}
            value={draft[rate]}
            onChange={(value) => set({ [rate]: value })}
            autoComplete="off"
            autoFocus={from !== null && rate === "input"}
          />
        ))}
      </div>
      <ChoiceField
        label={t.prices.when}
        value={draft.from}
        options={[
          { value: "now", label: t.prices.whenNow },
          { value: "later", label: t.prices.whenLater },
        ]}
        onChange={(value) => set({ from: value })}
      />
      {draft.from === "later" && (
        <MomentField
          kind="datetime-local"
          label={t.prices.at}
          hint={t.prices.atHint}
          error={at.at}
          value={draft.at}
          onChange={(value) => set({ at: value })}
        />
      )}
    </FormDialog>
  );
}
