/** From the address to a session, and out of it when the session ends. */
import { ConfigProvider } from "antd";
import { lazy, useCallback, useEffect, useMemo, useState } from "react";
import { takeCode } from "./access/entry";
import { SignIn } from "./access/SignIn";
import { makeApi } from "./api";
import { type ApiError, asApiError } from "./api/error";
import type { Me } from "./api/types";
import { ConsoleContext } from "./console";
import { useI18n } from "./i18n";
import { Outside } from "./shell/Outside";
import { Shell } from "./shell/Shell";
import { themeOf } from "./theme";
import { ErrorNote, Note } from "./ui/ErrorNote";
import { Boundary, Later } from "./ui/Later";
import { useScheme } from "./ui/scheme";
import { Loading } from "./ui/states";
import { useStill } from "./ui/useMedia";

const SetUp = lazy(() => import("./access/SetUp"));

type Phase =
  | { kind: "beginning" }
  | { kind: "setUp"; code: string }
  | { kind: "out"; ended: boolean }
  | { kind: "failed"; error: ApiError }
  | { kind: "in"; me: Me };

export function App({ code }: { code: string | null }) {
  const { dark } = useScheme();
  const still = useStill();
  const theme = useMemo(() => themeOf(dark, still), [dark, still]);
  return (
    <ConfigProvider theme={theme} button={{ autoInsertSpace: false }}>
      <Boundary failed={<Broken />}>
        <Visit code={code} />
      </Boundary>
    </ConfigProvider>
  );
}

function Visit({ code }: { code: string | null }) {
  const [phase, setPhase] = useState<Phase>(code === null ? { kind: "beginning" } : { kind: "setUp", code });
  // many requests may learn of the end at once
  const end = useCallback(() => setPhase((old) => (old.kind === "in" ? { kind: "out", ended: true } : old)), []);
  const api = useMemo(() => makeApi(end), [end]);

  const begin = useCallback(() => {
    api.me().then(
      (me) => setPhase({ kind: "in", me }),
      (reason: unknown) => {
        const error = asApiError(reason);
        setPhase(error.code === "unauthenticated" ? { kind: "out", ended: false } : { kind: "failed", error });
      },
    );
  }, [api]);
  useEffect(() => {
    if (code === null) begin();
  }, [begin, code]);
  useEffect(() => {
    // a link that is opened where the console is open already changes nothing but the fragment
    const take = () => {
      const another = takeCode(location, history);
      if (another !== null) setPhase({ kind: "setUp", code: another });
    };
    addEventListener("hashchange", take);
    return () => removeEventListener("hashchange", take);
  }, []);

  switch (phase.kind) {
    case "beginning":
      return (
        <Outside>
          <Loading />
        </Outside>
      );
    case "failed":
      return (
        <Outside>
          <ErrorNote error={phase.error} retry={begin} />
        </Outside>
      );
    case "setUp":
      return (
        <Outside>
          <Later>
            <SetUp key={phase.code} api={api} code={phase.code} onIn={begin} onSignIn={begin} />
          </Later>
        </Outside>
      );
    case "out":
      return (
        <Outside>
          <SignIn api={api} ended={phase.ended} onIn={begin} />
        </Outside>
      );
    case "in": {
      const leave = () => setPhase({ kind: "out", ended: false });
      return (
        <ConsoleContext value={{ api, me: phase.me, leave }}>
          <Shell />
        </ConsoleContext>
      );
    }
  }
}

function Broken() {
  const { t } = useI18n();
  return <Note text={t.broken} act={{ label: t.reload, run: () => location.reload() }} />;
}
