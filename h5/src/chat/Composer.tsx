/** Where a question is written. */
import { Button } from "antd";
import { type KeyboardEvent, type ReactNode, useEffect, useLayoutEffect, useRef } from "react";
import { countPoints } from "../citation/codepoints";
import { useI18n } from "../i18n";
import { useTouch } from "../ui/useMedia";
import { useDraftText } from "./drafts";
import { SendIcon } from "../ui/icons";

/** The server's limit for one question, in code points. */
export const QUESTION_POINTS_MAX = 8_000;
/** The count is shown only when the limit comes near. */
const COUNT_SHOWN_FROM = 7_000;

interface Props {
  /** Under which name the unsent question is kept. */
  draftOf: string;
  /** An answer is being written: sending waits, stopping is offered. */
  busy: boolean;
  onSend: (question: string) => void;
  onStop: () => void;
  /** Small controls in the lower left. */
  tools?: ReactNode;
}

export function Composer({ draftOf, busy, onSend, onStop, tools }: Props) {
  const { t } = useI18n();
  const { draft, setDraft, points, ready, send } = useDraft(draftOf, busy, onSend);
  const field = useGrowingField(draft);
  const below = points >= COUNT_SHOWN_FROM ? <Count points={points} /> : null;
  return (
    <form
      className={tools || below ? "composer with-tools" : "composer"}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <textarea
        ref={field}
        id="question"
        rows={1}
        value={draft}
        placeholder={t.chat.placeholder}
        aria-label={t.chat.question}
        aria-invalid={points > QUESTION_POINTS_MAX}
        enterKeyHint="send"
        onChange={(event) => setDraft(event.target.value)}
        onKeyDown={(event) => {
          if (!sends(event)) return;
          event.preventDefault();
          send();
        }}
      />
      {(tools || below) && (
        <div className="composer-tools">
          {tools}
          {below}
        </div>
      )}
      <div className="composer-send">
        <SendOrStop busy={busy} ready={ready} onStop={onStop} />
      </div>
    </form>
  );
}

function useDraft(of: string, busy: boolean, onSend: (question: string) => void) {
  const [draft, setDraft] = useDraftText(of);
  // far from the limit the cheaper count will do
  const points = draft.length < COUNT_SHOWN_FROM ? draft.length : countPoints(draft);
  const ready = !busy && points <= QUESTION_POINTS_MAX && draft.trim() !== "";
  const send = () => {
    if (!ready) return;
    onSend(draft.trim());
    setDraft("");
  };
  return { draft, setDraft, points, ready, send };
}

function Count({ points }: { points: number }) {
  const { t } = useI18n();
  const over = points > QUESTION_POINTS_MAX;
  return (
    <span className={over ? "composer-count over" : "composer-count"} role={over ? "alert" : undefined}>
      {t.chat.tooLong(points, QUESTION_POINTS_MAX)}
    </span>
  );
}

function SendOrStop({ busy, ready, onStop }: Pick<Props, "busy" | "onStop"> & { ready: boolean }) {
  const { t } = useI18n();
  if (busy) {
    const square = <span className="stop-square" aria-hidden />;
    return <Button shape="circle" icon={square} aria-label={t.chat.stop} onClick={onStop} />;
  }
  return (
    <Button
      type="primary"
      shape="circle"
      htmlType="submit"
      icon={<SendIcon />}
      aria-label={t.chat.send}
      disabled={!ready}
    />
  );
}

/**
 * Enter sends, Shift+Enter breaks the line. Enter that accepts a word of an input method does
 * neither; Safari says that the composition is over before it reports the key, hence 229.
 */
export function sends(event: Pick<KeyboardEvent, "key" | "shiftKey" | "keyCode" | "nativeEvent">): boolean {
  if (event.key !== "Enter" || event.shiftKey) return false;
  return !event.nativeEvent.isComposing && event.keyCode !== 229;
}

/** A field as high as its text (the style sheet says how high it may get), focused where no keyboard would pop up. */
function useGrowingField(text: string) {
  const field = useRef<HTMLTextAreaElement>(null);
  const touch = useTouch();
  useLayoutEffect(() => {
    const element = field.current;
    if (element === null) return;
    element.style.height = "auto";
    element.style.height = `${element.scrollHeight}px`;
  }, [text]);
  useEffect(() => {
    if (!touch) field.current?.focus({ preventScroll: true });
  }, [touch]);
  return field;
}
