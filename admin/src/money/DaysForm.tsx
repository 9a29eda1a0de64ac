/** From which day to which; asks once somebody says so. */
import { Button } from "antd";
import { type ReactNode, useState } from "react";
import type { Days } from "../api/money";
import { useI18n } from "../i18n";
import { MomentField } from "../ui/fields";
import { backwards } from "./days";

interface Props {
  first: Days;
  onShow: (days: Days) => void;
  /** Further fields, and what stands beside the button. */
  children?: ReactNode;
  beside?: ReactNode;
}

export function DaysForm({ first, onShow, children, beside }: Props) {
  const { t } = useI18n();
  const [days, setDays] = useState(first);
  const wrong = backwards(days);
  return (
    <form
      className="filters"
      role="search"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (!wrong) onShow({ ...days });
      }}
    >
      <p className="filters-hint">{t.money.daysHint}</p>
      <MomentField kind="date" label={t.money.from} value={days.from} onChange={(from) => setDays((old) => ({ ...old, from }))} />
      <MomentField
        kind="date"
        label={t.money.to}
        error={wrong ? t.usage.daysWrong : null}
        value={days.to}
        onChange={(to) => setDays((old) => ({ ...old, to }))}
      />
      {children}
      <div className="row field-row">
        <Button type="primary" htmlType="submit" disabled={wrong}>
          {t.money.show}
        </Button>
        {beside}
      </div>
    </form>
  );
}
