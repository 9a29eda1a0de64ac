/** Fields of forms: each has a name, a sentence that explains it, and a place for what is wrong with it. */
import { Checkbox, Input, Switch } from "antd";
import { type ReactNode, useId } from "react";

interface FieldProps {
  label: string;
  hint?: ReactNode;
  error?: ReactNode;
}

interface Wiring {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": boolean;
}

/** Label above, control, then the hint or what is wrong. */
export function Field({ label, hint, error, children }: FieldProps & { children: (wiring: Wiring) => ReactNode }) {
  const id = useId();
  const told = [error && `${id}-error`, hint && `${id}-hint`].filter(Boolean).join(" ");
  return (
    <div className="field-row">
      <label className="field-label" htmlFor={id}>
        {label}
      </label>
      {children({ id, "aria-describedby": told || undefined, "aria-invalid": Boolean(error) })}
      {error && (
        <p className="field-error" id={`${id}-error`} role="alert">
          {error}
        </p>
      )}
      {hint && (
        <p className="field-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

interface TextProps extends FieldProps {
  value: string;
  onChange: (value: string) => void;
  kind?: "text" | "password" | "code" | "number" | "search";
  autoComplete?: string;
  placeholder?: string;
  disabled?: boolean;
  autoFocus?: boolean;
  maxLength?: number;
}

export function TextField({ label, hint, error, value, onChange, kind = "text", ...rest }: TextProps) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(wiring) => {
        const shared = {
          ...wiring,
          ...rest,
          value,
          status: error ? ("error" as const) : undefined,
          onChange: (event: { target: { value: string } }) => onChange(event.target.value),
        };
        if (kind === "password") return <Input.Password {...given(shared)} />;
        const inputMode = kind === "code" || kind === "number" ? ("numeric" as const) : undefined;
        const type = kind === "search" ? "search" : "text";
        return <Input {...given({ ...shared, inputMode, type })} className={kind === "code" ? "code-input" : ""} />;
      }}
    </Field>
  );
}

interface LinesProps extends FieldProps {
  value: string;
  onChange: (value: string) => void;
  rows: number;
  mono?: boolean;
  disabled?: boolean;
  placeholder?: string;
}

export function LinesField({ label, hint, error, value, onChange, rows, mono, ...rest }: LinesProps) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(wiring) => (
        <Input.TextArea
          {...wiring}
          {...given(rest)}
          {...(error ? { status: "error" as const } : {})}
          value={value}
          rows={rows}
          className={mono ? "mono" : ""}
          spellCheck={!mono}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}

interface MomentProps extends FieldProps {
  /** A day, or a day and a time of it, as the browser's own field writes it. */
  kind: "date" | "datetime-local";
  value: string;
  onChange: (value: string) => void;
}

/** The browser's own calendar, for the same reasons as its own list. */
export function MomentField({ label, hint, error, kind, value, onChange }: MomentProps) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(wiring) => <input {...wiring} className="select" type={kind} value={value} onChange={(event) => onChange(event.target.value)} />}
    </Field>
  );
}

export interface Option<Value extends string> {
  value: Value;
  label: string;
}

interface ChoiceProps<Value extends string> extends FieldProps {
  value: Value;
  options: readonly Option<Value>[];
  onChange: (value: Value) => void;
  disabled?: boolean;
}

/** The browser's own list: it fits every keyboard, reader and phone. */
export function ChoiceField<Value extends string>(props: ChoiceProps<Value>) {
  const { label, hint, error, value, options, onChange, disabled } = props;
  return (
    <Field label={label} hint={hint} error={error}>
      {(wiring) => (
        <select
          {...wiring}
          className="select"
          value={value}
          disabled={disabled}
          onChange={(event) => onChange(event.target.value as Value)}
        >
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

interface SwitchProps extends FieldProps {
  checked: boolean;
  onChange: (checked: boolean) => void;
  disabled?: boolean;
}

export function SwitchField({ label, hint, error, checked, onChange, disabled }: SwitchProps) {
  const id = useId();
  return (
    <div className="field-row switch-row">
      <Switch
        checked={checked}
        onChange={onChange}
        disabled={disabled ?? false}
        aria-labelledby={`${id}-label`}
        aria-describedby={`${id}-hint`}
      />
      <div>
        <span className="field-label" id={`${id}-label`}>
          {label}
        </span>
        {error && (
          <p className="field-error" role="alert">
            {error}
          </p>
        )}
        <p className="field-hint" id={`${id}-hint`}>
          {hint}
        </p>
      </div>
    </div>
  );
}

export function CheckField({ label, hint, checked, onChange }: SwitchProps) {
  return (
    <div className="field-row">
      <Checkbox checked={checked} onChange={(event) => onChange(event.target.checked)}>
        {label}
      </Checkbox>
      {hint && <p className="field-hint">{hint}</p>}
    </div>
  );
}

/** Without the properties nobody gave: they are optional, not undefined. */
type Given<Props> = { [Key in keyof Props]?: Exclude<Props[Key], undefined> };

function given<Props extends object>(props: Props): Given<Props> {
  return Object.fromEntries(Object.entries(props).filter(([, value]) => value !== undefined)) as Given<Props>;
}
