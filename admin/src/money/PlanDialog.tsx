/** A plan to be, in the place of another one if it replaces one. */
import type { ReactNode } from "react";
import type { Plan } from "../api/types";
import { useConsole } from "../console";
import { useI18n } from "../i18n";
import type { Texts } from "../i18n/en";
import { FormDialog } from "../ui/dialogs";
import { ChoiceField, TextField } from "../ui/fields";
import { refusalOf } from "../ui/refusal";
import { useDeed } from "../ui/useDeed";
import { useDraft } from "../ui/useDraft";
import { asks, newPlanOf, PASS_UNITS, PLAN_KINDS, type PlanDraft, planDraft, planFaults } from "./plan";

interface Props {
  client: string;
  replaces: Plan | null;
  onDone: () => void;
  onCancel: () => void;
}

export function PlanDialog({ client, replaces, onDone, onCancel }: Props) {
  const { t } = useI18n();
  const { api } = useConsole();
  const deed = useDeed();
  const { draft, set, faults, tried } = useDraft(() => planDraft(replaces), (typed) => planFaults(typed, t));
  const refusal = refusalOf(deed.error, { taken: "name" }, t);
  return (
    <FormDialog
      title={replaces ? t.plans.replaceTitle(replaces.name) : t.plans.offer}
      submit={replaces ? t.plans.replace : t.plans.offer}
      busy={deed.busy}
      error={refusal.rest}
      onSubmit={() => tried(() => deed.run(() => api.offerPlan(client, newPlanOf(draft, replaces?.id ?? null)), onDone))}
      onCancel={onCancel}
    >
      {replaces && <p className="field-row">{t.plans.replaceText}</p>}
      <ChoiceField
        label={t.plans.kind}
        hint={t.plans.kindHints[draft.kind]}
        value={draft.kind}
        options={PLAN_KINDS.map((value) => ({ value, label: t.plans.kinds[value] }))}
        onChange={(kind) => set({ kind })}
      />
      <Fields draft={draft} faults={{ ...refusal.at, ...faults }} set={set} t={t} />
    </FormDialog>
  );
}

interface FieldsProps {
  draft: PlanDraft;
  faults: Partial<Record<keyof PlanDraft, ReactNode>>;
  set: (part: Partial<PlanDraft>) => void;
  t: Texts;
}

function Fields({ draft, faults, set, t }: FieldsProps) {
  const { kind } = draft;
  const p = t.plans;
  const text = (key: "name" | "credits" | "price" | "currency" | "uses" | "count", label: string, hint: string) => (
    <TextField label={label} hint={hint} error={faults[key]} value={draft[key]} onChange={(value) => set({ [key]: value })} autoComplete="off" />
  );
  const either = kind === "uses" || kind === "pass";
  return (
    <>
      {text("name", p.name, p.nameHint)}
      {asks(kind, "uses") && text("uses", p.uses, p.usesHint)}
      {asks(kind, "pass") && (
        <div className="pairs">
          {text("count", p.count, p.countHint)}
          <ChoiceField
            label={p.unit}
            value={draft.unit}
            options={PASS_UNITS.map((value) => ({ value, label: p.units[value] }))}
            onChange={(unit) => set({ unit })}
          />
        </div>
      )}
      {text("credits", kind === "credit" ? p.credits : p.cost, either ? p.costOptional : p.creditsHint)}
      {asks(kind, "price") && (
        <div className="pairs">
          {text("price", p.price, either ? p.priceOptional : p.priceHint)}
          {text("currency", p.currency, p.currencyHint)}
        </div>
      )}
    </>
  );
}
