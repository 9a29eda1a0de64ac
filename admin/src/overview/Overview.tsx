/** How much there is, at a glance. */
import { Button } from "antd";
import { useCallback } from "react";
import type { DocumentState, Overview as Figures } from "../api/types";
import { useConsole } from "../console";
import { useI18n } from "../i18n";
import { go } from "../route";
import { Empty, Loaded } from "../ui/states";
import { useLoad } from "../ui/useLoad";
import { Chains } from "./Chains";

const STATES: readonly DocumentState[] = ["ready", "uploaded", "extracting", "embedding", "failed"];

export default function Overview() {
  const { t } = useI18n();
  const { api } = useConsole();
  const overview = useLoad(useCallback(() => api.overview(), [api]));
  return (
    <>
      <div className="screen-head">
        <h1>{t.overview.title}</h1>
      </div>
      <Loaded load={overview}>{(figures) => <Shown figures={figures} />}</Loaded>
    </>
  );
}

function Shown({ figures }: { figures: Figures }) {
  const { t, number } = useI18n();
  const { may } = useConsole();
  const { clients, users, documents, answers_24h: answers, version } = figures;
  const all = STATES.reduce((sum, state) => sum + documents[state], 0);
  // that all are ready needs no words
  const told = STATES.filter((state) => documents[state] > 0 && state !== "ready");
  return (
    <div className="stack">
      <dl className="figures">
        <Figure name={t.overview.clients} value={number(clients)} />
        <Figure name={t.overview.users} value={number(users)} />
        <Figure
          name={t.overview.documents}
          value={number(all)}
          more={told.map((state) => `${t.overview.states[state]} ${number(documents[state])}`).join(" · ")}
        />
        <Figure name={t.overview.answers} value={number(answers)} />
      </dl>
      {clients === 0 && (
        <Empty text={t.overview.first}>
          {may("clients") && (
            <Button type="primary" onClick={() => go({ screen: "clients" })}>
              {t.overview.newClient}
            </Button>
          )}
        </Empty>
      )}
      <Chains />
      <p className="muted">
        {t.overview.version} <code>{version}</code>
      </p>
    </div>
  );
}

function Figure({ name, value, more }: { name: string; value: string; more?: string }) {
  return (
    <div className="figure">
      <dt>{name}</dt>
      <dd>
        {value}
        {more && <span className="sub muted">{more}</span>}
      </dd>
    </div>
  );
}
