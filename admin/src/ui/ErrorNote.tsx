/** A failure in a person's words, with what to do about it. */
import type { ReactNode } from "react";
import type { ApiError, ErrorCode } from "../api/error";
import { useI18n } from "../i18n";
import type { Texts } from "../i18n/en";

/** Codes whose sentence is only half of it: the server names the limit, the type, the address. */
const PRECISE: ReadonlySet<ErrorCode> = new Set([
  "forbidden",
  "taken",
  "conflict",
  "stale",
  "too_large",
  "unsupported",
  "invalid",
  "internal",
]);

/** What happened and what to do, in the language of the page. */
export function sentenceOf({ code, retryAfterSeconds }: ApiError, t: Texts): string {
  const sentences = [t.errors[code]];
  if (retryAfterSeconds !== null) sentences.push(t.waitSeconds(retryAfterSeconds));
  return sentences.join(t.gap);
}

/** The server's own words, where they say more. */
function detailOf({ code, detail }: ApiError): string {
  return PRECISE.has(code) ? detail : "";
}

/** What is said, and below it the server's own words. */
export function wordsOf(error: ApiError, t: Texts): ReactNode {
  return <Words text={sentenceOf(error, t)} technical={detailOf(error)} />;
}

interface WordsProps {
  text: string;
  /** The server's own words, which are English: for whoever is asked for help. */
  technical?: string | undefined;
}

function Words({ text, technical }: WordsProps) {
  return (
    <>
      {text}
      {technical && (
        <span className="note-technical" lang="en">
          {technical}
        </span>
      )}
    </>
  );
}

interface NoteProps extends WordsProps {
  act?: { label: string; run: () => void } | undefined;
}

/** Something went wrong, and what can be done. */
export function Note({ text, technical, act }: NoteProps) {
  return (
    <div className="note note-error" role="alert">
      <span className="note-text">
        <Words text={text} technical={technical} />
      </span>
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
  retry?: (() => void) | undefined;
  /** What else can be done about it. */
  act?: NoteProps["act"];
}

export function ErrorNote({ error, about, retry, act }: Props) {
  const { t } = useI18n();
  const text = [about, sentenceOf(error, t)].filter(Boolean).join(t.gap);
  return <Note text={text} technical={detailOf(error)} act={act ?? (retry && { label: t.retry, run: retry })} />;
}
