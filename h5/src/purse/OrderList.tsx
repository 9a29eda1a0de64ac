/** One's orders, the latest first. */
import { Button } from "antd";
import { useCallback } from "react";
import type { Api } from "../api";
import type { Order, Whose } from "../api/types";
import { useI18n } from "../i18n";
import { ErrorNote } from "../ui/ErrorNote";
import { ForwardIcon } from "../ui/icons";
import { dayTime } from "./amounts";
import { priceOf } from "./orders";
import { usePaged } from "./usePaged";

interface Props {
  api: Api;
  whose: Whose;
  onOpen: (id: string) => void;
}

export function OrderList({ api, whose, onOpen }: Props) {
  const { t } = useI18n();
  const ask = useCallback((cursor: string | null) => api.orders(whose, cursor), [api, whose]);
  const { items, loading, error, hasMore, loadMore, reload } = usePaged(ask);
  if (items.length === 0 && !error) return null;
  return (
    <section>
      <h3>{t.purse.orders}</h3>
      {error && <ErrorNote error={error} act={{ label: t.retry, run: reload }} />}
      <ul>
        {items.map((order) => (
          <OrderRow key={order.id} order={order} onOpen={() => onOpen(order.id)} />
        ))}
      </ul>
      {hasMore && (
        <div className="center">
          <Button type="text" size="small" loading={loading} onClick={loadMore}>
            {t.purse.more}
          </Button>
        </div>
      )}
    </section>
  );
}

function OrderRow({ order, onOpen }: { order: Order; onOpen: () => void }) {
  const { t, lang } = useI18n();
  return (
    <li>
      <button type="button" className="plan-open" onClick={onOpen}>
        <span className="plan-text">
          <span className="plan-name">{order.title}</span>
          <span className="purse-facts">{[priceOf(order, null, lang), dayTime(order.created_at, lang)].join(" · ")}</span>
        </span>
        <span className={`order-state ${order.state}`}>{t.purse.states[order.state]}</span>
        <ForwardIcon />
      </button>
    </li>
  );
}
