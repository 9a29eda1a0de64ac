/** The documents an answer names, under the answer. */
import { Button } from "antd";
import { useState } from "react";
import type { Citation } from "../api/types";
import { useI18n } from "../i18n";

/** More than these are folded away. */
const SHOWN = 3;

/** One entry for each number: several sentences may cite the same passage. */
export function distinct(citations: readonly Citation[]): Citation[] {
  const byNumber = new Map<number, Citation>();
  for (const citation of citations) if (!byNumber.has(citation.n)) byNumber.set(citation.n, citation);
  return [...byNumber.values()].sort((a, b) => a.n - b.n);
}

interface Props {
  citations: readonly Citation[];
  onOpen: (citation: Citation) => void;
}

export function Sources({ citations, onOpen }: Props) {
  const { t } = useI18n();
  const [all, setAll] = useState(false);
  const sources = distinct(citations);
  if (sources.length === 0) return null;
  const folded = !all && sources.length > SHOWN + 1;
  return (
    <section className="sources" aria-label={t.sources.title}>
      <h3>{t.sources.title}</h3>
      <ol>
        {(folded ? sources.slice(0, SHOWN) : sources).map((citation) => (
          <li key={citation.n}>
            <button type="button" className="source" onClick={() => onOpen(citation)}>
              <span className="source-n" aria-hidden>
                {citation.n}
              </span>
              <span className="source-text">
                <span className="source-name">
                  {citation.document_name}
                  {citation.page != null && <span className="source-page"> · {t.sources.page(citation.page)}</span>}
                </span>
                <span className="source-quote">{citation.quote}</span>
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
