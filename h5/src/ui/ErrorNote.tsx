/** A failure in a person's words, with what to do about it. */
import type { ApiError, ErrorCode } from "../api/error";
import { useI18n } from "../i18n";
import type { Texts } from "../i18n/en";

/** Codes whose sentence is only half of it: the server names the limit, the type, the address. */
const PRECISE: ReadonlySet<ErrorCode> = new Set([
  "forbidden",
  "conflict",
  "stale",
  "too_large",
  "unsupported",
  "invalid",
  "out_of_credit",
  "internal",
]);

/** What happened and what to do, in the language of the page. */
export function sentenceOf({ code, retryAfterSeconds, startsAnew }: ApiError, t: Texts): string {
  if (startsAnew !== null) return t.purse.usedUp(startsAnew);
  const sentences = [t.errors[code]];
  if (retryAfterSeconds !== null) sentences.push(t.chat.waitSeconds(retryAfterSeconds));
  return sentences.join(t.gap);
}

export interface NoteAct {
  label: string;
  run: () => void;
}

interface NoteProps {
  text: string;
  /** The server's own words, which are English: for whoever is asked for help. */
  technical?: string | undefined;
  act?: NoteAct | undefined;
  /** What helps where doing the same again does not. */
  way?: NoteAct | undefined;
}

/** Something went wrong, and what can be done. */
export function Note({ text, technical, act, way }: NoteProps) {
  return (
    <div className="note note-error" role="alert">
      <span className="note-text">
        {text}
        {technical && (
          <span className="note-technical" lang="en">
            {technical}
          </span>
        )}
      </span>
      {[way, act].map(
        (one) =>
          one && (
            <button key={one.label} type="button" className="note-act" onClick={one.run}>
              {one.label}
            </button>
          ),
      )}
    </div>
  );
}

interface Props {
  error: ApiError;
  /** Stands before the reason, for instance which file it was. */
  about?: string;
  /** Stands behind it, for instance whom to ask. */
  then?: string;
  act?: NoteAct | undefined;
  way?: NoteAct | undefined;
}

export function ErrorNote({ error, about, then, act, way }: Props) {
  const { t } = useI18n();
  const text = [about, sentenceOf(error, t), then].filter(Boolean).join(t.gap);
  return <Note text={text} technical={PRECISE.has(error.code) ? error.detail : ""} act={act} way={way} />;
}
