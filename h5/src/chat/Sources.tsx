/** The documents an answer names, under the answer. */
import { Button } from "antd";
import { useMemo, useState } from "react";
import type { Citation } from "../api/types";
import { LIST_MARK, type Source, sourcesOf } from "../citation/sources";
import { useI18n } from "../i18n";

/** More than these are folded away. */
const SHOWN = 3;

interface Props {
  citations: readonly Citation[];
  onOpen: (source: Source) => void;
}

export function Sources({ citations, onOpen }: Props) {
  const { t } = useI18n();
  const [all, setAll] = useState(false);
  const sources = useMemo(() => sourcesOf(citations), [citations]);
  if (sources.length === 0) return null;
  const folded = !all && sources.length > SHOWN + 1;
  return (
    <section className="sources" aria-label={t.sources.title}>
      <h3>{t.sources.title}</h3>
      <ol>
        {(folded ? sources.slice(0, SHOWN) : sources).map((source) => (
          <li key={source.n}>
            <button type="button" className="source" onClick={() => onOpen(source)}>
              <span className="source-n" aria-hidden>
                {source.n}
              </span>
              <span className="source-text">
                <span className="source-name">
                  {source.document_name}
                  {source.page != null && <span className="source-page"> · {t.sources.page(source.page)}</span>}
                </span>
                <span className="source-quote">{source.quotes.map(({ text }) => text.replace(LIST_MARK, "")).join(" … ")}</span>
              </span>
            </button>
          </li>
        ))}
      </ol>
      {folded && (
        <Button type="link" size="small" onClick={() => setAll(true)}>
          {t.sources.all(sources.length)}
        </Button>
      )}
    </section>
  );
}
