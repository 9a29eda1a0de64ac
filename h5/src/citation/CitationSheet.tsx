/** A citation in its document: the cited words marked and in view, the text around them to read on. */
import { Button } from "antd";
import { useCallback, useRef } from "react";
import type { Api } from "../api";
import type { Citation } from "../api/types";
import { useI18n } from "../i18n";
import { Sheet } from "../ui/Sheet";
import { ErrorNote } from "../ui/ErrorNote";
import { splitAtPoints } from "./codepoints";
import { type DocumentWindow, useDocumentWindow } from "./useDocumentWindow";

/** How far down in the sheet the marked words come to lie: some lines above them give the context. */
const MARK_AT = 0.3;

interface Props {
  api: Api;
  citation: Citation;
  open: boolean;
  onClose: () => void;
}

export default function CitationSheet({ api, citation, open, onClose }: Props) {
  const { t } = useI18n();
  const view = useDocumentWindow(api, citation);
  const page = citation.page == null ? null : <span className="sheet-sub">{t.sources.page(citation.page)}</span>;
  return (
    <Sheet title={citation.document_name} sub={page} open={open} onClose={onClose}>
      <Body citation={citation} view={view} />
    </Sheet>
  );
}

function Body({ citation, view }: { citation: Citation; view: DocumentWindow }) {
  const { t } = useI18n();
  const { text, error } = view;
  if (error !== null) return <Gone citation={citation} view={view} />;
  if (text === null) return <p className="muted">{t.loading}</p>;
  const [before, quote, after] = splitAtPoints(text.text, citation.start - text.start, citation.end - text.start);
  return (
    <>
      {view.earlier && <More label={t.sources.earlier} onClick={view.earlier} />}
      <div className="document-text">
        {before}
        <Mark text={quote} />
        {after}
      </div>
      {view.later && <More label={t.sources.later} onClick={view.later} />}
    </>
  );
}

/** Brings itself into view once, by scrolling the sheet only: `scrollIntoView` would move the host page of a frame too. */
function Mark({ text }: { text: string }) {
  const { t } = useI18n();
  const placed = useRef(false);
  const place = useCallback((mark: HTMLElement | null) => {
    const scroller = mark?.closest<HTMLElement>(".sheet-body");
    if (!mark || !scroller || placed.current) return;
    placed.current = true;
    const top = mark.getBoundingClientRect().top - scroller.getBoundingClientRect().top;
    scroller.scrollTop += top - scroller.clientHeight * MARK_AT;
  }, []);
  return (
    <mark ref={place} aria-label={t.sources.cited} data-testid="cited-text">
      {text}
    </mark>
  );
}

function Gone({ citation, view }: { citation: Citation; view: DocumentWindow }) {
  const { t } = useI18n();
  const { error } = view;
  return (
    <>
      {error?.code === "not_found" ? <p className="muted">{t.sources.gone}</p> : error && <ErrorNote error={error} />}
      <blockquote className="document-text">
        <mark>{citation.quote}</mark>
      </blockquote>
    </>
  );
}

function More({ label, onClick }: { label: string; onClick: () => void }) {
  return (
    <div className="center">
      <Button type="text" size="small" onClick={onClick}>
        {label}
      </Button>
    </div>
  );
}
