/** What wallets hold, and credits that are given. */
import { Button } from "antd";
import { useCallback, useState } from "react";
import type { Wallet } from "../api/types";
import { useConsole } from "../console";
import { useI18n } from "../i18n";
import { TextField } from "../ui/fields";
import { Loaded } from "../ui/states";
import { useLoad } from "../ui/useLoad";
import { grouped } from "./amount";
import { GiftDialog } from "./GiftDialog";

export default function Credits({ client }: { client: string }) {
  const { t } = useI18n();
  const { api, may } = useConsole();
  const [user, setUser] = useState("");
  const [giving, setGiving] = useState(false);
  const [given, setGiven] = useState("");
  const load = useLoad(useCallback(() => api.wallet(client, user), [api, client, user]));
  const look = (other: string) => {
    setGiven("");
    setUser(other);
  };
  const done = (to: string, credits: string, wallet: Wallet) => {
    setGiving(false);
    setGiven(t.credits.given(grouped(credits), grouped(wallet.balance)));
    if (to === user) load.set(wallet);
    else setUser(to);
  };
  const leave = (unsure: boolean) => {
    setGiving(false);
    if (unsure) load.reload();
  };
  return (
    <>
      <p className="part-lead">{t.credits.lead}</p>
      <section className="section">
        <div className="section-head">
          <h2>{user === "" ? t.credits.ofClient : t.credits.ofUser(user)}</h2>
          {may("money") && (
            <Button type="primary" onClick={() => setGiving(true)}>
              {t.credits.give}
            </Button>
          )}
        </div>
        <p role="status" className={given ? "note note-good" : ""}>
          {given}
        </p>
        <Loaded load={load}>{(wallet) => <Figures wallet={wallet} />}</Loaded>
      </section>
      <Look user={user} onLook={look} />
      {giving && <GiftDialog client={client} user={user} onDone={done} onCancel={leave} />}
    </>
  );
}

function Figures({ wallet: { balance, held } }: { wallet: Wallet }) {
  const { t } = useI18n();
  return (
    <dl className="figures">
      <div className="figure">
        <dt>{t.credits.balance}</dt>
        <dd>{grouped(balance)}</dd>
      </div>
      <div className="figure">
        <dt>{t.credits.held}</dt>
        <dd>{grouped(held)}</dd>
      </div>
    </dl>
  );
}

/** Whose wallet is shown: a user's, or the client's again. */
function Look({ user, onLook }: { user: string; onLook: (user: string) => void }) {
  const { t } = useI18n();
  const [typed, setTyped] = useState("");
  return (
    <form
      className="form"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        onLook(typed.trim());
      }}
    >
      <h2>{t.credits.look}</h2>
      <TextField label={t.money.userId} hint={t.money.userHint} value={typed} onChange={setTyped} autoComplete="off" maxLength={200} />
      <div className="row">
        <Button htmlType="submit">{t.money.show}</Button>
        {user !== "" && (
          <Button
            type="text"
            onClick={() => {
              setTyped("");
              onLook("");
            }}
          >
            {t.credits.ofClient}
          </Button>
        )}
      </div>
    </form>
  );
}
