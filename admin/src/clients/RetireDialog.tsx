/** Retires a key once its overlap with the next one has passed. */
import { useState } from "react";
import type { ClientKey } from "../api/types";
import { useConsole } from "../console";
import { useI18n } from "../i18n";
import { FormDialog } from "../ui/dialogs";
import { TextField } from "../ui/fields";
import { useDeed } from "../ui/useDeed";
import { overlapOf } from "./checks";
import { short } from "./Keys";

interface Props {
  client: string;
  apiKey: ClientKey;
  /** Whether no other key is in use. */
  last: boolean;
  onDone: () => void;
  onCancel: () => void;
}

export function RetireDialog({ client, apiKey, last, onDone, onCancel }: Props) {
  const { t } = useI18n();
  const { api } = useConsole();
  const deed = useDeed();
  const [typed, setTyped] = useState("24");
  const hours = overlapOf(typed);
  return (
    <FormDialog
      title={t.keys.retireTitle(short(apiKey.fingerprint))}
      submit={t.keys.retireSubmit}
      danger
      busy={deed.busy}
      error={deed.error}
      ready={hours !== null}
      onSubmit={() => hours !== null && deed.run(() => api.retireKey(client, apiKey.id, hours), onDone)}
      onCancel={onCancel}
    >
      <p className="field-row">{t.keys.retireText}</p>
      {last && <p className="note note-warn">{t.keys.lastKey}</p>}
      <TextField
        kind="number"
        label={t.keys.overlap}
        hint={t.keys.overlapHint}
        error={hours === null ? t.keys.overlapWrong : null}
        value={typed}
        onChange={setTyped}
        autoFocus
      />
    </FormDialog>
  );
}
