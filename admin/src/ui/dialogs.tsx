/** Dialogs: a form in one, a question before a deed, a secret that is shown once. */
import { Button, Modal } from "antd";
import { type ReactNode, useState } from "react";
import type { ApiError } from "../api/error";
import { useI18n } from "../i18n";
import { CopyButton, DownloadButton } from "./buttons";
import { ErrorNote } from "./ErrorNote";
import { TextField } from "./fields";
import { useDeed } from "./useDeed";
import { useReturnFocus } from "./useReturnFocus";

interface FormProps {
  title: string;
  submit: string;
  busy: boolean;
  error: ApiError | null;
  ready?: boolean;
  danger?: boolean;
  onSubmit: () => void;
  onCancel: () => void;
  children: ReactNode;
}

/** A form in a dialog: what was typed stays when the server refuses it, and nobody leaves while it is on its way. */
export function FormDialog(props: FormProps) {
  const { title, submit, busy, error, ready = true, danger = false, onSubmit, onCancel, children } = props;
  const { t } = useI18n();
  useReturnFocus();
  return (
    <Modal open centered width={520} title={title} footer={null} closable={false} keyboard={!busy} onCancel={onCancel} mask={{ closable: false }}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (ready && !busy) onSubmit();
        }}
      >
        {children}
        {error && <ErrorNote error={error} />}
        <div className="dialog-foot">
          <Button onClick={onCancel} disabled={busy}>
            {t.cancel}
          </Button>
          <Button type="primary" htmlType="submit" danger={danger} loading={busy} disabled={!ready}>
            {submit}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

interface ConfirmProps {
  title: string;
  text: string;
  /** What the button does. */
  act: string;
  /** Must be typed before the deed is done: for what cannot be taken back. */
  typed?: string;
  /** For what does no harm. */
  calm?: boolean;
  run: () => Promise<unknown>;
  onDone?: () => void;
  onCancel: () => void;
}

/** Asks before something is changed for good. */
export function Confirm({ title, text, act, typed, calm = false, run, onDone, onCancel }: ConfirmProps) {
  const { t } = useI18n();
  const deed = useDeed();
  const [word, setWord] = useState("");
  return (
    <FormDialog
      title={title}
      submit={act}
      danger={!calm}
      busy={deed.busy}
      error={deed.error}
      ready={typed === undefined || word.trim() === typed}
      onSubmit={() => deed.run(run, onDone)}
      onCancel={onCancel}
    >
      <p className="field-row">{text}</p>
      {typed !== undefined && (
        <TextField label={t.typeToConfirm(typed)} value={word} onChange={setWord} autoComplete="off" autoFocus />
      )}
    </FormDialog>
  );
}

interface SecretProps {
  title: string;
  /** What it is, and how it is to be kept. */
  warning: string;
  label: string;
  secret: string;
  /** The name of the file it may be kept in; without one it is only copied. */
  file?: string;
  onClose: () => void;
  children?: ReactNode;
}

/** A secret that nobody, not even the server, can show again. */
export function SecretDialog({ title, warning, label, secret, file, onClose, children }: SecretProps) {
  const { t } = useI18n();
  useReturnFocus();
  return (
    <Modal open centered width={640} title={title} footer={null} closable={false} keyboard={false} mask={{ closable: false }}>
      <p className="note note-warn" role="note">
        {warning}
      </p>
      <pre className="secret" tabIndex={0} aria-label={label}>
        {secret}
      </pre>
      <div className="row">
        <CopyButton text={secret} label={t.copy} />
        {file !== undefined && <DownloadButton name={file} text={secret} />}
      </div>
      {children}
      <div className="dialog-foot">
        <Button type="primary" onClick={onClose}>
          {t.keptIt}
        </Button>
      </div>
    </Modal>
  );
}
