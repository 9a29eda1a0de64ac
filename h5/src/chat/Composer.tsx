/** Where a question is written. */
import { Button } from "antd";
import {
  type ClipboardEvent,
  type DragEvent,
  type KeyboardEvent,
  type ReactNode,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import { countPoints } from "../citation/codepoints";
import { useI18n } from "../i18n";
import { useTouch } from "../ui/useMedia";
import { AttachedList } from "./AttachedList";
import { useDraftText } from "./drafts";
import { ATTACHED_MAX, type Attachments, stateOfAll } from "./useAttachments";
import { AttachIcon, SendIcon } from "../ui/icons";

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
  attachments: Attachments;
}

export function Composer({ draftOf, busy, onSend, onStop, tools, attachments }: Props) {
  const { t } = useI18n();
  const { draft, setDraft, points, ready, send, waiting, cancel } = useDraft(draftOf, busy, attachments, onSend);
  const field = useGrowingField(draft);
  const below = points >= COUNT_SHOWN_FROM ? <Count points={points} /> : null;
  const attach = attachments.allowed ? <AttachButton attachments={attachments} /> : null;
  const lower = attach !== null || Boolean(tools) || below !== null;
  return (
    <form
      className={lower ? "composer with-tools" : "composer"}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
      {...useDropped(attachments)}
    >
      <div className="composer-attached">
        <AttachedList items={attachments.items} onRemove={attachments.remove} />
        {waiting && <Waiting onCancel={cancel} />}
      </div>
      <textarea
        ref={field}
        id="question"
        rows={1}
        value={draft}
        readOnly={waiting}
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
      {lower && (
        <div className="composer-tools">
          {attach}
          {tools}
          {below}
        </div>
      )}
      <div className="composer-send">
        <SendOrStop busy={busy} ready={ready} waiting={waiting} onStop={onStop} />
      </div>
    </form>
  );
}

function useDraft(of: string, busy: boolean, attachments: Attachments, onSend: (question: string) => void) {
  const [draft, setDraft] = useDraftText(of);
  const [waiting, setWaiting] = useState(false);
  const attached = stateOfAll(attachments.items);
  // far from the limit the cheaper count will do
  const points = draft.length < COUNT_SHOWN_FROM ? draft.length : countPoints(draft);
  const ready = !busy && !waiting && attached !== "failed" && points <= QUESTION_POINTS_MAX && draft.trim() !== "";
  const sendNow = () => {
    setWaiting(false);
    onSend(draft.trim());
    setDraft("");
    attachments.clear();
  };
  const latest = useRef(sendNow);
  latest.current = sendNow;
  useEffect(() => {
    if (!waiting) return;
    if (attached === "ready") latest.current();
    // why is told where the document is; the question stays to be sent without it
    else if (attached === "failed") setWaiting(false);
  }, [waiting, attached]);
  const send = () => {
    if (!ready) return;
    if (attached === "working") setWaiting(true);
    else sendNow();
  };
  return { draft, setDraft, points, ready, send, waiting, cancel: () => setWaiting(false) };
}

function Waiting({ onCancel }: { onCancel: () => void }) {
  const { t } = useI18n();
  return (
    <p className="composer-waiting" role="status">
      <span className="dots" aria-hidden />
      <span>{t.attach.waiting}</span>
      <Button type="link" size="small" onClick={onCancel}>
        {t.cancel}
      </Button>
    </p>
  );
}

function AttachButton({ attachments: { add, items } }: Pick<Props, "attachments">) {
  const { t } = useI18n();
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label={t.attach.add}
        onChange={({ target }) => {
          const files = [...(target.files ?? [])];
          target.value = "";
          add(files);
        }}
      />
      <Button
        type="text"
        size="small"
        className="attach"
        icon={<AttachIcon />}
        aria-label={t.attach.add}
        title={t.attach.add}
        disabled={items.length >= ATTACHED_MAX}
        onClick={() => input.current?.click()}
      />
    </>
  );
}

/** Files that are pasted or dropped are attached; text is left to the field. */
function useDropped({ allowed, add }: Attachments) {
  const take = (event: { preventDefault: () => void }, data: DataTransfer) => {
    const files = [...data.files];
    if (!allowed || files.length === 0) return;
    event.preventDefault();
    add(files);
  };
  return {
    onPaste: (event: ClipboardEvent) => take(event, event.clipboardData),
    onDrop: (event: DragEvent) => take(event, event.dataTransfer),
    onDragOver: (event: DragEvent) => allowed && event.dataTransfer.types.includes("Files") && event.preventDefault(),
  };
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

interface SendProps extends Pick<Props, "busy" | "onStop"> {
  ready: boolean;
  waiting: boolean;
}

function SendOrStop({ busy, ready, waiting, onStop }: SendProps) {
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
      loading={waiting}
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
export function useGrowingField(text: string) {
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
