/** Has a monthly plan paid by the client, or by one of its users. */
import { type ReactNode, useCallback } from "react";
import type { NewSubscription, Plan } from "../api/types";
import { useConsole } from "../console";
import { useI18n } from "../i18n";
import { FormDialog } from "../ui/dialogs";
import { ChoiceField, TextField } from "../ui/fields";
import { refusalOf } from "../ui/refusal";
import { Loaded } from "../ui/states";
import { useDeed } from "../ui/useDeed";
import { type Faults, useDraft } from "../ui/useDraft";
import { useLoad } from "../ui/useLoad";
import { grouped } from "./amount";
import type { Whose } from "./gift";

interface Props {
  client: string;
  onDone: () => void;
  onCancel: () => void;
}

interface Draft {
  /** The id; empty: the first there is. */
  plan: string;
  whose: Whose;
  user: string;
}

export function SubscribeDialog({ client, onDone, onCancel }: Props) {
  const { t } = useI18n();
  const { api } = useConsole();
  const deed = useDeed();
  const load = useLoad(useCallback(() => api.plans(client), [api, client]));
  const plans = (load.value?.items ?? []).filter(({ kind, enabled }) => kind === "monthly" && enabled);
  const faultsOf = ({ whose, user }: Draft): Faults<Draft> =>
    whose === "user" && user.trim() === "" ? { user: t.credits.userMissing } : {};
  const { draft, set, faults, tried } = useDraft<Draft>(() => ({ plan: "", whose: "client", user: "" }), faultsOf);
  const refusal = refusalOf(deed.error, { not_found: draft.whose === "user" ? "user" : "plan", taken: "plan", conflict: "plan" }, t);
  const at = { ...refusal.at, ...faults };
  const chosen = draft.plan || plans[0]?.id;
  const send = () => {
    if (chosen === undefined) return;
    const body: NewSubscription = { plan_id: chosen, ...(draft.whose === "user" ? { user: draft.user.trim() } : {}) };
    deed.run(() => api.subscribe(client, body), onDone);
  };
  return (
    <FormDialog
      title={t.subscriptions.beginTitle}
      submit={t.subscriptions.begin}
      busy={deed.busy}
      error={refusal.rest}
      ready={chosen !== undefined}
      onSubmit={() => tried(send)}
      onCancel={onCancel}
    >
      <Loaded load={load}>
        {() => <PlanField plans={plans} value={chosen ?? ""} error={at.plan} onChange={(plan) => set({ plan })} />}
      </Loaded>
      <ChoiceField
        label={t.subscriptions.who}
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
          onChange={(user) => set({ user })}
          autoComplete="off"
          maxLength={200}
        />
      )}
    </FormDialog>
  );
}

interface PlanFieldProps {
  plans: readonly Plan[];
  value: string;
  error: ReactNode;
  onChange: (plan: string) => void;
}

function PlanField({ plans, value, error, onChange }: PlanFieldProps) {
  const { t } = useI18n();
  if (plans.length === 0) return <p className="note note-warn">{t.subscriptions.noPlans}</p>;
  return (
    <ChoiceField
      label={t.subscriptions.plan}
      error={error}
      value={value}
      options={plans.map(({ id, name, credits }) => ({ value: id, label: `${name} · ${t.plans.perMonth(grouped(credits ?? "0"))}` }))}
      onChange={onChange}
    />
  );
}
