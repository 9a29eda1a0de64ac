/** How the shown conversation is answered, in words for people. */
import { Button } from "antd";
import { type FormEvent, useId, useState } from "react";
import type { Api } from "../api";
import type { SessionSettings } from "../api/types";
import { useI18n } from "../i18n";
import { ErrorNote } from "../ui/ErrorNote";
import { Sheet } from "../ui/Sheet";
import { useDeed } from "../ui/useDeed";
import { BOUNDS, NO_SETTINGS, NUMBERS, numberIn, type NumberSetting } from "./settings";
import { type Choices, useChoices } from "./useChoices";
import type { Settings } from "./useSettings";

interface Props {
  api: Api;
  settings: Settings | null;
  open: boolean;
  onClose: () => void;
}

export default function SettingsSheet({ api, settings, open, onClose }: Props) {
  const { t } = useI18n();
  const choices = useChoices(api);
  return (
    <Sheet title={t.settings.title} open={open} onClose={onClose}>
      {settings === null ? (
        <p className="muted">{t.loading}</p>
      ) : (
        <Form settings={settings} choices={choices} onDone={onClose} />
      )}
    </Sheet>
  );
}

/** What is typed, before it is known to be a number. */
type Typed = Record<NumberSetting, string>;

function typedOf(settings: SessionSettings): Typed {
  const text = (name: NumberSetting) => [name, settings[name] == null ? "" : String(rounded(settings[name]))];
  return Object.fromEntries(NUMBERS.map(text)) as Typed;
}

/** The server keeps single precision: 0.7 comes back as 0.699999988. */
function rounded(value: number): number {
  return Number(value.toPrecision(6));
}

interface FormProps {
  settings: Settings;
  choices: Choices;
  onDone: () => void;
}

function Form({ settings: { current, save }, choices, onDone }: FormProps) {
  const { t } = useI18n();
  const deed = useDeed();
  const [typed, setTyped] = useState(() => typedOf(current));
  const [model, setModel] = useState(current.model ?? "");
  const [prompt, setPrompt] = useState(current.prompt ?? "");
  const wrong = NUMBERS.filter((name) => numberIn(name, typed[name]) === undefined);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (wrong.length > 0) return;
    const numbers = Object.fromEntries(NUMBERS.map((name) => [name, numberIn(name, typed[name]) ?? null]));
    deed.run(() => save({ ...NO_SETTINGS, ...numbers, model: model || null, prompt: prompt || null }), onDone);
  };
  const reset = () => {
    setTyped(typedOf(NO_SETTINGS));
    setModel("");
    setPrompt("");
  };
  const standard = choices.models.find((one) => one.default)?.name;
  return (
    <form className="settings" onSubmit={submit} noValidate>
      <p className="muted">{t.settings.about}</p>
      {choices.error && <ErrorNote error={choices.error} />}
      <Choice
        label={t.settings.names.model}
        hint={t.settings.hints.model}
        empty={standard ? `${t.settings.standard} (${standard})` : t.settings.standard}
        options={choices.models.map(({ name }) => ({ value: name, label: name }))}
        value={model}
        onChange={setModel}
      />
      {(choices.prompts.length > 0 || prompt !== "") && (
        <Choice
          label={t.settings.names.prompt}
          hint={t.settings.hints.prompt}
          empty={t.settings.standard}
          options={choices.prompts.map(({ name, title }) => ({ value: name, label: title || name }))}
          value={prompt}
          onChange={setPrompt}
        />
      )}
      {NUMBERS.map((name) => (
        <NumberField
          key={name}
          name={name}
          value={typed[name]}
          wrong={wrong.includes(name)}
          onChange={(text) => setTyped((now) => ({ ...now, [name]: text }))}
        />
      ))}
      {deed.error && <ErrorNote error={deed.error} />}
      <div className="settings-foot">
        <Button onClick={reset}>{t.settings.reset}</Button>
        <Button type="primary" htmlType="submit" loading={deed.busy} disabled={wrong.length > 0}>
          {t.save}
        </Button>
      </div>
    </form>
  );
}

interface ChoiceProps {
  label: string;
  hint: string;
  empty: string;
  options: readonly { value: string; label: string }[];
  value: string;
  onChange: (value: string) => void;
}

/** A select of the browser's own: on a phone nothing is easier to use. */
function Choice({ label, hint, empty, options, value, onChange }: ChoiceProps) {
  const id = useId();
  // what was set stays to be seen, also when it is not offered any more
  const gone = value !== "" && options.every((one) => one.value !== value);
  return (
    <div className="setting">
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        className="field"
        value={value}
        aria-describedby={`${id}-hint`}
        onChange={({ target }) => onChange(target.value)}
      >
        <option value="">{empty}</option>
        {options.map((one) => (
          <option key={one.value} value={one.value}>
            {one.label}
          </option>
        ))}
        {gone && <option value={value}>{value}</option>}
      </select>
      <p id={`${id}-hint`}>{hint}</p>
    </div>
  );
}

interface NumberProps {
  name: NumberSetting;
  value: string;
  wrong: boolean;
  onChange: (text: string) => void;
}

function NumberField({ name, value, wrong, onChange }: NumberProps) {
  const { t } = useI18n();
  const id = useId();
  const { min, max } = BOUNDS[name];
  return (
    <div className="setting">
      <label htmlFor={id}>{t.settings.names[name]}</label>
      <input
        id={id}
        className="field"
        inputMode="decimal"
        value={value}
        placeholder={t.settings.standard}
        aria-invalid={wrong}
        aria-describedby={`${id}-hint`}
        onChange={({ target }) => onChange(target.value)}
      />
      <p id={`${id}-hint`} className={wrong ? "wrong" : ""} role={wrong ? "alert" : undefined}>
        {wrong ? t.settings.between(min, max) : t.settings.hints[name]}
      </p>
    </div>
  );
}
