/** Tells exactly why a token fails. */
import { Button } from "antd";
import { useState } from "react";
import type { TokenStep, TokenDebugged } from "../api/types";
import { useConsole } from "../console";
import { useI18n } from "../i18n";
import { hrefOf } from "../route";
import { ErrorNote } from "../ui/ErrorNote";
import { LinesField } from "../ui/fields";
import { RightIcon, WrongIcon } from "../ui/icons";
import { useDeed } from "../ui/useDeed";
import { reasonOf, stepName } from "./words";

export default function TokenDebugger() {
  const { t } = useI18n();
  const { api } = useConsole();
  const deed = useDeed();
  const [token, setToken] = useState("");
  const [verdict, setVerdict] = useState<TokenDebugged | null>(null);
  const pasted = token.trim();
  return (
    <>
      <div className="screen-head">
        <h1>{t.token.title}</h1>
      </div>
      <p className="screen-lead">{t.token.lead}</p>
      <form
        className="form section"
        onSubmit={(event) => {
          event.preventDefault();
          if (pasted === "" || deed.busy) return;
          setVerdict(null);
          deed.run(() => api.debugToken(pasted), setVerdict);
        }}
      >
        <LinesField label={t.token.field} hint={t.token.fieldHint} value={token} onChange={setToken} rows={5} mono />
        {deed.error && <ErrorNote error={deed.error} />}
        <Button type="primary" htmlType="submit" loading={deed.busy} disabled={pasted === ""}>
          {t.token.check}
        </Button>
      </form>
      {verdict && <Verdict verdict={verdict} />}
    </>
  );
}

function Verdict({ verdict }: { verdict: TokenDebugged }) {
  const { t } = useI18n();
  const accepted = verdict.verdict === "accepted";
  return (
    <section className="form" aria-live="polite">
      <p className={`note ${accepted ? "note-good" : "note-error"}`}>
        <strong>{accepted ? t.token.accepted : t.token.refused}</strong>
      </p>
      {(verdict.client_id || verdict.user) && (
        <p className="muted">
          {verdict.client_id && (
            <>
              {t.token.client}{" "}
              <a href={hrefOf({ screen: "client", id: verdict.client_id, tab: "keys" })}>
                <code>{verdict.client_id}</code>
              </a>
            </>
          )}
          {verdict.user && (
            <>
              {verdict.client_id && " · "}
              {t.token.user} <code>{verdict.user}</code>
            </>
          )}
        </p>
      )}
      <ol className="check-steps">
        {verdict.steps.map((step) => (
          <Step key={step.step} step={step} />
        ))}
      </ol>
    </section>
  );
}

function Step({ step }: { step: TokenStep }) {
  const { t } = useI18n();
  return (
    <li className={step.ok ? "ok" : "wrong"}>
      {step.ok ? <RightIcon /> : <WrongIcon />}
      <div>
        <strong>{stepName(step, t)}</strong>
        <span className="visually-hidden">: {step.ok ? t.token.ok : t.token.wrong}</span>
        <p>{reasonOf(step, t)}</p>
      </div>
    </li>
  );
}
