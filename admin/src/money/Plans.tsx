/** What users of a client can buy. */
import { Button } from "antd";
import { useCallback, useState } from "react";
import type { Plan } from "../api/types";
import { useConsole } from "../console";
import { useI18n } from "../i18n";
import { Confirm } from "../ui/dialogs";
import { Empty, Loaded } from "../ui/states";
import { type Column, Table } from "../ui/Table";
import { Badge, Time } from "../ui/Time";
import { useLoad } from "../ui/useLoad";
import { grouped, moneyOf } from "./amount";
import { PlanDialog } from "./PlanDialog";

type Asking = { kind: "offer" } | { kind: "replace" | "end" | "again"; plan: Plan };

export default function Plans({ client }: { client: string }) {
  const { t } = useI18n();
  const { api, may } = useConsole();
  const [asking, setAsking] = useState<Asking | null>(null);
  const load = useLoad(useCallback(() => api.plans(client), [api, client]));
  const writable = may("money");
  const done = () => {
    setAsking(null);
    load.reload();
  };
  return (
    <>
      <div className="section-head">
        <p className="screen-lead plain">{t.plans.lead}</p>
        {writable && (
          <Button type="primary" onClick={() => setAsking({ kind: "offer" })}>
            {t.plans.offer}
          </Button>
        )}
      </div>
      <Loaded load={load}>
        {({ items }) =>
          items.length === 0 ? <Empty text={t.plans.empty} /> : <PlanTable plans={items} onAsk={writable ? setAsking : null} />
        }
      </Loaded>
      {asking && <Dialogs client={client} asking={asking} onDone={done} onCancel={() => setAsking(null)} />}
    </>
  );
}

interface DialogsProps {
  client: string;
  asking: Asking;
  onDone: () => void;
  onCancel: () => void;
}

function Dialogs({ client, asking, onDone, onCancel }: DialogsProps) {
  const { t } = useI18n();
  const { api } = useConsole();
  if (asking.kind === "offer") return <PlanDialog client={client} replaces={null} onDone={onDone} onCancel={onCancel} />;
  const { kind, plan } = asking;
  if (kind === "replace") return <PlanDialog client={client} replaces={plan} onDone={onDone} onCancel={onCancel} />;
  const again = kind === "again";
  return (
    <Confirm
      title={again ? t.plans.againTitle(plan.name) : t.plans.endTitle(plan.name)}
      text={again ? t.plans.againText : t.plans.endText}
      act={t.plans[kind]}
      calm={again}
      run={() => api.changePlan(client, plan.id, again)}
      onDone={onDone}
      onCancel={onCancel}
    />
  );
}

function PlanTable({ plans, onAsk }: { plans: readonly Plan[]; onAsk: ((asking: Asking) => void) | null }) {
  const { t } = useI18n();
  const replaced = new Set(plans.map(({ replaces }) => replaces));
  const acts: Column<Plan> = {
    head: t.actions,
    acts: true,
    // whoever wants to change one that was replaced changes the one in its place
    cell: (plan) => onAsk && <Acts plan={plan} replaced={replaced.has(plan.id)} onAsk={onAsk} />,
  };
  return (
    <Table
      label={t.money.parts.plans}
      rows={plans}
      rowKey={({ id }) => id}
      dim={({ enabled }) => !enabled}
      columns={[
        { head: t.plans.name, main: true, cell: ({ name }) => name },
        { head: t.plans.kind, cell: ({ kind }) => t.plans.kinds[kind] },
        { head: t.plans.gives, cell: (plan) => <Gives plan={plan} /> },
        { head: t.plans.costs, cell: (plan) => <Costs plan={plan} /> },
        {
          head: t.plans.state,
          cell: ({ enabled }) => <Badge kind={enabled ? "good" : "plain"}>{enabled ? t.plans.on : t.plans.ended}</Badge>,
        },
        { head: t.plans.since, cell: ({ created_at: at }) => <Time at={at} /> },
        ...(onAsk ? [acts] : []),
      ]}
    />
  );
}

function Gives({ plan: { kind, credits, uses, pass_unit: unit, pass_count: count } }: { plan: Plan }) {
  const { t, number } = useI18n();
  switch (kind) {
    case "credit":
      return t.money.credits(grouped(credits ?? "0"));
    case "uses":
      return t.plans.givesUses(number(uses ?? 0));
    case "pass":
      return t.plans.givesTime(count ?? 0, unit ?? "day");
    case "monthly":
      return <span className="muted">{t.none}</span>;
  }
}

function Costs({ plan: { kind, credits, price_minor: minor, currency } }: { plan: Plan }) {
  const { t } = useI18n();
  if (kind === "monthly") return t.plans.perMonth(grouped(credits ?? "0"));
  const money = typeof minor === "number" && currency ? moneyOf(String(minor), currency) : null;
  // of a plan of credits they are what one gets
  const inCredits = kind !== "credit" && credits ? t.money.credits(grouped(credits)) : null;
  return [money, inCredits].filter(Boolean).join(` ${t.plans.or} `);
}

function Acts({ plan, replaced, onAsk }: { plan: Plan; replaced: boolean; onAsk: (asking: Asking) => void }) {
  const { t } = useI18n();
  const offer = (kind: "replace" | "end" | "again", danger = false) => (
    <Button size="small" danger={danger} aria-label={`${t.plans[kind]} ${plan.name}`} onClick={() => onAsk({ kind, plan })}>
      {t.plans[kind]}
    </Button>
  );
  return (
    <span className="row">
      {!replaced && offer("replace")}
      {plan.enabled ? offer("end", true) : offer("again")}
    </span>
  );
}
