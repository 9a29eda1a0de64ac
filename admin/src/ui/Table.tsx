/** A table that becomes a pile of cards where the screen is narrow. */
import type { ReactNode } from "react";

export interface Column<Row> {
  head: string;
  cell: (row: Row) => ReactNode;
  /** The cell that names the row. */
  main?: boolean;
  /** Holds buttons: it needs no heading of its own on a card. */
  acts?: boolean;
}

interface Props<Row> {
  /** What the table lists, for those who hear it. */
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  dim?: (row: Row) => boolean;
}

/** The roles are written out: a table drawn as cards would lose them. */
export function Table<Row>({ label, columns, rows, rowKey, dim }: Props<Row>) {
  return (
    <table className="table" role="table" aria-label={label}>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map(({ head, acts }) => (
            <th key={head} role="columnheader" scope="col" className={acts ? "acts" : undefined}>
              {acts ? <span className="visually-hidden">{head}</span> : head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row) => (
          <tr key={rowKey(row)} role="row" className={dim?.(row) ? "dim" : undefined}>
            {columns.map((column) => (
              <Cell key={column.head} column={column} row={row} />
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Cell<Row>({ column: { head, cell, main, acts }, row }: { column: Column<Row>; row: Row }) {
  const content = cell(row);
  if (main) {
    return (
      <th role="rowheader" scope="row">
        {content}
      </th>
    );
  }
  return (
    <td role="cell" className={acts ? "acts" : undefined} data-head={acts ? undefined : head}>
      {/* one box, so that on a card all of it stands beside the heading */}
      <div className="cell">{content}</div>
    </td>
  );
}
