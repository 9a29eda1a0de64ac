/** Name, password and one-time code. */
import { Button } from "antd";
import { useState } from "react";
import type { Api } from "../api";
import { useI18n } from "../i18n";
import { ErrorNote, Note } from "../ui/ErrorNote";
import { TextField } from "../ui/fields";
import { useDeed } from "../ui/useDeed";

interface Props {
  api: Api;
  /** Whether a session has just ended by itself. */
  ended: boolean;
  onIn: () => void;
}

export function SignIn({ api, ended, onIn }: Props) {
  const { t } = useI18n();
  const deed = useDeed();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [totp, setTotp] = useState("");
  const whole = name.trim() !== "" && password !== "" && totp.trim() !== "";
  const refused = deed.error?.code === "unauthenticated";
  return (
    <>
      <h1>{t.signIn.title}</h1>
      <p className="muted">{t.signIn.lead}</p>
      {ended && !deed.error && <p className="note note-warn" role="status">{t.signIn.ended}</p>}
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (!whole || deed.busy) return;
          deed.run(() => api.signIn({ name: name.trim(), password, totp: digits(totp) }), onIn);
        }}
      >
        <TextField label={t.signIn.name} value={name} onChange={setName} autoComplete="username" autoFocus />
        <TextField kind="password" label={t.signIn.password} value={password} onChange={setPassword} autoComplete="current-password" />
        <TextField kind="code" label={t.signIn.code} hint={t.signIn.codeHint} value={totp} onChange={setTotp} autoComplete="one-time-code" />
        {deed.error && (refused ? <Note text={t.signIn.refused} /> : <ErrorNote error={deed.error} />)}
        <Button type="primary" htmlType="submit" block loading={deed.busy} disabled={!whole}>
          {t.signIn.submit}
        </Button>
      </form>
      <p className="outside-foot">
        {t.signIn.noAccount} <code>concierge operator create</code>
      </p>
    </>
  );
}

/** Apps show "123 456". */
export function digits(code: string): string {
  return code.replace(/\s/g, "");
}
