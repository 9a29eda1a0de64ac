/** What was ordered, and money that goes back. */
import { Button } from "antd";
import { useCallback, useState } from "react";
import type { Order, OrderState } from "../api/types";
import { useConsole } from "../console";
import { useI18n } from "../i18n";
import { ChoiceField } from "../ui/fields";
import { Empty, Listed } from "../ui/states";
import { type Column, Table } from "../ui/Table";
import { Badge, Time } from "../ui/Time";
import { useList } from "../ui/useLoad";
import { grouped } from "./amount";
import { canRefund } from "./refund";
import { RefundDialog } from "./RefundDialog";
import { orderedOf } from "./units";

const KINDS = {
  created: "plain",
  pending: "warn",
  paid: "warn",
  fulfilled: "good",
  expired: "plain",
  cancelled: "plain",
  refunded: "plain",
  disputed: "bad",
} as const satisfies Record<OrderState, string>;
const STATES = Object.keys(KINDS) as OrderState[];

export default function Orders({ client }: { client: string }) {
  const { t } = useI18n();
  const { api, may } = useConsole();
  const [state, setState] = useState<OrderState | "">("");
  const [refunding, setRefunding] = useState<Order | null>(null);
  const list = useList(useCallback((cursor: string | null) => api.orders(client, state, cursor), [api, client, state]));
  const done = (changed: Order) => {
    setRefunding(null);
    list.change((orders) => orders.map((one) => (one.id === changed.id ? changed : one)));
  };
  const leave = (unsure: boolean) => {
    setRefunding(null);
    if (unsure) list.reload();
  };
  return (
    <>
      <p className="part-lead">{t.orders.lead}</p>
      <div className="search">
        <ChoiceField
          label={t.orders.state}
          value={state}
          options={[{ value: "", label: t.orders.any }, ...STATES.map((value) => ({ value, label: t.orders.states[value] }))]}
          onChange={setState}
        />
      </div>
      <Listed list={list} empty={<Empty text={state === "" ? t.orders.empty : t.orders.emptyFiltered} />}>
        {(orders) => <OrderTable orders={orders} onRefund={may("money") ? setRefunding : null} />}
      </Listed>
      {refunding && <RefundDialog client={client} order={refunding} onDone={done} onCancel={leave} />}
    </>
  );
}

function OrderTable({ orders, onRefund }: { orders: readonly Order[]; onRefund: ((order: Order) => void) | null }) {
  const { t } = useI18n();
  const acts: Column<Order> = {
    head: t.actions,
    acts: true,
    cell: (order) =>
      canRefund(order) && (
        <Button size="small" danger aria-label={`${t.orders.refund} ${order.title}`} onClick={() => onRefund?.(order)}>
          {t.orders.refund}
        </Button>
      ),
  };
  return (
    <Table
      label={t.money.parts.orders}
      rows={orders}
      rowKey={({ id }) => id}
      dim={({ state }) => KINDS[state] === "plain"}
      columns={[
        { head: t.orders.title, main: true, cell: (order) => <Title order={order} /> },
        { head: t.orders.amount, cell: (order) => <Amount order={order} /> },
        { head: t.orders.state, cell: ({ state }) => <Badge kind={KINDS[state]}>{t.orders.states[state]}</Badge> },
        { head: t.orders.made, cell: ({ created_at: at }) => <Time at={at} /> },
        { head: t.orders.paid, cell: ({ paid_at: at }) => <Time at={at} /> },
        ...(onRefund ? [acts] : []),
      ]}
    />
  );
}

function Title({ order: { id, title, goods, credits, for_client: forClient } }: { order: Order }) {
  const { t } = useI18n();
  const what = credits ? t.money.credits(grouped(credits)) : t.orders.goods[goods];
  return (
    <>
      {title}
      <span className="sub">
        {what} · {forClient ? t.orders.forClient : t.orders.forUser}
      </span>
      <span className="sub">
        <code>{id}</code>
      </span>
    </>
  );
}

function Amount({ order }: { order: Order }) {
  const { t } = useI18n();
  return (
    <>
      {orderedOf(order, order.amount)}
      <span className="sub">{t.orders.providers[order.provider]}</span>
      {order.refunded !== "0" && <span className="sub">{t.orders.back(orderedOf(order, order.refunded))}</span>}
    </>
  );
}
