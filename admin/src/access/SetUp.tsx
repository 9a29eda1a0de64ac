/** A one-time link becomes an account: a password, and an authenticator app. */
import { Button, QRCode } from "antd";
import { useCallback, useState } from "react";
import type { Api } from "../api";
import type { LinkOpened } from "../api/types";
import { useI18n } from "../i18n";
import { CopyButton } from "../ui/buttons";
import { ErrorNote } from "../ui/ErrorNote";
import { TextField } from "../ui/fields";
import { Loading } from "../ui/states";
import { useDeed } from "../ui/useDeed";
import { useLoad } from "../ui/useLoad";
import { passwordFault } from "./password";
import { digits } from "./SignIn";

interface Props {
  api: Api;
  code: string;
  onIn: () => void;
  onSignIn: () => void;
}

export default function SetUp({ api, code, onIn, onSignIn }: Props) {
  const { t } = useI18n();
  const link = useLoad(useCallback(() => api.openLink(code), [api, code]));
  if (link.value !== null) return <Steps api={api} code={code} link={link.value} onIn={onIn} />;
  if (link.error === null) return <Loading />;
  if (["offline", "unavailable", "internal", "throttled"].includes(link.error.code)) {
    return <ErrorNote error={link.error} retry={link.reload} />;
  }
  return (
    <>
      <h1>{t.setUp.usedTitle}</h1>
      <p>{t.setUp.used}</p>
      <div className="dialog-foot">
        <Button type="primary" onClick={onSignIn}>
          {t.setUp.toSignIn}
        </Button>
      </div>
    </>
  );
}

interface StepsProps {
  api: Api;
  code: string;
  link: LinkOpened;
  onIn: () => void;
}

function Steps({ api, code, link, onIn }: StepsProps) {
  const { t } = useI18n();
  const deed = useDeed();
  const [password, setPassword] = useState("");
  const [repeat, setRepeat] = useState("");
  const [totp, setTotp] = useState("");
  const [tried, setTried] = useState(false);
  const fault = passwordFault(password, repeat);
  // what is wrong with a password is seen before it is sent
  const wrong = deed.error?.code === "invalid";
  return (
    <>
      <h1>{t.setUp.title(link.operator.name)}</h1>
      <p className="muted">{t.setUp.lead}</p>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          setTried(true);
          if (fault !== null || totp.trim() === "" || deed.busy) return;
          deed.run(() => api.setUp({ code, password, totp: digits(totp) }), onIn);
        }}
      >
        {/* so that password managers know whose password it is */}
        <input className="visually-hidden" type="text" autoComplete="username" value={link.operator.name} readOnly tabIndex={-1} aria-hidden />
        <ol className="steps">
          <li>
            <h2>{t.setUp.passwordStep}</h2>
            <TextField
              kind="password"
              label={t.signIn.password}
              hint={t.setUp.passwordHint}
              error={tried && fault === "short" ? t.setUp.passwordShort : null}
              value={password}
              onChange={setPassword}
              autoComplete="new-password"
              autoFocus
            />
            <TextField
              kind="password"
              label={t.setUp.repeat}
              error={tried && fault === "differs" ? t.setUp.repeatDiffers : null}
              value={repeat}
              onChange={setRepeat}
              autoComplete="new-password"
            />
          </li>
          <li>
            <h2>{t.setUp.totpStep}</h2>
            <Authenticator totp={link.totp} />
            <TextField
              kind="code"
              label={t.setUp.code}
              error={wrong ? t.setUp.wrong : null}
              value={totp}
              onChange={setTotp}
              autoComplete="one-time-code"
            />
          </li>
        </ol>
        {deed.error && !wrong && <ErrorNote error={deed.error} />}
        <Button type="primary" htmlType="submit" block loading={deed.busy}>
          {t.setUp.submit}
        </Button>
      </form>
    </>
  );
}

function Authenticator({ totp }: { totp: LinkOpened["totp"] }) {
  const { t } = useI18n();
  return (
    <>
      <p>{t.setUp.totpLead}</p>
      <div className="qr" role="img" aria-label={t.setUp.qr}>
        {/* drawn here: the key goes to nobody */}
        <QRCode type="svg" value={totp.otpauth_url} color="#000000" bgColor="#ffffff" size={184} />
      </div>
      <p>
        {t.setUp.secret}: <code data-testid="totp-secret">{totp.secret}</code>
      </p>
      <p className="field-row">
        <CopyButton text={totp.secret} label={t.copy} />
      </p>
    </>
  );
}

