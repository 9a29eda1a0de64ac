/** The keys a client's tokens are sealed with: added, retired with an overlap, killed. */
import { Button } from "antd";
import { useCallback, useState } from "react";
import type { Client, ClientKey, KeyMade } from "../api/types";
import { useConsole } from "../console";
import { useI18n } from "../i18n";
import { Confirm, SecretDialog } from "../ui/dialogs";
import { Empty, Listed } from "../ui/states";
import { type Column, Table } from "../ui/Table";
import { Badge, Time } from "../ui/Time";
import { useList } from "../ui/useLoad";
import { type KeyState, keyState } from "./keyState";
import { RetireDialog } from "./RetireDialog";

const BADGES: Readonly<Record<KeyState, "good" | "warn" | "plain" | "bad">> = {
  active: "good",
  retiring: "warn",
  retired: "plain",
  killed: "bad",
};

type Asking = { kind: "add" } | { kind: "retire" | "kill"; key: ClientKey } | { kind: "made"; made: KeyMade };

export default function Keys({ client }: { client: Client }) {
  const { t } = useI18n();
  const { api, may } = useConsole();
  const [asking, setAsking] = useState<Asking | null>(null);
  const list = useList(useCallback(() => api.keys(client.id), [api, client.id]));
  const writable = may("clients");
  const inUse = list.items.filter((key) => keyState(key, Date.now()) === "active").length;
  const done = () => {
    setAsking(null);
    list.reload();
  };
  return (
    <>
      <div className="section-head">
        <p className="screen-lead plain">{t.keys.lead}</p>
        {writable && (
          <Button type="primary" onClick={() => setAsking({ kind: "add" })}>
            {t.keys.add}
          </Button>
        )}
      </div>
      <Listed list={list} empty={<Empty text={t.keys.empty} />}>
        {(keys) => <KeyTable keys={keys} onAsk={writable ? setAsking : null} />}
      </Listed>
      {asking && <Dialogs client={client} asking={asking} last={inUse <= 1} onAsk={setAsking} onDone={done} />}
    </>
  );
}

interface DialogsProps {
  client: Client;
  asking: Asking;
  /** Whether no other key is in use. */
  last: boolean;
  onAsk: (asking: Asking | null) => void;
  onDone: () => void;
}

function Dialogs({ client, asking, last, onAsk, onDone }: DialogsProps) {
  const { t } = useI18n();
  const { api } = useConsole();
  const cancel = () => onAsk(null);
  switch (asking.kind) {
    case "add": {
      const add = () => api.newKey(client.id).then((made) => onAsk({ kind: "made", made }));
      return <Confirm title={t.keys.addTitle} text={t.keys.addText} act={t.keys.addSubmit} calm run={add} onCancel={cancel} />;
    }
    case "made":
      return (
        <SecretDialog
          title={t.keys.madeTitle}
          warning={t.keys.madeWarning}
          label={t.newClient.keyLabel}
          secret={asking.made.client_key}
          file={`${client.id}-${short(asking.made.key.fingerprint)}.pem`}
          onClose={onDone}
        />
      );
    case "retire":
      return <RetireDialog client={client.id} apiKey={asking.key} last={last} onDone={onDone} onCancel={cancel} />;
    case "kill":
      return (
        <Confirm
          title={t.keys.killTitle(short(asking.key.fingerprint))}
          text={[t.keys.killText, last && keyState(asking.key, Date.now()) === "active" ? t.keys.lastKey : ""].filter(Boolean).join(t.gap)}
          act={t.keys.killSubmit}
          typed={t.keys.killWord}
          run={() => api.killKey(client.id, asking.key.id)}
          onDone={onDone}
          onCancel={cancel}
        />
      );
  }
}

function KeyTable({ keys, onAsk }: { keys: readonly ClientKey[]; onAsk: ((asking: Asking) => void) | null }) {
  const { t } = useI18n();
  const now = Date.now();
  const acts: Column<ClientKey> = { head: t.actions, acts: true, cell: (key) => <Acts apiKey={key} onAsk={onAsk} /> };
  return (
    <Table
      label={t.client.tabs.keys}
      rows={keys}
      rowKey={({ id }) => id}
      dim={(key) => ["retired", "killed"].includes(keyState(key, now))}
      columns={[
        { head: t.keys.fingerprint, main: true, cell: ({ fingerprint }) => <code title={fingerprint}>{short(fingerprint)}</code> },
        { head: t.keys.bits, cell: ({ bits }) => t.newClient.bitsOption(bits) },
        { head: t.keys.created, cell: ({ created_at: at }) => <Time at={at} /> },
        { head: t.keys.lastUsed, cell: ({ last_used_at: at }) => <Time at={at} none={t.keys.never} /> },
        { head: t.keys.state, cell: (key) => <State apiKey={key} now={now} /> },
        ...(onAsk ? [acts] : []),
      ]}
    />
  );
}

function State({ apiKey, now }: { apiKey: ClientKey; now: number }) {
  const { t, time } = useI18n();
  const state = keyState(apiKey, now);
  return (
    <>
      <Badge kind={BADGES[state]}>{t.keys.states[state]}</Badge>
      {state === "retiring" && apiKey.retires_at && <span className="sub">{t.keys.until(time(apiKey.retires_at))}</span>}
    </>
  );
}

function Acts({ apiKey, onAsk }: { apiKey: ClientKey; onAsk: ((asking: Asking) => void) | null }) {
  const { t } = useI18n();
  const state = keyState(apiKey, Date.now());
  if (onAsk === null || state === "killed") return null;
  const named = (act: string) => `${act} ${short(apiKey.fingerprint)}`;
  return (
    <span className="row">
      {state === "active" && (
        <Button size="small" aria-label={named(t.keys.retire)} onClick={() => onAsk({ kind: "retire", key: apiKey })}>
          {t.keys.retire}
        </Button>
      )}
      <Button size="small" danger aria-label={named(t.keys.kill)} onClick={() => onAsk({ kind: "kill", key: apiKey })}>
        {t.keys.kill}
      </Button>
    </span>
  );
}

/** Enough of a fingerprint to tell the keys of one client apart. */
export function short(fingerprint: string): string {
  const print = fingerprint.replace(/^SHA256:/i, "");
  return print.length > 16 ? print.slice(0, 16) : print;
}
