/** What came in and what went out, the latest first. */
import { Button } from "antd";
import { useCallback, useMemo } from "react";
import type { Api } from "../api";
import type { Whose } from "../api/types";
import { useI18n } from "../i18n";
import { ErrorNote } from "../ui/ErrorNote";
import { dayTime, grouped, microsOf, signed } from "./amounts";
import { folded, type Line } from "./lines";
import { usePaged } from "./usePaged";

interface Props {
  api: Api;
  whose: Whose;
}

export function Statement({ api, whose }: Props) {
  const { t } = useI18n();
  const ask = useCallback((cursor: string | null) => api.statement(whose, cursor), [api, whose]);
  const { items, loading, error, hasMore, loadMore } = usePaged(ask);
  const lines = useMemo(() => folded(items, hasMore), [items, hasMore]);
  return (
    <section>
      <h3>{t.purse.statement}</h3>
      {error && <ErrorNote error={error} act={{ label: t.retry, run: loadMore }} />}
      {!loading && !error && lines.length === 0 && <p className="muted">{t.purse.none}</p>}
      <ul>
        {lines.map((line) => (
          <Row key={line.id} line={line} />
        ))}
      </ul>
      {(loading || hasMore) && (
        <div className="center">
          <Button type="text" size="small" loading={loading} onClick={loadMore}>
            {loading ? t.loading : t.more}
          </Button>
        </div>
      )}
    </section>
  );
}

function Row({ line }: { line: Line }) {
  const { t, lang } = useI18n();
  const came = microsOf(line.amount) > 0n;
  return (
    <li className="line">
      <span className="plan-text">
        <span>{t.purse.kinds[line.kind]}</span>
        <span className="purse-facts">{[dayTime(line.at, lang), line.note].filter(Boolean).join(" · ")}</span>
      </span>
      <span className="line-amounts">
        <span className={came ? "line-amount in" : "line-amount"}>{signed(line.amount, lang)}</span>
        <span className="purse-facts">{t.purse.left(grouped(line.balance, lang))}</span>
      </span>
    </li>
  );
}
