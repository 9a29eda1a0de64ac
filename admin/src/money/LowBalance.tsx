/** Below how much a wallet is low, so that its owner is told. */
import { useState } from "react";
import type { LowBalance as Body } from "../api/types";
import { useConsole } from "../console";
import { useI18n } from "../i18n";
import { TextField } from "../ui/fields";
import { useDeed } from "../ui/useDeed";
import { thresholdOf } from "./billing";
import { SettingForm } from "./SettingForm";

interface Props {
  client: string;
  credits: string | null;
  onSaved: (low: Body) => void;
}

export function LowBalance({ client, credits, onSaved }: Props) {
  const { t } = useI18n();
  const { api, may } = useConsole();
  const deed = useDeed();
  const [typed, setTyped] = useState(credits ?? "");
  const threshold = thresholdOf(typed);
  const writable = may("money");
  const save = (kept: () => void) =>
    deed.run(
      () => api.setLowBalance(client, threshold ?? null),
      (low) => {
        setTyped(low.credits ?? "");
        onSaved(low);
        kept();
      },
    );
  return (
    <SettingForm
      writable={writable}
      busy={deed.busy}
      error={deed.error}
      dirty={typed !== (credits ?? "")}
      wrong={threshold === undefined}
      onSave={save}
    >
      <TextField
        label={t.billing.low}
        hint={t.billing.lowHint}
        error={threshold === undefined ? t.billing.lowWrong : null}
        value={typed}
        disabled={!writable}
        onChange={setTyped}
      />
    </SettingForm>
  );
}
