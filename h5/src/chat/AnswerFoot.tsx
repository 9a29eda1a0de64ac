/** The quiet line under a finished answer: copy it, and what it took. */
import { Button } from "antd";
import { useState } from "react";
import { useI18n } from "../i18n";
import { copyText } from "../ui/copy";
import type { Answer } from "./turns";
import { CopiedIcon, CopyIcon } from "../ui/icons";

export function AnswerFoot({ answer }: { answer: Answer }) {
  const { t, number } = useI18n();
  const { usage, model } = answer;
  if (answer.text === "" && usage === null) return null;
  const facts = [
    model,
    usage && t.chat.tokens(number(usage.input_tokens), number(usage.output_tokens)),
  ].filter((fact) => fact !== null);
  return (
    <footer className="answer-foot">
      {answer.text !== "" && <Copy text={answer.text} />}
      <span>{facts.join(" · ")}</span>
    </footer>
  );
}

function Copy({ text }: { text: string }) {
  const { t } = useI18n();
  const [copied, setCopied] = useState(false);
  const copy = async () => setCopied(await copyText(text));
  return (
    <Button
      type="text"
      size="small"
      icon={copied ? <CopiedIcon /> : <CopyIcon />}
      aria-label={copied ? t.chat.copied : t.chat.copy}
      onClick={() => void copy()}
      onBlur={() => setCopied(false)}
    />
  );
}
