/** The quiet line under a finished answer: copy it, delete it with its question, and what it took. */
import { Button } from "antd";
import { lazy, useState } from "react";
import { useI18n } from "../i18n";
import { copyText } from "../ui/copy";
import { asMarkdown } from "./asMarkdown";
import type { Answer } from "./turns";
import { CopiedIcon, CopyIcon, DeleteIcon } from "../ui/icons";
import { Later } from "../ui/Later";

// dialogs are not needed to read a chat
const ConfirmRemove = lazy(() => import("../ui/ConfirmRemove"));

interface Props {
  answer: Answer;
  question: string;
  remove: () => Promise<void>;
}

export function AnswerFoot({ answer, question, remove }: Props) {
  const { t, number } = useI18n();
  const { usage, model } = answer;
  const facts = [
    model,
    usage && t.chat.tokens(number(usage.input_tokens), number(usage.output_tokens)),
  ].filter((fact) => fact !== null);
  return (
    <footer className="answer-foot">
      {answer.text !== "" && <Copy text={() => asMarkdown(answer.text, answer.citations, t.sources.page)} />}
      <Remove question={question} remove={remove} />
      <span>{facts.join(" · ")}</span>
    </footer>
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
      onClick={() => void copy()}
      onBlur={() => setCopied(false)}
    />
  );
}

function Remove({ question, remove }: Omit<Props, "answer">) {
  const { t } = useI18n();
  const [asking, setAsking] = useState(false);
  return (
    <>
      <Button
        type="text"
        size="small"
        icon={<DeleteIcon />}
        aria-label={t.chat.remove}
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
