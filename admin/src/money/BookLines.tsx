/** Lines of the books, by day and by how they stand. */
import { Button } from "antd";
import { type ReactNode, useCallback, useState } from "react";
import { type Days, tableHref } from "../api/money";
import type { BookLine, Standing } from "../api/types";
import { useConsole } from "../console";
import { useI18n } from "../i18n";
import { ChoiceField } from "../ui/fields";
import { Empty, Listed } from "../ui/states";
import { type Column, Table } from "../ui/Table";
import { Badge } from "../ui/Time";
import { useList } from "../ui/useLoad";
import { DaysForm } from "./DaysForm";
import { NoteDialog } from "./NoteDialog";
import { lineOf } from "./units";

const KINDS = { open: "warn", healed: "good", resolved: "plain", fine: "good" } as const satisfies Record<Standing, string>;
const STANDINGS = Object.keys(KINDS) as Standing[];

export function BookLines({ client, first }: { client: string; first: Days }) {
  const { t } = useI18n();
  const { api, may } = useConsole();
  const [days, setDays] = useState(first);
  const [standing, setStanding] = useState<Standing | "">("");
  const [resolving, setResolving] = useState<BookLine | null>(null);
  const list = useList(
    useCallback((cursor: string | null) => api.bookLines(client, days, standing, cursor), [api, client, days, standing]),
  );
  const done = (changed: BookLine) => {
    setResolving(null);
    list.change((lines) => lines.map((one) => (one.id === changed.id ? changed : one)));
  };
  return (
    <>
      <DaysForm first={first} onShow={setDays} beside={<a href={tableHref(client, days)}>{t.books.csv}</a>}>
        <ChoiceField
          label={t.books.standing}
          value={standing}
          options={[{ value: "", label: t.books.anyStanding }, ...STANDINGS.map((value) => ({ value, label: t.books.standings[value] }))]}
          onChange={setStanding}
        />
      </DaysForm>
      <Listed list={list} empty={<Empty text={t.books.noLines} />}>
        {(lines) => <LineTable lines={lines} onResolve={may("money") ? setResolving : null} />}
      </Listed>
      {resolving && (
        <NoteDialog
          title={t.books.resolveTitle}
          submit={t.books.resolve}
          label={t.money.note}
          send={(note) => api.resolveLine(client, resolving.id, note)}
          onDone={done}
          onCancel={() => setResolving(null)}
        >
          <p className="field-row" lang="en">
            {resolving.reason}
          </p>
        </NoteDialog>
      )}
    </>
  );
}

function LineTable({ lines, onResolve }: { lines: readonly BookLine[]; onResolve: ((line: BookLine) => void) | null }) {
  const { t } = useI18n();
  const amount = (line: BookLine, value: string | null | undefined) =>
    value ? lineOf(line.provider, value, line.currency, t) : <span className="muted">{t.none}</span>;
  const acts: Column<BookLine> = {
    head: t.actions,
    acts: true,
    cell: (line) =>
      line.standing === "open" && (
        <Button size="small" aria-label={`${t.books.resolve} ${line.reference}`} onClick={() => onResolve?.(line)}>
          {t.books.resolve}
        </Button>
      ),
  };
  return (
    <Table
      label={t.books.lines}
      rows={lines}
      rowKey={({ id }) => id}
      columns={[
        { head: t.books.line, main: true, cell: (line) => <Line line={line} /> },
        { head: t.books.day, cell: ({ day }) => <span className="facts">{day}</span> },
        { head: t.books.ours, cell: (line) => amount(line, line.ours) },
        { head: t.books.theirs, cell: (line) => <Theirs line={line} plain={amount(line, line.theirs)} /> },
        { head: t.books.standing, cell: ({ standing }) => <Badge kind={KINDS[standing]}>{t.books.standings[standing]}</Badge> },
        { head: t.books.reason, cell: (line) => <Reason line={line} /> },
        ...(onResolve ? [acts] : []),
      ]}
    />
  );
}

/** What moved the balance may be of another currency than what was paid. */
function Theirs({ line: { provider, settled, settled_in, fee }, plain }: { line: BookLine; plain: ReactNode }) {
  const { t } = useI18n();
  if (!settled || !settled_in || !fee) return plain;
  const money = (value: string) => lineOf(provider, value, settled_in, t);
  return (
    <>
      {money(settled)}
      {fee !== "0" && <span className="sub">{t.books.kept(money(fee))}</span>}
    </>
  );
}

function Line({ line: { area, state, provider, reference } }: { line: BookLine }) {
  const { t } = useI18n();
  return (
    <>
      {t.books.areas[area]} · {t.books.states[state]}
      <span className="sub">
        {provider} <code>{reference}</code>
      </span>
    </>
  );
}

/** The server's own words are English; the note is the operator's. */
function Reason({ line: { reason, note } }: { line: BookLine }) {
  const { t } = useI18n();
  if (!reason && !note) return <span className="muted">{t.none}</span>;
  return (
    <>
      <span lang="en">{reason}</span>
      {note && <span className="sub">{note}</span>}
    </>
  );
}
