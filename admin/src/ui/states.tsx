/** What a screen shows while there is nothing to show: waiting, failed, empty. */
import type { ReactNode } from "react";
import { Button } from "antd";
import { useI18n } from "../i18n";
import { ErrorNote } from "./ErrorNote";
import type { List, Load } from "./useLoad";

export function Loading() {
  const { t } = useI18n();
  return (
    <p className="loading" role="status">
      <span className="dots" aria-hidden />
      {t.loading}
    </p>
  );
}

export function Empty({ text, children }: { text: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <p>{text}</p>
      {children}
    </div>
  );
}

/** Shows what was read, once it is there. */
export function Loaded<Value>({ load, children }: { load: Load<Value>; children: (value: Value) => ReactNode }) {
  if (load.value !== null) {
    return (
      <>
        {load.error && <ErrorNote error={load.error} retry={load.reload} />}
        {children(load.value)}
      </>
    );
  }
  return load.error ? <ErrorNote error={load.error} retry={load.reload} /> : <Loading />;
}

interface ListedProps<Item> {
  list: List<Item>;
  /** Said when there is nothing in it. */
  empty: ReactNode;
  children: (items: readonly Item[]) => ReactNode;
}

/** A list in whichever state it is. */
export function Listed<Item>({ list, empty, children }: ListedProps<Item>) {
  const { t } = useI18n();
  const { items, loading, error, hasMore } = list;
  return (
    <div aria-busy={loading}>
      {items.length > 0 && children(items)}
      {error && <ErrorNote error={error} retry={list.more} />}
      {!error && !loading && items.length === 0 && empty}
      {loading && items.length === 0 && <Loading />}
      {hasMore && !error && items.length > 0 && (
        <p className="center">
          <Button loading={loading} onClick={list.more}>
            {t.more}
          </Button>
        </p>
      )}
    </div>
  );
}
