/** The documents of one base: how far each one is, adding and deleting where the user may. */
import { Button, Progress } from "antd";
import { useState } from "react";
import type { Api } from "../api";
import type { KnowledgeBase, KnowledgeDocument } from "../api/types";
import { useI18n } from "../i18n";
import { safeLink } from "../markdown/links";
import ConfirmRemove from "../ui/ConfirmRemove";
import { ErrorNote } from "../ui/ErrorNote";
import { AddDocuments } from "./AddDocuments";
import { type Addition, useAdditions } from "./useAdditions";
import { isSettled, type ListedDocument } from "./followed";
import { useDocuments } from "./useDocuments";
import { DeleteIcon } from "../ui/icons";

interface Props {
  api: Api;
  base: KnowledgeBase;
  /** Added as soon as the list is shown. */
  additions: readonly Addition[];
}

export function DocumentList({ api, base, additions }: Props) {
  const { t } = useI18n();
  const documents = useDocuments(api, base.id);
  const [removing, setRemoving] = useState<ListedDocument | null>(null);
  const { items, loading, error } = documents;
  return (
    <div className="documents">
      {base.description && <p className="muted">{base.description}</p>}
      {base.writable && <Additions api={api} base={base} additions={additions} onAdded={documents.add} />}
      {error && <ErrorNote error={error} act={{ label: t.retry, run: documents.loadMore }} />}
      {!error && !loading && items.length === 0 && <p className="muted">{t.knowledge.noDocuments}</p>}
      <ul>
        {items.map((document) => (
          <Row key={document.id} document={document} onRemove={base.writable ? setRemoving : null} />
        ))}
      </ul>
      {(loading || documents.hasMore) && (
        <div className="center">
          <Button type="text" size="small" loading={loading} onClick={documents.loadMore}>
            {loading ? t.loading : t.more}
          </Button>
        </div>
      )}
      {removing && (
        <ConfirmRemove
          title={t.knowledge.removeTitle}
          text={t.knowledge.removeText(removing.name)}
          remove={() => documents.remove(removing.id)}
          onDone={() => setRemoving(null)}
        />
      )}
    </div>
  );
}

interface AdditionsProps extends Props {
  onAdded: (document: KnowledgeDocument) => void;
}

function Additions({ api, base, additions, onAdded }: AdditionsProps) {
  const { t } = useI18n();
  const { adding, waiting, failed, add } = useAdditions(api, base.id, additions, onAdded);
  const words = adding && (waiting > 0 ? t.knowledge.addingMany(adding, waiting) : t.knowledge.adding(adding));
  return (
    <div className="additions">
      <AddDocuments adding={words} onAdd={add} />
      {failed.map(({ name, error, replace }, index) => (
        <ErrorNote
          key={index}
          error={error}
          about={t.knowledge.addFailed(name)}
          {...(replace && { act: { label: t.knowledge.replace, run: replace } })}
        />
      ))}
    </div>
  );
}

interface RowProps {
  document: ListedDocument;
  /** Null where the user may only read. */
  onRemove: ((document: ListedDocument) => void) | null;
}

function Row({ document, onRemove }: RowProps) {
  const { t } = useI18n();
  const { name, state, reason, pages, page_errors: pageErrors } = document;
  const facts = [
    t.knowledge.states[state],
    pages != null && t.knowledge.pages(pages),
    document.enabled === false && t.knowledge.off,
    pageErrors.length > 0 && t.knowledge.pageErrors(pageErrors.length),
  ].filter((fact) => fact !== false);
  return (
    <li className="document">
      <span className={`document-dot ${state}`} aria-hidden />
      <span className="document-text-column">
        <span className="document-name">{name}</span>
        {document.source_url && <Address url={document.source_url} />}
        <span className="document-facts">{facts.join(" · ")}</span>
        {state === "failed" && (
          <span className="document-reason">
            {t.knowledge.unread}
            {reason && (
              <span className="note-technical" lang="en">
                {reason}
              </span>
            )}
          </span>
        )}
        {!isSettled(state) && (
          <Progress
            percent={Math.round((document.progress ?? 0) * 100)}
            size="small"
            showInfo={false}
            aria-label={t.knowledge.states[state]}
          />
        )}
      </span>
      {onRemove && (
        <Button
          type="text"
          size="small"
          icon={<DeleteIcon />}
          aria-label={t.knowledge.removeLabel(name)}
          onClick={() => onRemove(document)}
        />
      )}
    </li>
  );
}

function Address({ url }: { url: string }) {
  const link = safeLink(url);
  if (link === null) return <span className="document-address">{url}</span>;
  return (
    <a className="document-address" href={link} target="_blank" rel="noopener noreferrer">
      {url}
    </a>
  );
}
