/** How far each chain was read; nothing where none is watched. */
import { useCallback } from "react";
import type { ChainWatch } from "../api/types";
import { useConsole } from "../console";
import { useI18n } from "../i18n";
import { Loaded } from "../ui/states";
import { Table } from "../ui/Table";
import { Badge, Time } from "../ui/Time";
import { useLoad } from "../ui/useLoad";

export function Chains() {
  const { api } = useConsole();
  const load = useLoad(useCallback(() => api.chains(), [api]));
  return <Loaded load={load}>{({ items }) => (items.length === 0 ? null : <Watched chains={items} />)}</Loaded>;
}

function Watched({ chains }: { chains: readonly ChainWatch[] }) {
  const { t, number } = useI18n();
  const block = ({ scanned, top }: ChainWatch) =>
    typeof scanned === "number" && typeof top === "number" ? t.chains.of(number(scanned), number(top)) : t.none;
  return (
    <section className="section">
      <h2>{t.chains.title}</h2>
      <Table
        label={t.chains.title}
        rows={chains}
        rowKey={({ name }) => name}
        columns={[
          { head: t.chains.name, main: true, cell: ({ name }) => name },
          { head: t.chains.state, cell: (chain) => <State chain={chain} /> },
          { head: t.chains.block, cell: block },
          { head: t.chains.lookedAt, cell: ({ looked_at: at }) => <Time at={at} none={t.chains.never} /> },
        ]}
      />
    </section>
  );
}

/** The reason is the node's own, and English. */
function State({ chain: { failed_at: failed, failure, looked_at: looked } }: { chain: ChainWatch }) {
  const { t } = useI18n();
  if (!failed) return <Badge kind={looked ? "good" : "plain"}>{looked ? t.chains.reads : t.chains.never}</Badge>;
  return (
    <>
      <Badge kind="bad">{t.chains.fails}</Badge>
      <span className="sub">
        <Time at={failed} />
      </span>
      {failure && (
        <span className="sub long" lang="en">
          {failure}
        </span>
      )}
    </>
  );
}
