/** Days that are closed, each with the hash that proves it. */
import { Button } from "antd";
import { useCallback } from "react";
import { useConsole } from "../console";
import { useI18n } from "../i18n";
import { Empty, Listed } from "../ui/states";
import { Table } from "../ui/Table";
import { Time } from "../ui/Time";
import { useList } from "../ui/useLoad";
import { grouped } from "./amount";
import { movedOf } from "./units";

export function BookDays({ client, onShow }: { client: string; onShow: (day: string) => void }) {
  const { t, number } = useI18n();
  const { api } = useConsole();
  const list = useList(useCallback((cursor: string | null) => api.bookDays(client, cursor), [api, client]));
  return (
    <Listed list={list} empty={<Empty text={t.books.noDays} />}>
      {(days) => (
        <Table
          label={t.books.days}
          rows={days}
          rowKey={({ day }) => day}
          columns={[
            {
              head: t.books.day,
              main: true,
              cell: ({ day, lines, open }) => (
                <>
                  {day}
                  <span className="sub">{t.books.count(number(lines), number(open))}</span>
                </>
              ),
            },
            { head: t.books.moved, cell: ({ trial }) => <Moved trial={trial} /> },
            { head: t.books.hash, cell: ({ hash }) => <code className="long">{hash}</code> },
            { head: t.books.closed, cell: ({ closed_at: at }) => <Time at={at} /> },
            {
              head: t.actions,
              acts: true,
              cell: ({ day }) => (
                <Button size="small" aria-label={`${t.books.showDay} ${day}`} onClick={() => onShow(day)}>
                  {t.books.showDay}
                </Button>
              ),
            },
          ]}
        />
      )}
    </Listed>
  );
}

function Moved({ trial }: { trial: string }) {
  const { t } = useI18n();
  const moved = movedOf(trial);
  if (moved.length === 0) return <span className="muted">{t.none}</span>;
  return (
    <ul className="amounts">
      {moved.map(({ account, taken, given }) => (
        <li key={account}>
          <code>{account}</code> {t.books.takenGiven(grouped(taken), grouped(given))}
        </li>
      ))}
    </ul>
  );
}
