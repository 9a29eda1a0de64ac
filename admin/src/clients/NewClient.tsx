/** A new client, and its key, which is shown once. */
import { useState } from "react";
import type { ClientMade, NewClient as Body, V1Tokens } from "../api/types";
import { useConsole } from "../console";
import { useI18n } from "../i18n";
import { FormDialog, SecretDialog } from "../ui/dialogs";
import { ChoiceField, LinesField, TextField } from "../ui/fields";
import { useDeed } from "../ui/useDeed";
import { sentenceOf } from "../ui/ErrorNote";
import { idFault } from "./checks";
import { V1_TOKENS } from "./options";

const BITS = ["2048", "3072", "4096"] as const;

interface Props {
  onMade: (made: ClientMade) => void;
  onCancel: () => void;
}

export default function NewClient({ onMade, onCancel }: Props) {
  const { t } = useI18n();
  const [made, setMade] = useState<ClientMade | null>(null);
  if (made === null) return <NewClientForm onMade={setMade} onCancel={onCancel} />;
  return (
    <SecretDialog
      title={t.newClient.keyTitle(made.client.name)}
      warning={t.newClient.keyWarning}
      label={t.newClient.keyLabel}
      secret={made.client_key}
      file={`${made.client.id}.pem`}
      onClose={() => onMade(made)}
    >
      <p className="field-hint">{t.newClient.next}</p>
    </SecretDialog>
  );
}

function NewClientForm({ onMade, onCancel }: Props) {
  const { t } = useI18n();
  const { api } = useConsole();
  const deed = useDeed();
  const [name, setName] = useState("");
  const [id, setId] = useState("");
  const [description, setDescription] = useState("");
  const [v1Tokens, setV1Tokens] = useState<V1Tokens>("exchange_once");
  const [bits, setBits] = useState<(typeof BITS)[number]>("2048");
  const [importKey, setImportKey] = useState("");
  const [tried, setTried] = useState(false);
  const nameError = tried && name.trim() === "" ? t.newClient.nameMissing : null;
  const taken = deed.error?.code === "taken" ? sentenceOf(deed.error, t) : null;
  const idError = idFault(id) ? t.newClient.idShape : taken;
  const body: Body = {
    name: name.trim(),
    description: description.trim(),
    v1_tokens: v1Tokens,
    ...(id === "" ? {} : { id }),
    ...(importKey.trim() === "" ? { key_bits: Number(bits) } : { import_key: importKey }),
  };
  const submit = () => {
    setTried(true);
    if (name.trim() !== "" && !idFault(id)) deed.run(() => api.newClient(body), onMade);
  };
  return (
    <FormDialog
      title={t.newClient.title}
      submit={t.newClient.submit}
      busy={deed.busy}
      error={taken ? null : deed.error}
      onSubmit={submit}
      onCancel={onCancel}
    >
      <TextField label={t.clients.name} hint={t.newClient.nameHint} error={nameError} value={name} onChange={setName} autoFocus maxLength={200} />
      <LinesField label={t.clients.description} hint={t.newClient.descriptionHint} value={description} onChange={setDescription} rows={2} />
      <TextField label={t.clients.id} hint={t.newClient.idHint} error={idError} value={id} onChange={setId} autoComplete="off" />
      <details className="more-settings">
        <summary>{t.newClient.moreSettings}</summary>
        <ChoiceField
          label={t.settings.v1Tokens}
          hint={t.settings.v1TokensHint}
          value={v1Tokens}
          options={V1_TOKENS.map((value) => ({ value, label: t.settings.v1TokensOptions[value] }))}
          onChange={setV1Tokens}
        />
        {importKey.trim() === "" && (
          <ChoiceField
            label={t.newClient.bits}
            hint={t.newClient.bitsHint}
            value={bits}
            options={BITS.map((value) => ({ value, label: t.newClient.bitsOption(Number(value)) }))}
            onChange={setBits}
          />
        )}
        <LinesField label={t.newClient.importKey} hint={t.newClient.importHint} value={importKey} onChange={setImportKey} rows={4} mono />
      </details>
    </FormDialog>
  );
}
