/** What was used, by day and model. */
import { Button } from "antd";
import { useCallback, useState } from "react";
import type { Used } from "../api/types";
import { useConsole } from "../console";
import { useI18n } from "../i18n";
import { Empty, Loaded } from "../ui/states";
import { Table } from "../ui/Table";
import { useLoad } from "../ui/useLoad";
import { grouped, sumOf } from "./amount";
import { ANY_DAYS } from "./days";
import { DaysForm } from "./DaysForm";

/** Rows drawn at once: a year of many models is thousands of them. */
const ROWS = 100;

export default function Usage({ client }: { client: string }) {
  const { t } = useI18n();
  const { api } = useConsole();
  const [days, setDays] = useState(ANY_DAYS);
  const load = useLoad(useCallback(() => api.usage(client, days), [api, client, days]));
  return (
    <>
      <p className="part-lead">{t.usage.lead}</p>
      <DaysForm first={ANY_DAYS} onShow={setDays} />
      <Loaded load={load}>{(used) => (used.length === 0 ? <Empty text={t.usage.empty} /> : <Used used={used} />)}</Loaded>
    </>
  );
}

function Used({ used }: { used: readonly Used[] }) {
  const { t, number } = useI18n();
  const [shown, setShown] = useState(ROWS);
  return (
    <>
      <dl className="figures field-row">
        <div className="figure">
          <dt>{t.usage.answers}</dt>
          <dd>{number(used.reduce((sum, { answers }) => sum + answers, 0))}</dd>
        </div>
        <div className="figure">
          <dt>{t.usage.credits}</dt>
          <dd>{grouped(sumOf(used.map(({ credits }) => credits)))}</dd>
        </div>
      </dl>
      <Table
        label={t.money.parts.usage}
        rows={used.slice(0, shown)}
        rowKey={({ day, model }) => `${day} ${model}`}
        columns={[
          { head: t.usage.day, main: true, cell: ({ day }) => day },
          { head: t.usage.model, cell: ({ model }) => model },
          { head: t.usage.answers, cell: ({ answers }) => number(answers) },
          { head: t.usage.tokens, cell: (row) => <Tokens row={row} /> },
          { head: t.usage.credits, cell: ({ credits }) => grouped(credits) },
        ]}
      />
      {shown < used.length && (
        <p className="center">
          <Button onClick={() => setShown(shown + ROWS)}>{t.more}</Button>
        </p>
      )}
    </>
  );
}

function Tokens({ row: { input_tokens: read, cached_tokens: cached, output_tokens: written } }: { row: Used }) {
  const { t, number } = useI18n();
  return (
    <div className="facts">
      {t.usage.read(number(read))}
      {cached > 0 && <span className="sub">{t.usage.cached(number(cached))}</span>}
      <span className="sub">{t.usage.written(number(written))}</span>
    </div>
  );
}
