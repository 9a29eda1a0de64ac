/** Who pays for a plan by the month. */
import { Button } from "antd";
import { useCallback, useState } from "react";
import type { Subscription } from "../api/types";
import { useConsole } from "../console";
import { useI18n } from "../i18n";
import { Confirm } from "../ui/dialogs";
import { Empty, Listed } from "../ui/states";
import { Table } from "../ui/Table";
import { Badge, Time } from "../ui/Time";
import { useList } from "../ui/useLoad";
import { grouped } from "./amount";
import { FeesDialog } from "./FeesDialog";
import { SubscribeDialog } from "./SubscribeDialog";

type Asking = { kind: "begin" } | { kind: "end" | "fees"; subscription: Subscription };

export default function Subscriptions({ client }: { client: string }) {
  const { t } = useI18n();
  const { api, may } = useConsole();
  const [asking, setAsking] = useState<Asking | null>(null);
  const list = useList(useCallback((cursor: string | null) => api.subscriptions(client, cursor), [api, client]));
  const cancel = () => setAsking(null);
  const done = () => {
    cancel();
    list.reload();
  };
  return (
    <>
      <div className="section-head">
        <p className="screen-lead plain">{t.subscriptions.lead}</p>
        {may("money") && (
          <Button type="primary" onClick={() => setAsking({ kind: "begin" })}>
            {t.subscriptions.begin}
          </Button>
        )}
      </div>
      <Listed list={list} empty={<Empty text={t.subscriptions.empty} />}>
        {(rows) => <SubscriptionTable rows={rows} writable={may("money")} onAsk={setAsking} />}
      </Listed>
      {asking?.kind === "begin" && <SubscribeDialog client={client} onDone={done} onCancel={cancel} />}
      {asking?.kind === "fees" && <FeesDialog client={client} subscription={asking.subscription} onClose={cancel} />}
      {asking?.kind === "end" && (
        <Confirm
          title={t.subscriptions.endTitle(asking.subscription.plan)}
          text={t.subscriptions.endText}
          act={t.subscriptions.end}
          run={() => api.endSubscription(client, asking.subscription.id)}
          onDone={done}
          onCancel={cancel}
        />
      )}
    </>
  );
}

interface TableProps {
  rows: readonly Subscription[];
  writable: boolean;
  onAsk: (asking: Asking) => void;
}

function SubscriptionTable({ rows, writable, onAsk }: TableProps) {
  const { t } = useI18n();
  const acts = (subscription: Subscription) => (
    <span className="row">
      <Button size="small" aria-label={`${t.subscriptions.fees} ${subscription.plan}`} onClick={() => onAsk({ kind: "fees", subscription })}>
        {t.subscriptions.fees}
      </Button>
      {writable && !subscription.ended_at && (
        <Button
          size="small"
          danger
          aria-label={`${t.subscriptions.end} ${subscription.plan}`}
          onClick={() => onAsk({ kind: "end", subscription })}
        >
          {t.subscriptions.end}
        </Button>
      )}
    </span>
  );
  return (
    <Table
      label={t.money.parts.subscriptions}
      rows={rows}
      rowKey={({ id }) => id}
      dim={({ ended_at: at }) => Boolean(at)}
      columns={[
        { head: t.subscriptions.plan, main: true, cell: ({ plan }) => plan },
        { head: t.subscriptions.who, cell: ({ user_id: user }) => (user ? <code className="long">{user}</code> : t.money.client) },
        { head: t.subscriptions.fee, cell: ({ credits }) => t.plans.perMonth(grouped(credits)) },
        { head: t.subscriptions.first, cell: ({ first_day: day }) => day },
        { head: t.subscriptions.due, cell: ({ due_at: at, ended_at: ended }) => <Time at={ended ? null : at} /> },
        { head: t.subscriptions.state, cell: (row) => <State row={row} /> },
        { head: t.actions, acts: true, cell: acts },
      ]}
    />
  );
}

function State({ row: { ended_at: ended, problem } }: { row: Subscription }) {
  const { t } = useI18n();
  if (ended) return <Badge kind="plain">{t.subscriptions.ended}</Badge>;
  if (!problem) return <Badge kind="good">{t.subscriptions.active}</Badge>;
  return (
    <>
      <Badge kind="bad">{t.subscriptions.problem}</Badge>
      <span className="sub" lang="en">
        {problem}
      </span>
    </>
  );
}
