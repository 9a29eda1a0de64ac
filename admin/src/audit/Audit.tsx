/** What operators did, newest first. */
import { Button } from "antd";
import { useCallback, useState } from "react";
import type { AuditFilter } from "../api";
import type { AuditEvent } from "../api/types";
import { useConsole } from "../console";
import { useI18n } from "../i18n";
import { hrefOf } from "../route";
import { TextField } from "../ui/fields";
import { Empty, Listed } from "../ui/states";
import { Table } from "../ui/Table";
import { Time } from "../ui/Time";
import { useList } from "../ui/useLoad";
import { ActField } from "./ActField";
import { actName } from "./acts";

/** Who did what was done by `concierge` on the server itself; no operator can have this name. */
const COMMAND_LINE = "command line";

const EVERYTHING: AuditFilter = { client: "", operator: "", act: "" };

export default function Audit() {
  const { t } = useI18n();
  const { api } = useConsole();
  const [filter, setFilter] = useState(EVERYTHING);
  const list = useList(useCallback((cursor: string | null) => api.audit(filter, cursor), [api, filter]));
  const filtered = filter !== EVERYTHING;
  return (
    <>
      <div className="screen-head">
        <h1>{t.audit.title}</h1>
      </div>
      <p className="screen-lead">{t.audit.lead}</p>
      <Filters onFilter={setFilter} />
      <Listed list={list} empty={<Empty text={filtered ? t.audit.emptyFiltered : t.audit.empty} />}>
        {(events) => <EventTable events={events} />}
      </Listed>
    </>
  );
}

function Filters({ onFilter }: { onFilter: (filter: AuditFilter) => void }) {
  const { t } = useI18n();
  const [draft, setDraft] = useState(EVERYTHING);
  const set = (part: Partial<AuditFilter>) => setDraft((old) => ({ ...old, ...part }));
  return (
    <form
      className="filters"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        onFilter({ client: draft.client.trim(), operator: draft.operator.trim(), act: draft.act });
      }}
    >
      <TextField label={t.audit.operator} value={draft.operator} onChange={(operator) => set({ operator })} placeholder={t.audit.anyOperator} />
      <ActField value={draft.act} onChange={(act) => set({ act })} />
      <TextField label={t.audit.client} value={draft.client} onChange={(client) => set({ client })} placeholder={t.audit.anyClient} />
      <div className="row field-row">
        <Button type="primary" htmlType="submit">
          {t.audit.apply}
        </Button>
        <Button
          onClick={() => {
            setDraft(EVERYTHING);
            onFilter(EVERYTHING);
          }}
        >
          {t.audit.clear}
        </Button>
      </div>
    </form>
  );
}

function EventTable({ events }: { events: readonly AuditEvent[] }) {
  const { t } = useI18n();
  return (
    <Table
      label={t.audit.title}
      rows={events}
      rowKey={({ id }) => id}
      columns={[
        { head: t.audit.act, main: true, cell: ({ act }) => <span title={act}>{actName(act, t)}</span> },
        { head: t.audit.at, cell: ({ at }) => <Time at={at} /> },
        { head: t.audit.operator, cell: ({ operator }) => (operator === COMMAND_LINE ? t.audit.commandLine : operator) },
        { head: t.audit.client, cell: ({ client_id: id }) => <ClientLink id={id} /> },
        { head: t.audit.subject, cell: (event) => <Subject event={event} /> },
        { head: t.audit.address, cell: ({ address }) => (address ? <code>{address}</code> : <span className="muted">{t.none}</span>) },
      ]}
    />
  );
}

function ClientLink({ id }: { id: string | null | undefined }) {
  const { t } = useI18n();
  if (!id) return <span className="muted">{t.none}</span>;
  return (
    <a href={hrefOf({ screen: "client", id, tab: "settings" })}>
      <code>{id}</code>
    </a>
  );
}

function Subject({ event: { subject, detail } }: { event: AuditEvent }) {
  const { t } = useI18n();
  if (!subject && !detail) return <span className="muted">{t.none}</span>;
  return (
    <div className="long">
      {subject}
      {detail && <span className="sub">{detail}</span>}
    </div>
  );
}
