/** Which kind of act is looked for. */
import { useI18n } from "../i18n";
import { ChoiceField } from "../ui/fields";
import { ACTS } from "./acts";

export function ActField({ value, onChange }: { value: string; onChange: (act: string) => void }) {
  const { t } = useI18n();
  const options = [{ value: "", label: t.audit.anyAct }, ...ACTS.map((act) => ({ value: act as string, label: t.audit.acts[act] }))];
  return <ChoiceField label={t.audit.act} value={value} options={options} onChange={onChange} />;
}
