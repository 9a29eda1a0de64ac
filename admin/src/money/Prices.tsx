/** What things cost at a client. */
import { Button } from "antd";
import { useCallback, useState } from "react";
import type { Price } from "../api/types";
import { useConsole } from "../console";
import { useI18n } from "../i18n";
import { CheckField } from "../ui/fields";
import { Empty, Loaded } from "../ui/states";
import { type Column, Table } from "../ui/Table";
import { Badge, Time } from "../ui/Time";
import { useLoad } from "../ui/useLoad";
import { grouped } from "./amount";
import { PriceDialog } from "./PriceDialog";
import { type PriceStanding, type Rate, RATES, standingsOf } from "./price";

const KINDS = { now: "good", later: "warn", before: "plain" } as const satisfies Record<PriceStanding, string>;
const PER_MILLION: ReadonlySet<Rate> = new Set(["input", "cached_input", "output", "embedding"]);

export default function Prices({ client }: { client: string }) {
  const { t } = useI18n();
  const { api, may } = useConsole();
  const [all, setAll] = useState(false);
  const [setting, setSetting] = useState<{ from: Price | null } | null>(null);
  const load = useLoad(useCallback(() => api.prices(client, all), [api, client, all]));
  const writable = may("money");
  const done = () => {
    setSetting(null);
    load.reload();
  };
  return (
    <>
      <div className="section-head">
        <p className="screen-lead plain">{t.prices.lead}</p>
        {writable && (
          <Button type="primary" onClick={() => setSetting({ from: null })}>
            {t.prices.set}
          </Button>
        )}
      </div>
      <CheckField label={t.prices.all} checked={all} onChange={setAll} />
      <Loaded load={load}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty text={t.prices.empty} />
          ) : (
            <PriceTable prices={items} onChange={writable ? (from) => setSetting({ from }) : null} />
          )
        }
      </Loaded>
      {setting && <PriceDialog client={client} from={setting.from} onDone={done} onCancel={() => setSetting(null)} />}
    </>
  );
}

function PriceTable({ prices, onChange }: { prices: readonly Price[]; onChange: ((from: Price) => void) | null }) {
  const { t } = useI18n();
  const standings = standingsOf(prices, Date.now());
  const standing = ({ id }: Price) => standings.get(id) ?? "before";
  const acts: Column<Price> = {
    head: t.actions,
    acts: true,
    cell: (price) =>
      standing(price) === "now" && (
        <Button size="small" aria-label={`${t.prices.change} ${price.model}`} onClick={() => onChange?.(price)}>
          {t.prices.change}
        </Button>
      ),
  };
  return (
    <Table
      label={t.money.parts.prices}
      rows={prices}
      rowKey={({ id }) => id}
      dim={(price) => standing(price) === "before"}
      columns={[
        { head: t.prices.model, main: true, cell: ({ model }) => model },
        { head: t.money.parts.prices, cell: (price) => <Rates price={price} /> },
        { head: t.prices.when, cell: ({ valid_from: at }) => <Time at={at} /> },
        { head: t.prices.state, cell: (price) => <Badge kind={KINDS[standing(price)]}>{t.prices.standings[standing(price)]}</Badge> },
        ...(onChange ? [acts] : []),
      ]}
    />
  );
}

function Rates({ price }: { price: Price }) {
  const { t } = useI18n();
  return (
    <ul className="amounts">
      {RATES.map((rate) => {
        const credits = price[rate];
        if (credits === null || credits === undefined) return null;
        return (
          <li key={rate}>
            {t.prices.rates[rate]} <b>{grouped(credits)}</b>{" "}
            <span className="muted">{PER_MILLION.has(rate) ? t.prices.perMillion : t.prices.each}</span>
          </li>
        );
      })}
    </ul>
  );
}
