/** Payments that do not fit what was ordered. */
import { Button } from "antd";
import { useCallback, useState } from "react";
import type { ExceptionState, PaymentException } from "../api/types";
import { useConsole } from "../console";
import { useI18n } from "../i18n";
import { ChoiceField } from "../ui/fields";
import { Empty, Listed } from "../ui/states";
import { type Column, Table } from "../ui/Table";
import { Badge, Time } from "../ui/Time";
import { useList } from "../ui/useLoad";
import { NoteDialog } from "./NoteDialog";
import { paidOf } from "./units";

const KINDS = { open: "warn", fulfilled: "good", dismissed: "plain" } as const satisfies Record<ExceptionState, string>;
const STATES = Object.keys(KINDS) as ExceptionState[];

export function Exceptions({ client }: { client: string }) {
  const { t } = useI18n();
  const { api, may } = useConsole();
  const [state, setState] = useState<ExceptionState>("open");
  const [deciding, setDeciding] = useState<PaymentException | null>(null);
  const list = useList(useCallback((cursor: string | null) => api.exceptions(client, state, cursor), [api, client, state]));
  const done = () => {
    setDeciding(null);
    list.reload();
  };
  return (
    <>
      <div className="search">
        <ChoiceField
          label={t.waiting.show}
          value={state}
          options={STATES.map((value) => ({ value, label: t.waiting.states[value] }))}
          onChange={setState}
        />
      </div>
      <Listed list={list} empty={<Empty text={state === "open" ? t.waiting.noPayments : t.waiting.noneSo} />}>
        {(rows) => <ExceptionTable rows={rows} onDecide={may("money") && state === "open" ? setDeciding : null} />}
      </Listed>
      {deciding && <Decide client={client} exception={deciding} onDone={done} onCancel={() => setDeciding(null)} />}
    </>
  );
}

interface TableProps {
  rows: readonly PaymentException[];
  onDecide: ((exception: PaymentException) => void) | null;
}

function ExceptionTable({ rows, onDecide }: TableProps) {
  const { t } = useI18n();
  const acts: Column<PaymentException> = {
    head: t.actions,
    acts: true,
    cell: (row) => (
      <Button size="small" aria-label={`${t.waiting.decide} ${row.reference}`} onClick={() => onDecide?.(row)}>
        {t.waiting.decide}
      </Button>
    ),
  };
  return (
    <Table
      label={t.waiting.payments}
      rows={rows}
      rowKey={({ id }) => id}
      columns={[
        { head: t.waiting.why, main: true, cell: (row) => <Why row={row} /> },
        { head: t.waiting.amount, cell: (row) => <Amount row={row} /> },
        { head: t.waiting.reference, cell: (row) => <Reference row={row} /> },
        { head: t.waiting.since, cell: ({ created_at: at }) => <Time at={at} /> },
        { head: t.waiting.state, cell: ({ state }) => <Badge kind={KINDS[state]}>{t.waiting.states[state]}</Badge> },
        ...(onDecide ? [acts] : []),
      ]}
    />
  );
}

/** The detail is the server's own, and English. */
function Why({ row: { reason, detail, note } }: { row: PaymentException }) {
  const { t } = useI18n();
  return (
    <>
      {t.waiting.reasons[reason]}
      <span className="sub" lang="en">
        {detail}
      </span>
      {note && <span className="sub">{note}</span>}
    </>
  );
}

function Amount({ row: { provider, amount, currency } }: { row: PaymentException }) {
  const { t } = useI18n();
  return (
    <>
      {amount && currency ? paidOf(provider, amount, currency, t) : <span className="muted">{t.none}</span>}
      <span className="sub">{t.orders.providers[provider]}</span>
    </>
  );
}

function Reference({ row: { reference, order_id: order } }: { row: PaymentException }) {
  const { t } = useI18n();
  return (
    <div className="long">
      <code>{reference}</code>
      {order && (
        <span className="sub">
          {t.waiting.order} <code>{order}</code>
        </span>
      )}
    </div>
  );
}

interface DecideProps {
  client: string;
  exception: PaymentException;
  onDone: () => void;
  onCancel: () => void;
}

function Decide({ client, exception, onDone, onCancel }: DecideProps) {
  const { t } = useI18n();
  const { api } = useConsole();
  const [verdict, setVerdict] = useState<"fulfilled" | "dismissed">("dismissed");
  return (
    <NoteDialog
      title={t.waiting.decideTitle}
      submit={verdict === "fulfilled" ? t.waiting.fulfil : t.waiting.dismiss}
      label={t.waiting.note}
      send={(note) => api.resolveException(client, exception.id, { verdict, note })}
      onDone={onDone}
      onCancel={onCancel}
    >
      <div className="about field-row">
        <Why row={exception} />
        <span className="sub">
          <Amount row={exception} /> <code>{exception.reference}</code>
        </span>
      </div>
      <ChoiceField
        label={t.waiting.verdict}
        hint={verdict === "fulfilled" ? t.waiting.fulfilHint : t.waiting.dismissHint}
        value={verdict}
        options={[
          { value: "dismissed", label: t.waiting.dismiss },
          { value: "fulfilled", label: t.waiting.fulfil },
        ]}
        onChange={setVerdict}
      />
    </NoteDialog>
  );
}
