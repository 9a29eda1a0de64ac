/** An answer: its text, its sources, and how it stands. */
import { lazy, Suspense, useEffect, useMemo } from "react";
import { isErrorCode } from "../api/error";
import type { Citation, Rating } from "../api/types";
import { type Source, sourcesOf } from "../citation/sources";
import { useI18n } from "../i18n";
import type { Texts } from "../i18n/en";
import { type Cited, CitedContext } from "../markdown/cited";
import { ErrorNote, Note } from "../ui/ErrorNote";
import { Boundary } from "../ui/Later";
import { AnswerFoot } from "./AnswerFoot";
import { Sources } from "./Sources";
import { type Answer, isOpen, isWanting, type Turn } from "./turns";

const loadMarkdown = () => import("../markdown/Markdown");
const Markdown = lazy(loadMarkdown);

export interface AnswerActs {
  cite: (source: Source) => void;
  retry: (turnId: string) => void;
  /** Another answer to the same question. */
  regenerate: (turnId: string) => void;
  /** The same question in other words. */
  edit: (turnId: string, question: string) => void;
  /** Another wording or another answer. */
  choose: (messageId: string) => void;
  rate: (turnId: string, rating: Rating) => Promise<void>;
  remove: (turnId: string) => Promise<void>;
  /** The way to more credit; null for whom another pays, or nobody. */
  topUp: (() => void) | null;
}

interface Props {
  turn: Turn;
  acts: AnswerActs;
  /** Some answer of the conversation is being written. */
  busy: boolean;
}

export function AnswerView({ turn, acts, busy }: Props) {
  const { t } = useI18n();
  const { answer, trouble } = turn;
  // fetched while the answer is still awaited
  useEffect(() => void loadMarkdown().catch(() => undefined), []);
  if (answer === null) return null;
  const open = isOpen(turn);
  return (
    <article className="answer" aria-label={t.chat.answer} aria-busy={open}>
      <AnswerText answer={answer} cite={acts.cite} />
      {open && <Progress turn={turn} />}
      {!open && trouble === null && answer.state === "done" && answer.text.trim() === "" && (
        <p className="muted">{t.chat.empty}</p>
      )}
      {answer.state === "stopped" && <p className="answer-state">{t.chat.stopped}</p>}
      <Trouble turn={turn} acts={acts} busy={busy} />
      <Sources citations={answer.citations} onOpen={acts.cite} />
      {!open && <AnswerFoot turn={turn} answer={answer} acts={acts} busy={busy} />}
    </article>
  );
}

function AnswerText({ answer, cite }: { answer: Answer; cite: (source: Source) => void }) {
  const sources = useMemo(() => sourcesOf(citable(answer)), [answer.state, answer.citations, answer.passages]);
  const cited = useMemo<Cited>(() => {
    const names = new Map(sources.map(({ n, document_name }) => [n, document_name]));
    return {
      names,
      open: (n) => {
        const source = sources.find((one) => one.n === n);
        if (source) cite(source);
      },
    };
  }, [sources, cite]);
  if (answer.text === "") return null;
  const plain = <div className="md plain">{answer.text}</div>;
  return (
    <CitedContext value={cited}>
      <Boundary failed={plain}>
        <Suspense fallback={plain}>
          <Markdown text={answer.text} numbers={[...cited.names.keys()]} />
        </Suspense>
      </Boundary>
    </CitedContext>
  );
}

/** Until the server has weighed which markers hold (an answer cut short never is), any passage may be looked at. */
export function citable(answer: Pick<Answer, "state" | "citations" | "passages">): Citation[] {
  if (answer.citations.length > 0 || answer.state === "done") return answer.citations;
  return answer.passages.map(({ text, ...passage }) => ({ ...passage, quote: text }));
}

function Progress({ turn }: { turn: Turn }) {
  const { t } = useI18n();
  if (!turn.connected) {
    return (
      <p className="progress" role="status">
        <span className="dots warn" aria-hidden />
        {t.chat.reconnecting}
      </p>
    );
  }
  const begun = turn.answer !== null && turn.answer.text !== "";
  return (
    <p className="progress">
      <span className="dots" aria-hidden />
      {begun ? t.chat.answering : t.chat.thinking}
    </p>
  );
}

function Trouble({ turn, acts, busy }: Props) {
  const { t } = useI18n();
  const { answer, trouble } = turn;
  if (trouble === null && answer?.state !== "failed") return null;
  const again = againOf({ turn, acts, busy }, t);
  const wanting = isWanting(turn);
  const way = wanting && acts.topUp ? { label: t.purse.topUp, run: acts.topUp } : undefined;
  const whom = wanting && !acts.topUp ? t.purse.askThem : "";
  if (trouble !== null) return <ErrorNote error={trouble} then={whom} act={again} way={way} />;
  const text = answer ? [failureOf(answer, t), whom].filter(Boolean).join(t.gap) : "";
  return <Note text={text} act={again} way={way} />;
}

function againOf({ turn, acts, busy }: Props, t: Texts) {
  if (turn.trouble !== null) {
    return { label: turn.answer?.id ? t.chat.reconnect : t.retry, run: () => acts.retry(turn.id) };
  }
  return busy ? undefined : { label: t.chat.askAgain, run: () => acts.regenerate(turn.id) };
}

function failureOf({ error }: Answer, t: Texts): string {
  if (error === null) return t.errors.internal;
  return isErrorCode(error.code) ? t.errors[error.code] : error.detail;
}
