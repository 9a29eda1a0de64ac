/** A failure in a person's words, with what to do about it. */
import type { ApiError } from "../api/error";
import { useI18n } from "../i18n";
import type { Texts } from "../i18n/en";

/** Our sentence for the code; the server's own where it knows more, as about a name or a limit. */
export function sentenceOf(error: ApiError, t: Texts): string {
  const { code, detail, retryAfterSeconds } = error;
  const precise = code === "invalid" || code === "too_large" || code === "unsupported" || code === "conflict";
  const sentences = [t.errors[code]];
  if (precise && detail !== "") sentences.push(detail);
  if (retryAfterSeconds !== null) sentences.push(t.chat.waitSeconds(retryAfterSeconds));
  return sentences.join(t.gap);
}

export interface NoteAct {
  label: string;
  run: () => void;
}

/** Something went wrong, and what can be done. */
export function Note({ text, act }: { text: string; act?: NoteAct | undefined }) {
  return (
    <div className="note note-error" role="alert">
      <span>{text}</span>
      {act && (
        <button type="button" className="note-act" onClick={act.run}>
          {act.label}
        </button>
      )}
    </div>
  );
}

interface Props {
  error: ApiError;
  /** Stands before the reason, for instance which file it was. */
  about?: string;
  act?: NoteAct;
}

export function ErrorNote({ error, about, act }: Props) {
  const { t } = useI18n();
  return <Note text={[about, sentenceOf(error, t)].filter(Boolean).join(t.gap)} act={act} />;
}
