/** One's own account: who one is, and another password. */
import { Button } from "antd";
import { useState } from "react";
import { passwordFault } from "../access/password";
import { digits } from "../access/SignIn";
import { useConsole } from "../console";
import { useI18n } from "../i18n";
import { ErrorNote, Note } from "../ui/ErrorNote";
import { TextField } from "../ui/fields";
import { Time } from "../ui/Time";
import { useDeed } from "../ui/useDeed";

export default function Account() {
  const { t } = useI18n();
  const { me } = useConsole();
  return (
    <>
      <div className="screen-head">
        <h1>{t.account.title}</h1>
      </div>
      <p className="screen-lead">
        {t.account.signedInAs} <strong>{me.name}</strong> · {t.roles[me.role]} · {t.account.until} <Time at={me.session_until} />
      </p>
      <Password />
    </>
  );
}

const EMPTY = { current: "", fresh: "", repeat: "", totp: "" };

function Password() {
  const { t } = useI18n();
  const { api, me } = useConsole();
  const deed = useDeed();
  const [typed, setTyped] = useState(EMPTY);
  const [tried, setTried] = useState(false);
  const [changed, setChanged] = useState(false);
  const set = (part: Partial<typeof EMPTY>) => {
    setChanged(false);
    setTyped((old) => ({ ...old, ...part }));
  };
  const fault = passwordFault(typed.fresh, typed.repeat);
  const whole = typed.current !== "" && typed.totp.trim() !== "";
  const submit = () => {
    setTried(true);
    if (fault !== null || !whole) return;
    const body = { current: typed.current, new: typed.fresh, totp: digits(typed.totp) };
    deed.run(() => api.changePassword(body), () => {
      setTyped(EMPTY);
      setTried(false);
      setChanged(true);
    });
  };
  return (
    <form
      className="form section"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (!deed.busy) submit();
      }}
    >
      <h2 className="field-row">{t.account.password}</h2>
      <input className="visually-hidden" type="text" autoComplete="username" value={me.name} readOnly tabIndex={-1} aria-hidden />
      <TextField kind="password" label={t.account.old} value={typed.current} onChange={(current) => set({ current })} autoComplete="current-password" />
      <TextField
        kind="password"
        label={t.account.fresh}
        hint={t.setUp.passwordHint}
        error={tried && fault === "short" ? t.setUp.passwordShort : null}
        value={typed.fresh}
        onChange={(fresh) => set({ fresh })}
        autoComplete="new-password"
      />
      <TextField
        kind="password"
        label={t.setUp.repeat}
        error={tried && fault === "differs" ? t.setUp.repeatDiffers : null}
        value={typed.repeat}
        onChange={(repeat) => set({ repeat })}
        autoComplete="new-password"
      />
      <TextField
        kind="code"
        label={t.signIn.code}
        hint={t.signIn.codeHint}
        value={typed.totp}
        onChange={(totp) => set({ totp })}
        autoComplete="one-time-code"
      />
      {deed.error && (deed.error.code === "forbidden" ? <Note text={t.account.refused} /> : <ErrorNote error={deed.error} />)}
      <div className="form-foot">
        <Button type="primary" htmlType="submit" loading={deed.busy} disabled={!whole}>
          {t.account.submit}
        </Button>
        <span role="status" className="saved">
          {changed ? t.account.changed : ""}
        </span>
      </div>
    </form>
  );
}
