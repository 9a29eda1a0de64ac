/** A form on the page itself, that says whether it is saved. */
import { Button } from "antd";
import { type ReactNode, useState } from "react";
import type { ApiError } from "../api/error";
import { useI18n } from "../i18n";
import { ErrorNote } from "../ui/ErrorNote";

interface Props {
  writable: boolean;
  busy: boolean;
  error: ApiError | null;
  /** Whether something differs from what is kept. */
  dirty: boolean;
  wrong: boolean;
  /** Calls back once it is kept. */
  onSave: (kept: () => void) => void;
  children: ReactNode;
}

export function SettingForm({ writable, busy, error, dirty, wrong, onSave, children }: Props) {
  const { t } = useI18n();
  const [saved, setSaved] = useState(false);
  return (
    <form
      className="form section"
      noValidate
      onChange={() => setSaved(false)}
      onSubmit={(event) => {
        event.preventDefault();
        if (dirty && !wrong && !busy) onSave(() => setSaved(true));
      }}
    >
      <fieldset className="plain" disabled={!writable}>
        {children}
      </fieldset>
      {error && <ErrorNote error={error} />}
      {writable && (
        <div className="form-foot">
          <Button type="primary" htmlType="submit" loading={busy} disabled={!dirty || wrong}>
            {t.save}
          </Button>
          <span role="status" className={saved ? "saved" : "muted"}>
            {saved ? t.saved : dirty ? t.settings.unsaved : ""}
          </span>
        </div>
      )}
    </form>
  );
}
