/** The quiet line under a finished answer: what can be done with it, and what it took. */
import { Button } from "antd";
import { lazy, useState } from "react";
import { useI18n } from "../i18n";
import { copyText } from "../ui/copy";
import { asMarkdown } from "./asMarkdown";
import type { AnswerActs } from "./AnswerView";
import { Thumbs, useRating, Why } from "./Rate";
import { Siblings } from "./Siblings";
import type { Answer, Turn } from "./turns";
import { AgainIcon, CopiedIcon, CopyIcon, DeleteIcon } from "../ui/icons";
import { Later } from "../ui/Later";

// dialogs are not needed to read a chat
const ConfirmRemove = lazy(() => import("../ui/ConfirmRemove"));

interface Props {
  turn: Turn;
  answer: Answer;
  acts: AnswerActs;
  /** Another answer is being written: this one cannot be written again. */
  busy: boolean;
}

export function AnswerFoot({ turn, answer, acts, busy }: Props) {
  const { t, number } = useI18n();
  const { usage, model } = answer;
  const rated = useRating(answer.rating, (rating) => acts.rate(turn.id, rating));
  const facts = [
    model,
    usage && t.chat.tokens(number(usage.input_tokens), number(usage.output_tokens)),
  ].filter((fact) => fact !== null);
  const kept = answer.id !== null && turn.trouble === null;
  // one that was refused before it began stands beside those that are there
  const current = answer.id ?? turn.again?.id ?? "";
  return (
    <>
      <footer className="answer-foot">
        {!busy && (
          <Siblings siblings={answer.siblings} current={current} label={t.turns.answers} onChoose={acts.choose} />
        )}
        {answer.text !== "" && <Copy text={() => asMarkdown(answer.text, answer.citations, t.sources.page)} />}
        {kept && !busy && (
          <Button
            type="text"
            size="small"
            icon={<AgainIcon />}
            aria-label={t.turns.again}
            title={t.turns.again}
            onClick={() => acts.regenerate(turn.id)}
          />
        )}
        {kept && answer.state !== "failed" && <Thumbs rated={rated} />}
        <Remove question={turn.question} remove={() => acts.remove(turn.id)} />
        <span className="answer-facts">{facts.join(" · ")}</span>
      </footer>
      <Why rated={rated} />
    </>
  );
}

function Copy({ text }: { text: () => string }) {
  const { t } = useI18n();
  const [copied, setCopied] = useState(false);
  const copy = async () => setCopied(await copyText(text()));
  return (
    <Button
      type="text"
      size="small"
      icon={copied ? <CopiedIcon /> : <CopyIcon />}
      className="answer-copy"
      aria-label={copied ? t.chat.copied : t.chat.copy}
      title={t.chat.copy}
      onClick={() => void copy()}
      onBlur={() => setCopied(false)}
    />
  );
}

function Remove({ question, remove }: { question: string; remove: () => Promise<void> }) {
  const { t } = useI18n();
  const [asking, setAsking] = useState(false);
  return (
    <>
      <Button
        type="text"
        size="small"
        icon={<DeleteIcon />}
        aria-label={t.chat.remove}
        title={t.chat.remove}
        onClick={() => setAsking(true)}
      />
      {asking && (
        <Later>
          <ConfirmRemove
            title={t.chat.removeTitle}
            text={t.chat.removeText(question)}
            remove={remove}
            onDone={() => setAsking(false)}
          />
        </Later>
      )}
    </>
  );
}
