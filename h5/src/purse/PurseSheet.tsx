/** What there is to spend and what became of it, and the ways to more. */
import { Button } from "antd";
import { useRef, useState } from "react";
import type { Api } from "../api";
import type { Whose } from "../api/types";
import { useI18n } from "../i18n";
import { ErrorNote } from "../ui/ErrorNote";
import { BackIcon } from "../ui/icons";
import { Sheet } from "../ui/Sheet";
import { Credit, Owned, Quotas } from "./FundsView";
import type { Keys } from "./keys";
import type { Offered } from "./offers";
import { Offers } from "./OfferList";
import { OrderList } from "./OrderList";
import { OrderView } from "./OrderView";
import { Statement } from "./Statement";
import { useFunds } from "./useFunds";
import type { Purse } from "./usePurse";

interface Props {
  api: Api;
  purse: Purse;
  open: boolean;
  /** Something was bought or paid. */
  onMoney: () => void;
  onClose: () => void;
}

export default function PurseSheet({ api, purse, open, onMoney, onClose }: Props) {
  const { t } = useI18n();
  const [order, setOrder] = useState<string | null>(null);
  const keys = useRef<Keys>(new Map()).current;
  const leave = () => setOrder(null);
  const back = <Button type="text" shape="circle" icon={<BackIcon />} aria-label={t.purse.back} onClick={leave} />;
  const title = order === null ? t.purse.title : t.purse.order;
  return (
    <Sheet title={title} lead={order && back} open={open} onClose={onClose} onGone={leave}>
      {order === null ? (
        <Overview api={api} purse={purse} keys={keys} onMoney={onMoney} onOrder={setOrder} />
      ) : (
        <OrderView key={order} api={api} id={order} onOver={onMoney} />
      )}
    </Sheet>
  );
}

interface OverviewProps extends Pick<Props, "api" | "purse" | "onMoney"> {
  keys: Keys;
  onOrder: (id: string) => void;
}

function Overview({ api, purse, keys, onMoney, onOrder }: OverviewProps) {
  const { t } = useI18n();
  const { whose } = purse;
  const { funds, error, reload } = useFunds(api, whose);
  const bought = () => {
    reload();
    onMoney();
  };
  if (funds === null) {
    if (error) return <ErrorNote error={error} act={{ label: t.retry, run: reload }} />;
    return <p className="muted">{t.loading}</p>;
  }
  return (
    <div className="purse">
      {error && <ErrorNote error={error} act={{ label: t.retry, run: reload }} />}
      {funds.wallet === null ? (
        <p className="muted">{t.purse.theyPay}</p>
      ) : (
        <Credit wallet={funds.wallet} forAll={whose === "client"} low={purse.low !== null} />
      )}
      <Owned items={funds.owned} />
      <Quotas quotas={funds.quotas} />
      {whose && <Spending api={api} whose={whose} offers={funds.offers} keys={keys} onOrder={onOrder} onBought={bought} />}
    </div>
  );
}

interface SpendingProps {
  api: Api;
  whose: Whose;
  offers: readonly Offered[];
  keys: Keys;
  onOrder: (id: string) => void;
  onBought: () => void;
}

/** For whoever spends: what can be bought, what was, and where it all went. */
function Spending({ api, whose, offers, keys, onOrder, onBought }: SpendingProps) {
  // what was bought is a line of the statement, too
  const [count, setCount] = useState(0);
  const again = () => {
    setCount((before) => before + 1);
    onBought();
  };
  return (
    <>
      <Offers api={api} whose={whose} offers={offers} keys={keys} onBought={again} onOrdered={onOrder} />
      <OrderList api={api} whose={whose} onOpen={onOrder} />
      <Statement key={count} api={api} whose={whose} />
    </>
  );
}
