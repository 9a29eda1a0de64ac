/** One of several: which one is shown, and the way to those beside it. */
import { Button } from "antd";
import { useI18n } from "../i18n";
import { BeforeIcon, ForwardIcon } from "../ui/icons";

interface Props {
  /** In the order of their making. */
  siblings: readonly string[];
  current: string;
  /** What they are, for whoever does not see where this stands. */
  label: string;
  onChoose: (id: string) => void;
}

export function Siblings({ siblings, current, label, onChoose }: Props) {
  const { t } = useI18n();
  const index = siblings.indexOf(current);
  if (siblings.length < 2 || index < 0) return null;
  const step = (by: number) => {
    const id = siblings[index + by];
    return id === undefined ? undefined : () => onChoose(id);
  };
  return (
    <span className="siblings" role="group" aria-label={label}>
      <Step label={t.turns.before} act={step(-1)} icon={<BeforeIcon />} />
      <span>
        <span className="visually-hidden">{t.turns.which(index + 1, siblings.length)}</span>
        <span aria-hidden>
          {index + 1}/{siblings.length}
        </span>
      </span>
      <Step label={t.turns.after} act={step(1)} icon={<ForwardIcon />} />
    </span>
  );
}

function Step({ label, act, icon }: { label: string; act: (() => void) | undefined; icon: React.ReactNode }) {
  return <Button type="text" size="small" icon={icon} aria-label={label} disabled={act === undefined} onClick={act} />;
}
