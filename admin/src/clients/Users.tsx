/** The users who have come in for a client. */
import { Button } from "antd";
import { useCallback, useState } from "react";
import type { User } from "../api/types";
import { useConsole } from "../console";
import { useI18n } from "../i18n";
import type { Texts } from "../i18n/en";
import { Confirm } from "../ui/dialogs";
import { SearchField } from "../ui/SearchField";
import { Empty, Listed } from "../ui/states";
import { type Column, Table } from "../ui/Table";
import { Badge, Time } from "../ui/Time";
import { useList } from "../ui/useLoad";

type Change = "disable" | "enable" | "makeManager" | "makeMember";

const CHANGES: Readonly<Record<Change, { enabled?: boolean; role?: User["role"] }>> = {
  disable: { enabled: false },
  enable: { enabled: true },
  makeManager: { role: "manager" },
  makeMember: { role: "member" },
};

interface Asking {
  user: User;
  change: Change;
}

export default function Users({ client }: { client: string }) {
  const { t } = useI18n();
  const { api, may } = useConsole();
  const [text, setText] = useState("");
  const [asking, setAsking] = useState<Asking | null>(null);
  const list = useList(useCallback((cursor: string | null) => api.users(client, text, cursor), [api, client, text]));
  const change = async ({ user, change }: Asking) => {
    const changed = await api.changeUser(client, user.id, CHANGES[change]);
    list.change((users) => users.map((one) => (one.id === user.id ? changed : one)));
  };
  return (
    <>
      <SearchField label={t.users.search} onSearch={setText} />
      <Listed list={list} empty={<Empty text={text === "" ? t.users.empty : t.users.emptySearch} />}>
        {(users) => <UserTable users={users} onAsk={may("clients") ? setAsking : null} />}
      </Listed>
      {asking && (
        <Confirm
          {...wordsOf(asking, t)}
          calm={asking.change !== "disable"}
          run={() => change(asking)}
          onDone={() => setAsking(null)}
          onCancel={() => setAsking(null)}
        />
      )}
    </>
  );
}

function nameOf(user: User): string {
  return user.username || user.external_id;
}

function wordsOf({ user, change }: Asking, t: Texts): { title: string; text: string; act: string } {
  const name = nameOf(user);
  switch (change) {
    case "disable":
      return { title: t.users.disableTitle(name), text: t.users.disableText, act: t.users.disable };
    case "enable":
      return { title: t.users.enableTitle(name), text: t.users.enableText, act: t.users.enable };
    case "makeManager":
      return { title: t.users.makeManagerTitle(name), text: t.users.makeManagerText, act: t.users.makeManager };
    case "makeMember":
      return { title: t.users.makeMemberTitle(name), text: t.users.makeMemberText, act: t.users.makeMember };
  }
}

function UserTable({ users, onAsk }: { users: readonly User[]; onAsk: ((asking: Asking) => void) | null }) {
  const { t } = useI18n();
  const acts: Column<User> = { head: t.actions, acts: true, cell: (user) => onAsk && <Acts user={user} onAsk={onAsk} /> };
  return (
    <Table
      label={t.client.tabs.users}
      rows={users}
      rowKey={({ id }) => id}
      dim={({ enabled }) => !enabled}
      columns={[
        { head: t.users.name, main: true, cell: nameOf },
        { head: t.users.externalId, cell: ({ external_id: id }) => <code className="long">{id}</code> },
        { head: t.users.role, cell: ({ role }) => t.users.roles[role] },
        {
          head: t.users.state,
          cell: ({ enabled }) => <Badge kind={enabled ? "good" : "plain"}>{enabled ? t.users.enabled : t.users.disabled}</Badge>,
        },
        { head: t.users.lastSeen, cell: ({ last_seen_at: at }) => <Time at={at} none={t.users.never} /> },
        { head: t.users.use, cell: (user) => <Use user={user} /> },
        ...(onAsk ? [acts] : []),
      ]}
    />
  );
}

function Use({ user: { sessions, documents } }: { user: User }) {
  const { t } = useI18n();
  return (
    <div className="facts">
      {t.users.sessions(sessions)}
      <span className="sub">{t.users.documents(documents)}</span>
    </div>
  );
}

function Acts({ user, onAsk }: { user: User; onAsk: (asking: Asking) => void }) {
  const { t } = useI18n();
  const offer = (change: Change, danger = false) => (
    <Button size="small" danger={danger} aria-label={`${t.users[change]} ${nameOf(user)}`} onClick={() => onAsk({ user, change })}>
      {t.users[change]}
    </Button>
  );
  return (
    <span className="row">
      {offer(user.role === "member" ? "makeManager" : "makeMember")}
      {user.enabled ? offer("disable", true) : offer("enable")}
    </span>
  );
}
