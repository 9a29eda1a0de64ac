/** Questions and answers, oldest first, kept at the latest words unless the reader scrolls away. */
import { Button } from "antd";
import { memo, useEffect, useState } from "react";
import { useI18n } from "../i18n";
import { AnswerView, type AnswerActs } from "./AnswerView";
import type { ConversationState } from "./conversation";
import { QuestionView } from "./QuestionView";
import { isOpen, type Turn } from "./turns";
import { useReadingPlace } from "./useReadingPlace";
import { DownIcon } from "../ui/icons";

interface Props {
  state: ConversationState;
  acts: AnswerActs;
  onOlder: () => void;
}

export function Transcript({ state, acts, onOlder }: Props) {
  const { t } = useI18n();
  const { turns, hasOlder, loadingOlder } = state;
  const place = useReadingPlace(turns);
  const busy = turns.some(isOpen);
  return (
    <div className="transcript" ref={place.ref} onScroll={place.onScroll} tabIndex={-1}>
      <div className="column" role="group" aria-label={t.chat.transcript}>
        {hasOlder && (
          <div className="center">
            <Button type="text" size="small" loading={loadingOlder} onClick={onOlder}>
              {t.chat.older}
            </Button>
          </div>
        )}
        {turns.map((turn) => (
          <TurnView key={turn.id} turn={turn} acts={acts} busy={busy} />
        ))}
      </div>
      <Announcer turn={turns.at(-1)} />
      {place.away && (
        <Button
          className="to-latest"
          shape="circle"
          icon={<DownIcon />}
          aria-label={t.chat.latest}
          onClick={place.toLatest}
        />
      )}
    </div>
  );
}

interface TurnProps {
  turn: Turn;
  acts: AnswerActs;
  busy: boolean;
}

const TurnView = memo(function TurnView({ turn, acts, busy }: TurnProps) {
  return (
    <>
      <QuestionView turn={turn} busy={busy} edit={acts.edit} choose={acts.choose} />
      <AnswerView turn={turn} acts={acts} busy={busy} />
    </>
  );
});

/** Reads an answer out once it is whole: announcing every piece would talk over itself. */
function Announcer({ turn }: { turn: Turn | undefined }) {
  const { t } = useI18n();
  const [words, setWords] = useState("");
  const open = turn !== undefined && isOpen(turn);
  const text = open ? "" : (turn?.answer?.text ?? "");
  useEffect(() => {
    // an answer that was there before is not news: only one that was seen being written is read out
    if (open) setWords(t.chat.answering);
    else setWords((before) => (before === "" ? "" : `${t.chat.answered}${t.gap}${text}`));
  }, [open, text, t]);
  return (
    <div className="visually-hidden" aria-live="polite">
      {words}
    </div>
  );
}
