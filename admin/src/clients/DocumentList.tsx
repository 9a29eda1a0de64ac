/** The documents of one base: how far each one is, and why it failed. */
import { Button, Progress } from "antd";
import { useState } from "react";
import { type ApiError, asApiError } from "../api/error";
import type { OnConflict } from "../api/types";
import { useConsole } from "../console";
import { useI18n } from "../i18n";
import { FileButton } from "../ui/buttons";
import { Confirm } from "../ui/dialogs";
import { ErrorNote } from "../ui/ErrorNote";
import { Empty, Listed } from "../ui/states";
import { type Column, Table } from "../ui/Table";
import { Badge, Time } from "../ui/Time";
import { bytesOf } from "../ui/bytes";
import { isSettled, type ListedDocument, useDocuments } from "./useDocuments";

interface Props {
  client: string;
  base: string;
  writable: boolean;
}

export function DocumentList({ client, base, writable }: Props) {
  const { t } = useI18n();
  const { api } = useConsole();
  const list = useDocuments(api, client, base);
  const [removing, setRemoving] = useState<ListedDocument | null>(null);
  const added = (document: ListedDocument) =>
    list.change((old) => [document, ...old.filter(({ id }) => id !== document.id)]);
  const remove = async (id: string) => {
    await api.deleteDocument(client, id);
    list.change((old) => old.filter((one) => one.id !== id));
  };
  return (
    <>
      {writable && <Uploads client={client} base={base} onAdded={added} />}
      <Listed list={list} empty={<Empty text={t.documents.empty} />}>
        {(documents) => <DocumentTable documents={documents} onRemove={writable ? setRemoving : null} />}
      </Listed>
      {removing && (
        <Confirm
          title={t.documents.removeTitle(removing.name)}
          text={t.documents.removeText}
          act={t.documents.remove}
          run={() => remove(removing.id)}
          onDone={() => setRemoving(null)}
          onCancel={() => setRemoving(null)}
        />
      )}
    </>
  );
}

interface UploadsProps {
  client: string;
  base: string;
  onAdded: (document: ListedDocument) => void;
}

function Uploads({ client, base, onAdded }: UploadsProps) {
  const { t } = useI18n();
  const { api } = useConsole();
  const [waiting, setWaiting] = useState(0);
  const [failed, setFailed] = useState<readonly { file: File; error: ApiError }[]>([]);
  const [replacing, setReplacing] = useState<File | null>(null);
  const upload = async (files: File[], onConflict: OnConflict) => {
    setFailed([]);
    setWaiting((count) => count + files.length);
    // one after the other: a hundred at once would only fail together
    for (const file of files) {
      try {
        onAdded(await api.upload(client, base, file, onConflict));
      } catch (reason) {
        setFailed((old) => [...old, { file, error: asApiError(reason) }]);
      }
      setWaiting((count) => count - 1);
    }
  };
  return (
    <div className="field-row">
      <FileButton label={t.documents.upload} busy={waiting > 0} onFiles={(files) => void upload(files, "refuse")} />
      {failed.map(({ file, error }, index) => (
        <ErrorNote
          key={index}
          error={error}
          about={t.documents.uploadFailed(file.name)}
          act={error.code === "taken" ? { label: t.documents.replace, run: () => setReplacing(file) } : undefined}
        />
      ))}
      {replacing && (
        <Confirm
          title={t.documents.replaceTitle(replacing.name)}
          text={t.documents.replaceText}
          act={t.documents.replace}
          run={() => upload([replacing], "replace")}
          onDone={() => setReplacing(null)}
          onCancel={() => setReplacing(null)}
        />
      )}
    </div>
  );
}

interface TableProps {
  documents: readonly ListedDocument[];
  onRemove: ((document: ListedDocument) => void) | null;
}

function DocumentTable({ documents, onRemove }: TableProps) {
  const { t, lang } = useI18n();
  const acts: Column<ListedDocument> = {
    head: t.actions,
    acts: true,
    cell: (document) => (
      <Button size="small" danger aria-label={`${t.documents.remove} ${document.name}`} onClick={() => onRemove?.(document)}>
        {t.documents.remove}
      </Button>
    ),
  };
  return (
    <Table
      label={t.client.tabs.documents}
      rows={documents}
      rowKey={({ id }) => id}
      columns={[
        { head: t.documents.name, main: true, cell: ({ name }) => name },
        { head: t.documents.state, cell: (document) => <State document={document} /> },
        { head: t.documents.size, cell: (document) => <Facts document={document} size={bytesOf(document.bytes, lang)} /> },
        { head: t.documents.added, cell: ({ created_at: at }) => <Time at={at} /> },
        ...(onRemove ? [acts] : []),
      ]}
    />
  );
}

function State({ document }: { document: ListedDocument }) {
  const { t } = useI18n();
  const { name, state, reason, progress, page_errors: pageErrors } = document;
  const kind = state === "ready" ? "good" : state === "failed" ? "bad" : "warn";
  return (
    <>
      <Badge kind={kind}>{t.overview.states[state]}</Badge>
      {!isSettled(state) && (
        <Progress
          className="progress"
          percent={Math.round((progress ?? 0) * 100)}
          size="small"
          showInfo={false}
          aria-label={t.documents.progress(name)}
        />
      )}
      {state === "failed" && (
        <span className="sub">
          {t.documents.failed}
          {reason && (
            <span className="note-technical" lang="en">
              {reason}
            </span>
          )}
        </span>
      )}
      {pageErrors.length > 0 && (
        <details className="sub">
          <summary>{t.documents.pageErrors(pageErrors.length)}</summary>
          <ul lang="en">
            {pageErrors.map((one) => (
              <li key={one.page}>{`${one.page}: ${one.detail}`}</li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

function Facts({ document: { pages, chunks }, size }: { document: ListedDocument; size: string }) {
  const { t } = useI18n();
  const facts = [pages != null && t.documents.pages(pages), chunks != null && t.documents.chunks(chunks)].filter((fact) => fact !== false);
  return (
    <div className="facts">
      {size}
      {facts.map((fact) => (
        <span key={fact} className="sub">
          {fact}
        </span>
      ))}
    </div>
  );
}
