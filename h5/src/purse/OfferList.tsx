/** What can be bought: each plan, and under it the ways to pay for it. */
import { Button } from "antd";
import { useId, useState } from "react";
import type { Api } from "../api";
import type { Plan, Whose } from "../api/types";
import { type I18n, useI18n } from "../i18n";
import { ErrorNote } from "../ui/ErrorNote";
import { grouped, money } from "./amounts";
import type { Keys } from "./keys";
import { type Offered, type Way, wayName } from "./offers";
import { type Buying, useBuying } from "./useBuying";

interface Props {
  api: Api;
  whose: Whose;
  offers: readonly Offered[];
  keys: Keys;
  onBought: () => void;
  onOrdered: (orderId: string) => void;
}

export function Offers({ api, whose, offers, ...options }: Props) {
  const { t } = useI18n();
  const buying = useBuying(api, whose, options);
  const [chosen, setChosen] = useState<string | null>(null);
  return (
    <section>
      <h3>{t.purse.buy}</h3>
      {offers.length === 0 && <p className="muted">{t.purse.nothing}</p>}
      <ul>
        {offers.map((offer) => (
          <OfferRow
            key={offer.plan.id}
            offer={offer}
            buying={buying}
            open={chosen === offer.plan.id}
            onToggle={() => setChosen((now) => (now === offer.plan.id ? null : offer.plan.id))}
          />
        ))}
      </ul>
      {buying.error && <ErrorNote error={buying.error} />}
      {buying.bought && (
        <p className="note" role="status">
          {t.purse.bought(buying.bought)}
        </p>
      )}
    </section>
  );
}

interface RowProps {
  offer: Offered;
  buying: Buying;
  open: boolean;
  onToggle: () => void;
}

function OfferRow({ offer: { plan, ways }, buying, open, onToggle }: RowProps) {
  const i18n = useI18n();
  const { t } = i18n;
  const ids = useId();
  const first = ways[0];
  return (
    <li className={open ? "plan open" : "plan"}>
      <button type="button" className="plan-open" aria-expanded={open} aria-controls={ids} onClick={onToggle}>
        <span className="plan-text">
          <span className="plan-name">{plan.name}</span>
          <span className="purse-facts">{given(plan, i18n)}</span>
        </span>
        {first && <span className="plan-price">{priceOf(first, i18n)}</span>}
      </button>
      <div id={ids} className="plan-ways" role="group" aria-label={t.purse.choose(plan.name)} hidden={!open}>
        {ways.map((way) => (
          <Button
            key={wayName(way)}
            block
            loading={buying.busy === `${plan.id} ${wayName(way)}`}
            disabled={buying.busy !== null}
            onClick={() => buying.buy(plan, way)}
          >
            {wordsOf(way, i18n)}
          </Button>
        ))}
      </div>
    </li>
  );
}

/** What one gets. */
export function given({ kind, credits, uses, pass_unit, pass_count }: Plan, { t, lang, number }: I18n): string {
  const { gives, units } = t.purse;
  if (kind === "credit") return gives.credit(grouped(credits ?? "0", lang));
  if (kind === "uses") return gives.uses(number(uses ?? 0));
  return pass_unit ? gives.pass(units[pass_unit](pass_count ?? 1)) : "";
}

function priceOf(way: Way, { t, lang }: I18n): string {
  if (way.by === "credits") return t.purse.credits(grouped(way.credits, lang));
  if (way.by === "stripe") return money(way.units, way.currency, lang);
  return `${grouped(way.quote.amount, lang)} ${way.quote.symbol}`;
}

function wordsOf(way: Way, { t, lang }: I18n): string {
  const { ways } = t.purse;
  if (way.by === "credits") return ways.credits(grouped(way.credits, lang));
  if (way.by === "stripe") return ways.stripe(money(way.units, way.currency, lang));
  const { amount, symbol, pay_with } = way.quote;
  return ways.chain(`${grouped(amount, lang)} ${symbol}`, pay_with.split("/")[0] ?? pay_with);
}
