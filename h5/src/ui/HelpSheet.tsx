/** How the page looks and how it is used by keyboard. */
import { Fragment } from "react";
import { useI18n } from "../i18n";
import { chooseLook, useLook } from "./look";
import { LOOKS } from "./looks";
import { Sheet } from "./Sheet";
import { KEYS, SHORTCUTS } from "./shortcuts";

interface Props {
  open: boolean;
  onClose: () => void;
}

export default function HelpSheet({ open, onClose }: Props) {
  const { t } = useI18n();
  return (
    <Sheet title={t.help.title} open={open} onClose={onClose}>
      <div className="help">
        <Looks />
        <section>
          <h3>{t.help.keys}</h3>
          <dl className="keys">
            {SHORTCUTS.map((name) => (
              <Key key={name} caps={[altCap(), KEYS[name].cap]} words={t.help.shortcuts[name]} />
            ))}
            <Key caps={["Enter"]} words={t.help.send} />
            <Key caps={["Shift", "Enter"]} words={t.help.line} />
            <Key caps={["Esc"]} words={t.help.leave} />
          </dl>
        </section>
      </div>
    </Sheet>
  );
}

function Looks() {
  const { t } = useI18n();
  const look = useLook();
  return (
    <fieldset className="looks">
      <legend>{t.help.look}</legend>
      {LOOKS.map((one) => (
        <label key={one} className="look">
          <input type="radio" name="look" checked={look === one} onChange={() => chooseLook(one, true)} />
          <span>{t.help.looks[one]}</span>
        </label>
      ))}
    </fieldset>
  );
}

function Key({ caps, words }: { caps: readonly string[]; words: string }) {
  return (
    <>
      <dt>
        {caps.map((cap, index) => (
          <Fragment key={cap}>
            {index > 0 && " + "}
            <kbd>{cap}</kbd>
          </Fragment>
        ))}
      </dt>
      <dd>{words}</dd>
    </>
  );
}

function altCap(): string {
  return /Mac|iP(hone|ad)/.test(navigator.platform) ? "⌥" : "Alt";
}
