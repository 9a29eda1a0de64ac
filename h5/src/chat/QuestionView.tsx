/** A question as it was put, and the way to put it otherwise. */
import { Button } from "antd";
import { useState } from "react";
import { useI18n } from "../i18n";
import { RenameIcon } from "../ui/icons";
import { QUESTION_POINTS_MAX, sends, useGrowingField } from "./Composer";
import { countPoints } from "../citation/codepoints";
import { Siblings } from "./Siblings";
import type { Turn } from "./turns";

interface Props {
  turn: Turn;
  /** Nothing can be changed while an answer is being written. */
  busy: boolean;
  edit: (turnId: string, question: string) => void;
  choose: (messageId: string) => void;
}

export function QuestionView({ turn, busy, edit, choose }: Props) {
  const { t } = useI18n();
  const [editing, setEditing] = useState(false);
  if (editing && !busy) {
    return (
      <Edit
        question={turn.question}
        onSend={(question) => {
          setEditing(false);
          edit(turn.id, question);
        }}
        onCancel={() => setEditing(false)}
      />
    );
  }
  return (
    <div className="question">
      <p>{turn.question}</p>
      {/* keeps its room while it is empty, or the answer would jump */}
      <div className="question-foot">
        {!busy && (
          <>
            <Siblings siblings={turn.siblings} current={turn.id} label={t.turns.wordings} onChoose={choose} />
            <Button
              type="text"
              size="small"
              icon={<RenameIcon />}
              aria-label={t.turns.edit}
              title={t.turns.edit}
              onClick={() => setEditing(true)}
            />
          </>
        )}
      </div>
    </div>
  );
}

interface EditProps {
  question: string;
  onSend: (question: string) => void;
  onCancel: () => void;
}

function Edit({ question, onSend, onCancel }: EditProps) {
  const { t } = useI18n();
  const [text, setText] = useState(question);
  const field = useGrowingField(text);
  const wanted = text.trim();
  const ready = wanted !== "" && wanted !== question && countPoints(wanted) <= QUESTION_POINTS_MAX;
  const send = () => ready && onSend(wanted);
  return (
    <form
      className="question-edit"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <textarea
        ref={field}
        className="field"
        rows={1}
        autoFocus
        value={text}
        aria-label={t.turns.editLabel}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape" && !event.nativeEvent.isComposing) onCancel();
          if (!sends(event)) return;
          event.preventDefault();
          send();
        }}
      />
      <div className="question-edit-foot">
        <span className="muted">{t.turns.editHint}</span>
        <Button onClick={onCancel}>{t.cancel}</Button>
        <Button type="primary" htmlType="submit" disabled={!ready}>
          {t.chat.send}
        </Button>
      </div>
    </form>
  );
}
