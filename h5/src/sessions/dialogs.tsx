/** What is asked before a conversation changes its name or goes. */
import { Modal } from "antd";
import { type FormEvent, useId, useState } from "react";
import type { Session } from "../api/types";
import { useI18n } from "../i18n";
import ConfirmRemove from "../ui/ConfirmRemove";
import { ErrorNote } from "../ui/ErrorNote";
import { useDeed } from "../ui/useDeed";

/** The server's limit for a title. */
const TITLE_CHARS_MAX = 200;

interface RenameProps {
  session: Session;
  rename: (id: string, title: string) => Promise<void>;
  onDone: () => void;
}

export function RenameDialog({ session, rename, onDone }: RenameProps) {
  const { t } = useI18n();
  const deed = useDeed();
  const form = useId();
  const [title, setTitle] = useState(session.title);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const wanted = title.trim();
    if (wanted === "") return;
    if (wanted === session.title) return onDone();
    deed.run(() => rename(session.id, wanted), onDone);
  };
  return (
    <Modal
      open
      centered
      width={400}
      title={t.sessions.renameTitle}
      closable={false}
      okText={t.save}
      okButtonProps={{ htmlType: "submit", form, loading: deed.busy, disabled: title.trim() === "" }}
      cancelText={t.cancel}
      onCancel={onDone}
    >
      <form id={form} onSubmit={submit}>
        <input
          className="field"
          autoFocus
          value={title}
          maxLength={TITLE_CHARS_MAX}
          aria-label={t.sessions.renameLabel}
          onChange={(event) => setTitle(event.target.value)}
        />
      </form>
      {deed.error && <ErrorNote error={deed.error} />}
    </Modal>
  );
}

interface RemoveProps {
  session: Session;
  remove: (id: string) => Promise<void>;
  onDone: () => void;
}

export function RemoveDialog({ session, remove, onDone }: RemoveProps) {
  const { t } = useI18n();
  const title = session.title || t.sessions.untitled;
  return (
    <ConfirmRemove
      title={t.sessions.removeTitle}
      text={t.sessions.removeText(title)}
      remove={() => remove(session.id)}
      onDone={onDone}
    />
  );
}
