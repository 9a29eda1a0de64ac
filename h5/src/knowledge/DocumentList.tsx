/** The documents of one base: how far each one is, adding and deleting where the user may. */
import { Button, Progress } from "antd";
import { useState } from "react";
import type { Api } from "../api";
import type { KnowledgeBase, KnowledgeDocument } from "../api/types";
import { useI18n } from "../i18n";
import { ConfirmRemove } from "../ui/ConfirmRemove";
import { ErrorNote } from "../ui/ErrorNote";
import { FileButton } from "../ui/FileButton";
import { isSettled, type ListedDocument, useDocuments } from "./useDocuments";
import { useUploads } from "./useUploads";
import { DeleteIcon } from "../ui/icons";

interface Props {
  api: Api;
  base: KnowledgeBase;
  /** Uploaded as soon as the list is shown. */
  files: readonly File[];
}

export function DocumentList({ api, base, files }: Props) {
  const { t } = useI18n();
  const documents = useDocuments(api, base.id);
  const [removing, setRemoving] = useState<ListedDocument | null>(null);
  const { items, loading, error } = documents;
  return (
    <div className="documents">
      {base.description && <p className="muted">{base.description}</p>}
      {base.writable && <Uploads api={api} base={base} files={files} onAdded={documents.add} />}
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

interface UploadsProps extends Props {
  onAdded: (document: KnowledgeDocument) => void;
}

function Uploads({ api, base, files, onAdded }: UploadsProps) {
  const { t } = useI18n();
  const { uploading, failed, upload } = useUploads(api, base.id, files, onAdded);
  return (
    <div className="uploads">
      <FileButton
        label={uploading === null ? t.knowledge.upload : t.knowledge.uploading(uploading)}
        busy={uploading !== null}
        onFiles={upload}
      />
      {failed.map(({ name, error }, index) => (
        <ErrorNote key={index} error={error} about={t.knowledge.uploadFailed(name)} />
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
    pageErrors.length > 0 && t.knowledge.pageErrors(pageErrors.length),
  ].filter((fact) => fact !== false);
  return (
    <li className="document">
      <span className={`document-dot ${state}`} aria-hidden />
      <span className="document-text-column">
        <span className="document-name">{name}</span>
        <span className="document-facts">{facts.join(" · ")}</span>
        {state === "failed" && reason && <span className="document-reason">{reason}</span>}
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
