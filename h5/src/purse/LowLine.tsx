/** A quiet word that the money is running low. */
import { useI18n } from "../i18n";
import type { Purse } from "./usePurse";

interface Props {
  purse: Purse;
  onTopUp: () => void;
}

export function LowLine({ purse: { low, whose, hideLow }, onTopUp }: Props) {
  const { t } = useI18n();
  if (low === null) return null;
  return (
    <p className="note" role="status">
      <span className="note-text">{whose === "client" ? t.purse.lowClient : t.purse.low}</span>
      <button type="button" className="note-act" onClick={onTopUp}>
        {t.purse.topUp}
      </button>
      <button type="button" className="note-act" onClick={hideLow}>
        {t.purse.hideLow}
      </button>
    </p>
  );
}
