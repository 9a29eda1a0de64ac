/** Runs of the reconciliation. */
import { useCallback } from "react";
import { useConsole } from "../console";
import { useI18n } from "../i18n";
import { Empty, Listed } from "../ui/states";
import { Table } from "../ui/Table";
import { Time } from "../ui/Time";
import { useList } from "../ui/useLoad";

export function Runs({ client }: { client: string }) {
  const { t, number } = useI18n();
  const { api } = useConsole();
  const list = useList(useCallback((cursor: string | null) => api.reconciliations(client, cursor), [api, client]));
  return (
    <Listed list={list} empty={<Empty text={t.books.noRuns} />}>
      {(runs) => (
        <Table
          label={t.books.runs}
          rows={runs}
          rowKey={({ id }) => id}
          columns={[
            { head: t.books.day, main: true, cell: ({ day }) => day },
            {
              head: t.books.resultHead,
              cell: ({ lines, healed, open }) => t.books.result(number(lines), number(healed), number(open)),
            },
            { head: t.books.began, cell: ({ started_at: at }) => <Time at={at} /> },
            { head: t.books.ended, cell: ({ ended_at: at }) => <Time at={at} none={t.books.running} /> },
          ]}
        />
      )}
    </Listed>
  );
}
