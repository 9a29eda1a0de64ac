/** A decision about money that waits for a person: always with a note, which is written down. */
import type { ReactNode } from "react";
import { useI18n } from "../i18n";
import { FormDialog } from "../ui/dialogs";
import { LinesField } from "../ui/fields";
import { refusalOf } from "../ui/refusal";
import { useDeed } from "../ui/useDeed";
import { useDraft } from "../ui/useDraft";
import { noteFault } from "./gift";

interface Props<Result> {
  title: string;
  submit: string;
  label: string;
  send: (note: string) => Promise<Result>;
  onDone: (result: Result) => void;
  onCancel: () => void;
  /** What it is about, and what else is to be chosen. */
  children?: ReactNode;
}

export function NoteDialog<Result>({ title, submit, label, send, onDone, onCancel, children }: Props<Result>) {
  const { t } = useI18n();
  const deed = useDeed();
  const { draft, set, faults, tried } = useDraft(
    () => ({ note: "" }),
    ({ note }) => {
      const fault = noteFault(note, t);
      return fault === undefined ? {} : { note: fault };
    },
  );
  const refusal = refusalOf(deed.error, { invalid: "note" }, t);
  return (
    <FormDialog
      title={title}
      submit={submit}
      busy={deed.busy}
      error={refusal.rest}
      onSubmit={() => tried(() => deed.run(() => send(draft.note.trim()), onDone))}
      onCancel={onCancel}
    >
      {children}
      <LinesField
        label={label}
        hint={t.money.noteHint}
        error={faults.note ?? refusal.at.note}
        value={draft.note}
        rows={3}
        onChange={(note) => set({ note })}
      />
    </FormDialog>
  );
}
