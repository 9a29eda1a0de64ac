/** The documents attached to the next question, and how far each of them is. */
import { useI18n } from "../i18n";
import { sentenceOf } from "../ui/ErrorNote";
import { CloseIcon, FileIcon } from "../ui/icons";
import { type Attached, stateOf } from "./useAttachments";

interface Props {
  items: readonly Attached[];
  onRemove: (key: string) => void;
}

export function AttachedList({ items, onRemove }: Props) {
  const { t } = useI18n();
  if (items.length === 0) return null;
  return (
    <ul className="attached" aria-label={t.attach.list}>
      {items.map((one) => (
        <Row key={one.key} attached={one} onRemove={() => onRemove(one.key)} />
      ))}
    </ul>
  );
}

function Row({ attached, onRemove }: { attached: Attached; onRemove: () => void }) {
  const { t } = useI18n();
  const state = stateOf(attached);
  return (
    <li className={`attached-one ${state}`}>
      <FileIcon />
      <span className="attached-text">
        <span className="attached-name">{attached.name}</span>
        <span className="attached-state" role={state === "failed" ? "alert" : undefined}>
          {useWords(attached)}
        </span>
      </span>
      <button type="button" className="attached-remove" aria-label={t.attach.remove(attached.name)} onClick={onRemove}>
        <CloseIcon />
      </button>
    </li>
  );
}

function useWords({ document, error }: Attached): string {
  const { t, number } = useI18n();
  if (error !== null) return [sentenceOf(error, t), error.code === "unsupported" ? error.detail : ""].filter(Boolean).join(t.gap);
  if (document === null) return t.attach.sending;
  if (document.state === "failed") return [t.knowledge.unread, document.reason ?? ""].filter(Boolean).join(t.gap);
  const { progress, state } = document;
  const words = t.knowledge.states[state];
  return state !== "ready" && progress !== null ? `${words} ${number(Math.round(progress * 100))} %` : words;
}
