/** Where an order is paid on a chain, what has come, and what happens with what does not fit. */
import { Button, QRCode } from "antd";
import type { Arrival, Deposit } from "../api/types";
import { useI18n } from "../i18n";
import { useTouch } from "../ui/useMedia";
import { dayTime, grouped } from "./amounts";
import { CopyRow } from "./CopyRow";
import { arrived, toSend } from "./orders";

const CODE_PX = 168;

interface Props {
  deposit: Deposit;
  payable: boolean;
}

export default function DepositView({ deposit, payable }: Props) {
  return (
    <>
      {payable && <Where deposit={deposit} />}
      <Arrivals deposit={deposit} payable={payable} />
      {payable && <Rules deposit={deposit} />}
    </>
  );
}

/** Codes and links of wallets hold the whole amount: whoever has sent a part types the rest. */
function Where({ deposit }: { deposit: Deposit }) {
  const { t, lang } = useI18n();
  const { chain } = t.purse;
  const amount = toSend(deposit);
  if (amount === null) return null;
  const whole = amount === deposit.amount;
  const contract = deposit.asset.split("/erc20:")[1];
  return (
    <section className="deposit">
      <dl>
        <CopyRow label={whole ? chain.amount : chain.rest} text={`${grouped(amount, lang)} ${deposit.symbol}`} copied={amount} />
        <CopyRow label={chain.address} text={deposit.address} />
        <div className="copy-row">
          <dt>{chain.chain}</dt>
          <dd>{chain.chainName(deposit.chain, String(deposit.chain_id))}</dd>
        </div>
        {contract && <CopyRow label={chain.contract} text={contract} />}
      </dl>
      {whole && <Scan uri={deposit.uri} />}
    </section>
  );
}

/** A phone cannot scan itself: there a wallet is opened. */
function Scan({ uri }: { uri: string }) {
  const { t } = useI18n();
  const touch = useTouch();
  if (touch) {
    return (
      <Button block href={uri}>
        {t.purse.chain.openWallet}
      </Button>
    );
  }
  return (
    <figure className="deposit-code">
      {/* dark on light, whatever the page wears: else many do not read it */}
      <QRCode value={uri} type="svg" size={CODE_PX} color="#000000" bgColor="#ffffff" bordered={false} />
      <figcaption className="purse-facts">{t.purse.chain.scan}</figcaption>
    </figure>
  );
}

function Arrivals({ deposit, payable }: Props) {
  const { t } = useI18n();
  const { chain } = t.purse;
  if (deposit.arrivals.length === 0 && !payable) return null;
  return (
    <section>
      <h3>{chain.arrivals}</h3>
      {deposit.arrivals.length === 0 && <p className="purse-facts">{chain.nothing}</p>}
      <ul>
        {deposit.arrivals.map((arrival) => (
          <ArrivalRow key={arrival.id} arrival={arrival} deposit={deposit} />
        ))}
      </ul>
    </section>
  );
}

function ArrivalRow({ arrival, deposit }: { arrival: Arrival; deposit: Deposit }) {
  const { t, lang, number } = useI18n();
  const { chain, verdicts } = t.purse;
  const waiting = arrival.verdict === "waiting" && arrival.confirmations != null;
  const done = number(Math.min(arrival.confirmations ?? 0, deposit.confirmations));
  return (
    <li className="line">
      <span className="plan-text">
        <span>{arrived(arrival, deposit, lang) ?? chain.other}</span>
        <span className="purse-facts">{dayTime(arrival.at, lang)}</span>
      </span>
      <span className="purse-facts line-amounts">
        {waiting ? chain.confirmations(done, number(deposit.confirmations)) : verdicts[arrival.verdict]}
      </span>
    </li>
  );
}

function Rules({ deposit }: { deposit: Deposit }) {
  const { t, lang, number } = useI18n();
  const { chain } = t.purse;
  const rules = [...chain.rules, chain.needs(number(deposit.confirmations)), chain.deadline(dayTime(deposit.deadline, lang))];
  return (
    <ul className="deposit-rules">
      {rules.map((rule) => (
        <li key={rule}>{rule}</li>
      ))}
    </ul>
  );
}
