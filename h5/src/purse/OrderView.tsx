/** An order: how it is paid, how far that has come, and what became of it. */
import { Button } from "antd";
import { lazy, useEffect, useState } from "react";
import type { Api } from "../api";
import type { Order } from "../api/types";
import { useI18n } from "../i18n";
import type { Texts } from "../i18n/en";
import type { Lang } from "../i18n/lang";
import { safeLink } from "../markdown/links";
import { download } from "../ui/download";
import { ErrorNote } from "../ui/ErrorNote";
import { Later } from "../ui/Later";
import { useDeed } from "../ui/useDeed";
import { dayTime, grouped } from "./amounts";
import { CancelOrder } from "./CancelOrder";
import { CopyRow } from "./CopyRow";
import { hasReceipt, isOver, isPayable, minutesLeft, priceOf, type Standing } from "./orders";
import { type OrderState, useOrder } from "./useOrder";

// with the code that wallets scan; who pays by card needs none
const DepositView = lazy(() => import("./DepositView"));

const CLOCK_MS = 15_000;

interface Props {
  api: Api;
  id: string;
  /** It came to its end while it was looked at. */
  onOver: () => void;
}

export function OrderView({ api, id, onOver }: Props) {
  const { t } = useI18n();
  const state = useOrder(api, id, onOver);
  const { standing, error, lookAgain } = state;
  if (standing === null) {
    if (error) return <ErrorNote error={error} act={{ label: t.retry, run: lookAgain }} />;
    return <p className="muted">{t.loading}</p>;
  }
  const { order, deposit } = standing;
  return (
    <div className="purse">
      <Head standing={standing} />
      {isPayable(order) && order.provider === "stripe" && <StripePay order={order} />}
      {deposit && (
        <Later>
          <DepositView deposit={deposit} payable={isPayable(order)} />
        </Later>
      )}
      <Looking state={state} standing={standing} />
      <Acts api={api} order={order} onCancelled={lookAgain} />
    </div>
  );
}

function Head({ standing: { order, deposit } }: { standing: Standing }) {
  const { t, lang } = useI18n();
  const now = useClock();
  const until = dayTime(order.expires_at, lang);
  return (
    <section className="order-head">
      <h3 className="order-title">{order.title}</h3>
      <p className="purse-facts">{[priceOf(order, deposit, lang), dayTime(order.created_at, lang)].join(" · ")}</p>
      <p role="status">
        <span className={`order-state ${order.state}`}>{t.purse.states[order.state]}</span>
      </p>
      {isPayable(order) && (
        <p className="purse-facts">
          {[t.purse.payUntil(until), t.purse.minutes(minutesLeft(order.expires_at, now))].join(" · ")}
        </p>
      )}
      {order.state === "fulfilled" && <p className="order-done">{doneWords(order, t, lang)}</p>}
    </section>
  );
}

function doneWords({ goods, credits }: Order, t: Texts, lang: Lang): string {
  const { done } = t.purse;
  return goods === "credit" ? done.credit(grouped(credits ?? "0", lang)) : done[goods];
}

/** A link and not a window that opens by itself: frames and browsers forbid those. */
function StripePay({ order }: { order: Order }) {
  const { t } = useI18n();
  const address = safeLink(order.pay_url ?? undefined);
  if (address === null) return null;
  return (
    <section className="order-pay">
      <Button type="primary" block href={address} target="_blank" rel="noopener noreferrer">
        {t.purse.pay}
      </Button>
      <p className="purse-facts">{t.purse.payText}</p>
      <CopyRow label={t.purse.copyLink} text={address} quiet />
    </section>
  );
}

/** Whether the page still looks for the money by itself. */
function Looking({ state: { looking, error, lookAgain }, standing }: { state: OrderState; standing: Standing }) {
  const { t } = useI18n();
  if (error) return <ErrorNote error={error} act={{ label: t.purse.lookAgain, run: lookAgain }} />;
  if (isOver(standing, Date.now())) return null;
  if (looking) {
    return (
      <p className="purse-facts">
        <span className="dots" aria-hidden />
        {t.purse.looking}
      </p>
    );
  }
  return (
    <p className="note">
      <span className="note-text">{t.purse.notLooking}</span>
      <button type="button" className="note-act" onClick={lookAgain}>
        {t.purse.lookAgain}
      </button>
    </p>
  );
}

interface ActsProps {
  api: Api;
  order: Order;
  onCancelled: () => void;
}

function Acts({ api, order, onCancelled }: ActsProps) {
  const { t, lang } = useI18n();
  const [asking, setAsking] = useState(false);
  const saving = useDeed();
  const save = async () => download(await api.receipt(order.id, lang), `receipt-${order.id.slice(0, 8)}.html`);
  return (
    <div className="order-acts">
      {hasReceipt(order) && (
        <Button loading={saving.busy} onClick={() => saving.run(save, () => undefined)}>
          {t.purse.receipt}
        </Button>
      )}
      {isPayable(order) && <Button onClick={() => setAsking(true)}>{t.purse.cancel}</Button>}
      {saving.error && <ErrorNote error={saving.error} />}
      {asking && (
        <CancelOrder
          cancel={() => api.cancelOrder(order.id)}
          onDone={() => {
            setAsking(false);
            onCancelled();
          }}
        />
      )}
    </div>
  );
}

/** The time, every now and then. */
function useClock(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), CLOCK_MS);
    return () => clearInterval(timer);
  }, []);
  return now;
}
