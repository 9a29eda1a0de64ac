/** What arrived on chains and no order was given for. */
import { Button } from "antd";
import { useCallback, useState } from "react";
import type { Arrival } from "../api/types";
import { useConsole } from "../console";
import { useI18n } from "../i18n";
import { ChoiceField } from "../ui/fields";
import { Empty, Listed } from "../ui/states";
import { type Column, Table } from "../ui/Table";
import { Time } from "../ui/Time";
import { useList } from "../ui/useLoad";
import { grouped } from "./amount";
import { NoteDialog } from "./NoteDialog";

export function Arrivals({ client }: { client: string }) {
  const { t } = useI18n();
  const { api, may } = useConsole();
  const [shown, setShown] = useState<"open" | "settled">("open");
  const [settling, setSettling] = useState<Arrival | null>(null);
  const settled = shown === "settled";
  const list = useList(useCallback((cursor: string | null) => api.arrivals(client, settled, cursor), [api, client, settled]));
  const done = () => {
    setSettling(null);
    list.reload();
  };
  return (
    <>
      <div className="search">
        <ChoiceField
          label={t.waiting.show}
          value={shown}
          options={[
            { value: "open", label: t.waiting.open },
            { value: "settled", label: t.waiting.settled },
          ]}
          onChange={setShown}
        />
      </div>
      <Listed list={list} empty={<Empty text={settled ? t.waiting.noneSo : t.waiting.noArrivals} />}>
        {(rows) => <ArrivalTable rows={rows} onSettle={may("money") && !settled ? setSettling : null} />}
      </Listed>
      {settling && (
        <NoteDialog
          title={t.waiting.resolveTitle}
          submit={t.waiting.resolve}
          label={t.money.note}
          send={(note) => api.resolveArrival(client, settling.id, note)}
          onDone={done}
          onCancel={() => setSettling(null)}
        >
          <div className="about field-row">
            <What arrival={settling} />
          </div>
        </NoteDialog>
      )}
    </>
  );
}

function ArrivalTable({ rows, onSettle }: { rows: readonly Arrival[]; onSettle: ((arrival: Arrival) => void) | null }) {
  const { t } = useI18n();
  const acts: Column<Arrival> = {
    head: t.actions,
    acts: true,
    cell: (row) => (
      <Button size="small" aria-label={`${t.waiting.resolve} ${row.transaction}`} onClick={() => onSettle?.(row)}>
        {t.waiting.resolve}
      </Button>
    ),
  };
  return (
    <Table
      label={t.waiting.arrivals}
      rows={rows}
      rowKey={({ id }) => id}
      columns={[
        { head: t.waiting.what, main: true, cell: (arrival) => <What arrival={arrival} /> },
        { head: t.waiting.why, cell: (arrival) => <Why arrival={arrival} /> },
        { head: t.waiting.transaction, cell: (arrival) => <Transaction arrival={arrival} /> },
        { head: t.waiting.since, cell: ({ at }) => <Time at={at} /> },
        ...(onSettle ? [acts] : []),
      ]}
    />
  );
}

function What({ arrival: { units, left_over: left, asset } }: { arrival: Arrival }) {
  const { t } = useI18n();
  return (
    <>
      {grouped(units)} {t.orders.smallest}
      <span className="sub">{t.waiting.left(grouped(left))}</span>
      <span className="sub">
        <code>{asset}</code>
      </span>
    </>
  );
}

function Why({ arrival: { verdict, state, resolution } }: { arrival: Arrival }) {
  const { t } = useI18n();
  return (
    <>
      {t.waiting.verdicts[verdict]}
      <span className="sub">{t.waiting.arrivalStates[state]}</span>
      {resolution && <span className="sub">{resolution}</span>}
    </>
  );
}

function Transaction({ arrival: { transaction, payer, block, chain, order_id: order } }: { arrival: Arrival }) {
  const { t, number } = useI18n();
  return (
    <div className="long">
      <code>{transaction}</code>
      <span className="sub">{t.waiting.block(number(block), chain)}</span>
      <span className="sub">
        {t.waiting.payer} <code>{payer}</code>
      </span>
      <span className="sub">
        {t.waiting.order} <code>{order}</code>
      </span>
    </div>
  );
}
