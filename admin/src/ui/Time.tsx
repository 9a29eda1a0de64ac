/** Moments and amounts as people of the language write them. */
import { useI18n } from "../i18n";

/** A moment; a dash for one that has not come. */
export function Time({ at, none }: { at: string | null | undefined; none?: string }) {
  const { t, time } = useI18n();
  if (!at) return <span className="muted">{none ?? t.none}</span>;
  return (
    <time dateTime={at} title={at}>
      {time(at)}
    </time>
  );
}

export function Badge({ kind, children }: { kind: "good" | "warn" | "bad" | "plain"; children: string }) {
  return <span className={`badge badge-${kind}`}>{children}</span>;
}
