/** Keys of programs. */
import { Button } from "antd";
import { useCallback, useState } from "react";
import type { ApiKey, ApiKeyMade, Scope } from "../api/types";
import { useConsole } from "../console";
import { useI18n } from "../i18n";
import { Confirm, FormDialog, SecretDialog } from "../ui/dialogs";
import { CheckField, TextField } from "../ui/fields";
import { Empty, Listed } from "../ui/states";
import { type Column, Table } from "../ui/Table";
import { Badge, Time } from "../ui/Time";
import { useDeed } from "../ui/useDeed";
import { useList } from "../ui/useLoad";
import { SCOPES } from "./options";

type Asking = { kind: "add" } | { kind: "made"; name: string; made: ApiKeyMade } | { kind: "revoke"; key: ApiKey };

export default function ApiKeys({ client }: { client: string }) {
  const { t } = useI18n();
  const { api, may } = useConsole();
  const [asking, setAsking] = useState<Asking | null>(null);
  const list = useList(useCallback(() => api.apiKeys(client), [api, client]));
  const writable = may("clients");
  const done = () => {
    setAsking(null);
    list.reload();
  };
  return (
    <>
      <div className="section-head">
        <p className="screen-lead plain">{t.apiKeys.lead}</p>
        {writable && (
          <Button type="primary" onClick={() => setAsking({ kind: "add" })}>
            {t.apiKeys.add}
          </Button>
        )}
      </div>
      <Listed list={list} empty={<Empty text={t.apiKeys.empty} />}>
        {(keys) => <KeyTable keys={keys} onRevoke={writable ? (key) => setAsking({ kind: "revoke", key }) : null} />}
      </Listed>
      {asking?.kind === "add" && (
        <NewApiKey client={client} onMade={(name, made) => setAsking({ kind: "made", name, made })} onCancel={() => setAsking(null)} />
      )}
      {asking?.kind === "made" && (
        <SecretDialog
          title={t.apiKeys.madeTitle(asking.name)}
          warning={t.apiKeys.madeWarning}
          label={t.apiKeys.madeLabel}
          secret={asking.made.secret}
          onClose={done}
        />
      )}
      {asking?.kind === "revoke" && (
        <Confirm
          title={t.apiKeys.revokeTitle(asking.key.name)}
          text={t.apiKeys.revokeText}
          act={t.apiKeys.revoke}
          run={() => api.revokeApiKey(client, asking.key.id)}
          onDone={done}
          onCancel={() => setAsking(null)}
        />
      )}
    </>
  );
}

function KeyTable({ keys, onRevoke }: { keys: readonly ApiKey[]; onRevoke: ((key: ApiKey) => void) | null }) {
  const { t } = useI18n();
  const acts: Column<ApiKey> = {
    head: t.actions,
    acts: true,
    cell: (key) =>
      !key.revoked_at && (
        <Button size="small" danger aria-label={`${t.apiKeys.revoke} ${key.name}`} onClick={() => onRevoke?.(key)}>
          {t.apiKeys.revoke}
        </Button>
      ),
  };
  return (
    <Table
      label={t.client.tabs["api-keys"]}
      rows={keys}
      rowKey={({ id }) => id}
      dim={({ revoked_at: at }) => Boolean(at)}
      columns={[
        { head: t.apiKeys.name, main: true, cell: ({ name }) => name },
        { head: t.apiKeys.scopes, cell: ({ scopes }) => <code>{scopes.join(" ")}</code> },
        { head: t.apiKeys.created, cell: ({ created_at: at }) => <Time at={at} /> },
        { head: t.apiKeys.lastUsed, cell: ({ last_used_at: at }) => <Time at={at} none={t.apiKeys.never} /> },
        {
          head: t.apiKeys.state,
          cell: ({ revoked_at: at }) => <Badge kind={at ? "plain" : "good"}>{at ? t.apiKeys.revoked : t.apiKeys.active}</Badge>,
        },
        ...(onRevoke ? [acts] : []),
      ]}
    />
  );
}

interface NewProps {
  client: string;
  onMade: (name: string, made: ApiKeyMade) => void;
  onCancel: () => void;
}

function NewApiKey({ client, onMade, onCancel }: NewProps) {
  const { t } = useI18n();
  const { api } = useConsole();
  const deed = useDeed();
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<readonly Scope[]>([]);
  const [tried, setTried] = useState(false);
  const whole = name.trim() !== "" && scopes.length > 0;
  const submit = () => {
    setTried(true);
    // in the order they are shown, whatever order they were ticked in
    const ticked = SCOPES.filter((scope) => scopes.includes(scope));
    if (whole) deed.run(() => api.newApiKey(client, name.trim(), ticked), (made) => onMade(name.trim(), made));
  };
  const tick = (scope: Scope, on: boolean) => setScopes((old) => (on ? [...old, scope] : old.filter((one) => one !== scope)));
  return (
    <FormDialog title={t.apiKeys.add} submit={t.apiKeys.addSubmit} busy={deed.busy} error={deed.error} onSubmit={submit} onCancel={onCancel}>
      <TextField
        label={t.apiKeys.name}
        hint={t.apiKeys.nameHint}
        error={tried && name.trim() === "" ? t.apiKeys.nameMissing : null}
        value={name}
        onChange={setName}
        autoFocus
        maxLength={200}
      />
      <fieldset className="plain">
        <legend className="field-label">{t.apiKeys.scopes}</legend>
        {SCOPES.map((scope) => (
          <CheckField key={scope} label={scope} hint={t.apiKeys.scopeHints[scope]} checked={scopes.includes(scope)} onChange={(on) => tick(scope, on)} />
        ))}
        {tried && scopes.length === 0 && (
          <p className="field-error" role="alert">
            {t.apiKeys.scopeMissing}
          </p>
        )}
      </fieldset>
    </FormDialog>
  );
}
