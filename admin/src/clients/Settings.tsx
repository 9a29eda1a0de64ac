/** What a client allows, and whether it is let in at all. */
import { Button } from "antd";
import { type ReactNode, useState } from "react";
import type { Client, ClientChange } from "../api/types";
import { useConsole } from "../console";
import { useI18n } from "../i18n";
import type { Texts } from "../i18n/en";
import { Confirm } from "../ui/dialogs";
import { ErrorNote } from "../ui/ErrorNote";
import { ChoiceField, LinesField, TextField } from "../ui/fields";
import { useDeed } from "../ui/useDeed";
import { changeOf, type Draft, draftOf, faultsOf } from "./draft";
import { MEMBERS_MAY, V1_TOKENS } from "./options";

interface Props {
  client: Client;
  onChanged: (client: Client) => void;
}

export default function Settings({ client, onChanged }: Props) {
  const { t } = useI18n();
  const { may } = useConsole();
  const writable = may("clients");
  return (
    <>
      {!writable && <p className="note">{t.settings.readOnly}</p>}
      <SettingsForm client={client} writable={writable} onChanged={onChanged} />
      {writable && <Access client={client} onChanged={onChanged} />}
    </>
  );
}

function SettingsForm({ client, writable, onChanged }: Props & { writable: boolean }) {
  const { t } = useI18n();
  const { api } = useConsole();
  const deed = useDeed();
  const [draft, setDraft] = useState<Draft>(() => draftOf(client));
  const [saved, setSaved] = useState(false);
  const faults = faultsOf(draft, t);
  const change: ClientChange = changeOf(draft, client);
  const dirty = Object.keys(change).length > 0;
  const set = (part: Partial<Draft>) => {
    setSaved(false);
    setDraft((old) => ({ ...old, ...part }));
  };
  const submit = () =>
    deed.run(
      () => api.changeClient(client.id, change),
      (changed) => {
        setDraft(draftOf(changed));
        setSaved(true);
        onChanged(changed);
      },
    );
  return (
    <form
      className="form section"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (dirty && Object.keys(faults).length === 0 && !deed.busy) submit();
      }}
    >
      <fieldset className="plain" disabled={!writable}>
        <Fields draft={draft} faults={faults} set={set} writable={writable} t={t} />
      </fieldset>
      {deed.error && <ErrorNote error={deed.error} />}
      {writable && (
        <div className="form-foot">
          <Button type="primary" htmlType="submit" loading={deed.busy} disabled={!dirty || Object.keys(faults).length > 0}>
            {t.save}
          </Button>
          <span role="status" className={saved ? "saved" : "muted"}>
            {saved ? t.saved : dirty ? t.settings.unsaved : ""}
          </span>
        </div>
      )}
    </form>
  );
}

interface FieldsProps {
  draft: Draft;
  faults: Partial<Record<keyof Draft, string>>;
  set: (part: Partial<Draft>) => void;
  writable: boolean;
  t: Texts;
}

function Fields({ draft, faults, set, writable, t }: FieldsProps): ReactNode {
  const s = t.settings;
  const text = (key: "name" | "reentryUrl" | "timeZone" | "perMinute" | "userPerMinute", label: string, hint: string, kind?: "number") => (
    <TextField
      label={label}
      hint={hint}
      error={faults[key]}
      value={draft[key]}
      disabled={!writable}
      onChange={(value) => set({ [key]: value })}
      {...(kind ? { kind } : {})}
    />
  );
  return (
    <>
      {text("name", s.name, s.nameHint)}
      <LinesField
        label={s.description}
        hint={s.descriptionHint}
        value={draft.description}
        rows={3}
        disabled={!writable}
        onChange={(description) => set({ description })}
      />
      <ChoiceField
        label={s.v1Tokens}
        hint={s.v1TokensHint}
        value={draft.v1Tokens}
        disabled={!writable}
        options={V1_TOKENS.map((value) => ({ value, label: s.v1TokensOptions[value] }))}
        onChange={(v1Tokens) => set({ v1Tokens })}
      />
      <ChoiceField
        label={s.membersMay}
        hint={s.membersMayHint}
        value={draft.membersMay}
        disabled={!writable}
        options={MEMBERS_MAY.map((value) => ({ value, label: s.membersMayOptions[value] }))}
        onChange={(membersMay) => set({ membersMay })}
      />
      <LinesField
        label={s.origins}
        hint={s.originsHint}
        error={faults.origins}
        value={draft.origins}
        rows={3}
        mono
        disabled={!writable}
        onChange={(origins) => set({ origins })}
      />
      {text("reentryUrl", s.reentryUrl, s.reentryUrlHint)}
      {text("perMinute", s.perMinute, s.perMinuteHint, "number")}
      {text("userPerMinute", s.userPerMinute, s.userPerMinuteHint, "number")}
      {text("timeZone", s.timeZone, s.timeZoneHint)}
    </>
  );
}

/** Lets the client in, or keeps it out. */
function Access({ client, onChanged }: Props) {
  const { t } = useI18n();
  const { api } = useConsole();
  const deed = useDeed();
  const [asking, setAsking] = useState(false);
  const set = (enabled: boolean) => api.changeClient(client.id, { enabled }).then(onChanged);
  return (
    <section className="section form">
      <h2>{t.settings.stateTitle}</h2>
      <p className="field-row">{client.enabled ? t.settings.enabledText : t.settings.disabledText}</p>
      {client.enabled ? (
        <Button danger onClick={() => setAsking(true)}>
          {t.settings.disable}
        </Button>
      ) : (
        <Button loading={deed.busy} onClick={() => deed.run(() => set(true))}>
          {t.settings.enable}
        </Button>
      )}
      {deed.error && <ErrorNote error={deed.error} />}
      {asking && (
        <Confirm
          title={t.settings.disableTitle(client.name)}
          text={t.settings.disableText}
          act={t.settings.disable}
          typed={client.id}
          run={() => set(false)}
          onDone={() => setAsking(false)}
          onCancel={() => setAsking(false)}
        />
      )}
    </section>
  );
}
