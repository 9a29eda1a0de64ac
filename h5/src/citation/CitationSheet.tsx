/** A citation in its document: the cited words marked and in view, the text around them to read on. */
import { Button } from "antd";
import { useCallback, useRef } from "react";
import type { Api } from "../api";
import { useI18n } from "../i18n";
import { Sheet } from "../ui/Sheet";
import { ErrorNote } from "../ui/ErrorNote";
import { PageImage } from "./PageImage";
import { stretches } from "./codepoints";
import type { Source } from "./sources";
import { type DocumentWindow, useDocumentWindow } from "./useDocumentWindow";

/** How far down in the sheet the marked words come to lie: some lines above them give the context. */
const MARK_AT = 0.3;

interface Props {
  api: Api;
  source: Source;
  open: boolean;
  onClose: () => void;
}

export default function CitationSheet({ api, source, open, onClose }: Props) {
  const { t } = useI18n();
  const view = useDocumentWindow(api, source);
  const page = source.page == null ? null : <span className="sheet-sub">{t.sources.page(source.page)}</span>;
  const picture = source.page != null && isPdf(source.document_name) && (
    <PageImage
      key={`${source.document_id} ${source.version} ${source.page}`}
      api={api}
      documentId={source.document_id}
      version={source.version}
      name={source.document_name}
      page={source.page}
    />
  );
  return (
    <Sheet title={source.document_name} sub={page} top={picture} open={open} onClose={onClose} beside>
      <Body source={source} view={view} />
    </Sheet>
  );
}

/** Other documents have pages too, but no picture of them. */
function isPdf(name: string): boolean {
  return /\.pdf$/i.test(name);
}

function Body({ source, view }: { source: Source; view: DocumentWindow }) {
  const { t } = useI18n();
  const { text, error } = view;
  if (error !== null) return <Gone source={source} view={view} />;
  if (text === null) return <p className="muted">{t.loading}</p>;
  const parts = stretches(text.text, text.start, source.quotes);
  const first = parts.findIndex(({ marked }) => marked);
  return (
    <>
      {view.earlier && <More label={t.sources.earlier} onClick={view.earlier} />}
      <div className="document-text">
        {parts.map((part, index) =>
          part.marked ? <Mark key={index} text={part.text} leads={index === first} /> : part.text,
        )}
      </div>
      {view.later && <More label={t.sources.later} onClick={view.later} />}
    </>
  );
}

/**
 * The first one brings itself into view once, by scrolling the sheet only: `scrollIntoView` would
 * move the host page of a frame too.
 */
function Mark({ text, leads }: { text: string; leads: boolean }) {
  const { t } = useI18n();
  const placed = useRef(!leads);
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

function Gone({ source, view }: { source: Source; view: DocumentWindow }) {
  const { t } = useI18n();
  const { error } = view;
  return (
    <>
      {error?.code === "not_found" ? <p className="muted">{t.sources.gone}</p> : error && <ErrorNote error={error} />}
      {source.quotes.map(({ start, text }) => (
        <blockquote key={start} className="document-text">
          <mark>{text}</mark>
        </blockquote>
      ))}
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
