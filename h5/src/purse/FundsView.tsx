/** What is there: credits, packs and passes, and how much of the limits is used up. */
import { Progress } from "antd";
import type { ReactNode } from "react";
import type { Entitlement, Quota, Quotas as QuotasBody, Wallet } from "../api/types";
import { useI18n } from "../i18n";
import { day, dayTime, grouped, microsOf, share } from "./amounts";

interface CreditProps {
  wallet: Wallet;
  /** It is the client's, and pays for all of its users. */
  forAll: boolean;
  low: boolean;
}

export function Credit({ wallet, forAll, low }: CreditProps) {
  const { t, lang } = useI18n();
  return (
    <section className="purse-credit">
      <p className="purse-balance" data-testid="balance">
        {t.purse.credits(grouped(wallet.balance, lang))}
      </p>
      {microsOf(wallet.held) > 0n && <p className="muted">{t.purse.held(grouped(wallet.held, lang))}</p>}
      {forAll && <p className="muted">{t.purse.ofAll}</p>}
      {low && <p className="purse-low">{forAll ? t.purse.lowClient : t.purse.low}</p>}
    </section>
  );
}

export function Owned({ items }: { items: readonly Entitlement[] }) {
  const { t } = useI18n();
  if (items.length === 0) return null;
  return (
    <section>
      <h3>{t.purse.owned}</h3>
      <ul>
        {items.map((one) => (
          <OwnedRow key={one.id} one={one} />
        ))}
      </ul>
    </section>
  );
}

function OwnedRow({ one }: { one: Entitlement }) {
  const { t, lang, number } = useI18n();
  const { name, uses, used, starts_at, ends_at } = one;
  const facts = [
    uses != null && t.purse.usesLeft(number(uses - used), number(uses)),
    Date.parse(starts_at) > Date.now() && t.purse.from(day(starts_at, lang)),
    ends_at == null ? uses == null && t.purse.forever : t.purse.until(day(ends_at, lang)),
  ].filter((fact) => fact !== false);
  return (
    <li className="purse-row">
      <span className="purse-name">{name}</span>
      <span className="purse-facts">{facts.join(" · ")}</span>
      {uses != null && <Bar value={share(used, uses)} label={name} />}
    </li>
  );
}

export function Quotas({ quotas }: { quotas: QuotasBody }) {
  const { t, lang, number } = useI18n();
  const { free_uses, free_uses_max, day: today, month, budget, budget_spent } = quotas;
  const bars: ReactNode[] = [];
  if (free_uses_max > 0) {
    const text = t.purse.answers(number(free_uses), number(free_uses_max));
    bars.push(<QuotaBar key="free" name={t.purse.free} text={text} value={share(free_uses, free_uses_max)} ends={today.ends} />);
  }
  const add = (key: string, name: string, { uses, uses_max, credits, credits_max, ends }: Quota) => {
    if (uses_max != null) {
      const text = t.purse.answers(number(uses), number(uses_max));
      bars.push(<QuotaBar key={`${key} uses`} name={name} text={text} value={share(uses, uses_max)} ends={ends} />);
    }
    if (credits_max != null) {
      const text = t.purse.spent(grouped(credits, lang), grouped(credits_max, lang));
      bars.push(<QuotaBar key={`${key} credits`} name={name} text={text} value={share(credits, credits_max)} ends={ends} />);
    }
  };
  add("day", t.purse.today, today);
  add("month", t.purse.month, month);
  if (budget != null && budget_spent != null) {
    const text = t.purse.spent(grouped(budget_spent, lang), grouped(budget, lang));
    bars.push(<QuotaBar key="budget" name={t.purse.budget} text={text} value={share(budget_spent, budget)} ends={month.ends} />);
  }
  if (bars.length === 0) return null;
  return (
    <section>
      <h3>{t.purse.quotas}</h3>
      <ul>{bars}</ul>
    </section>
  );
}

interface QuotaBarProps {
  name: string;
  text: string;
  value: number;
  ends: string | null | undefined;
}

function QuotaBar({ name, text, value, ends }: QuotaBarProps) {
  const { t, lang } = useI18n();
  return (
    <li className="purse-row">
      <span className="purse-name">{name}</span>
      <span className="purse-facts">{text}</span>
      <Bar value={value} label={`${name}: ${text}`} />
      {value >= 1 && ends != null && <span className="purse-facts">{t.purse.anew(dayTime(ends, lang))}</span>}
    </li>
  );
}

function Bar({ value, label }: { value: number; label: string }) {
  return (
    <Progress
      percent={Math.round(value * 100)}
      size="small"
      showInfo={false}
      status={value >= 1 ? "exception" : "normal"}
      aria-label={label}
    />
  );
}
