/** All clients, and the way to a new one. */
import { Button } from "antd";
import { lazy, useCallback, useState } from "react";
import type { Client, ClientMade } from "../api/types";
import { useConsole } from "../console";
import { useI18n } from "../i18n";
import { go, hrefOf } from "../route";
import { Later } from "../ui/Later";
import { SearchField } from "../ui/SearchField";
import { Empty, Listed } from "../ui/states";
import { Table } from "../ui/Table";
import { Badge, Time } from "../ui/Time";
import { useList } from "../ui/useLoad";

const NewClient = lazy(() => import("./NewClient"));

export default function Clients() {
  const { t } = useI18n();
  const { api, may } = useConsole();
  const [text, setText] = useState("");
  const [adding, setAdding] = useState(false);
  const list = useList(useCallback((cursor: string | null) => api.clients(text, cursor), [api, text]));
  const made = ({ client }: ClientMade) => go({ screen: "client", id: client.id, tab: "embed" });
  const add = (
    <Button type="primary" onClick={() => setAdding(true)}>
      {t.clients.add}
    </Button>
  );
  return (
    <>
      <div className="screen-head">
        <h1>{t.clients.title}</h1>
        {may("clients") && add}
      </div>
      <p className="screen-lead">{t.clients.lead}</p>
      <SearchField label={t.clients.search} onSearch={setText} />
      <Listed list={list} empty={<Empty text={text === "" ? t.clients.empty : t.clients.emptySearch} />}>
        {(clients) => <ClientTable clients={clients} />}
      </Listed>
      {adding && (
        <Later>
          <NewClient onMade={made} onCancel={() => setAdding(false)} />
        </Later>
      )}
    </>
  );
}

function ClientTable({ clients }: { clients: readonly Client[] }) {
  const { t } = useI18n();
  return (
    <Table
      label={t.clients.title}
      rows={clients}
      rowKey={({ id }) => id}
      dim={({ enabled }) => !enabled}
      columns={[
        {
          head: t.clients.name,
          main: true,
          cell: ({ id, name }) => <a href={hrefOf({ screen: "client", id, tab: "settings" })}>{name}</a>,
        },
        { head: t.clients.id, cell: ({ id }) => <code>{id}</code> },
        { head: t.clients.description, cell: ({ description }) => description || <span className="muted">{t.none}</span> },
        { head: t.clients.state, cell: ({ enabled }) => <Enabled enabled={enabled} /> },
        { head: t.clients.created, cell: ({ created_at: at }) => <Time at={at} /> },
      ]}
    />
  );
}

function Enabled({ enabled }: { enabled: boolean }) {
  const { t } = useI18n();
  return <Badge kind={enabled ? "good" : "plain"}>{enabled ? t.clients.enabled : t.clients.disabled}</Badge>;
}
