/** Something that is copied rather than typed. */
import { Button } from "antd";
import { useState } from "react";
import { useI18n } from "../i18n";
import { copyText } from "../ui/copy";
import { CopiedIcon, CopyIcon } from "../ui/icons";

interface Props {
  label: string;
  text: string;
  /** What is copied, where more is shown than that. */
  copied?: string;
  /** The text is not worth reading. */
  quiet?: boolean;
}

export function CopyRow({ label, text, copied = text, quiet = false }: Props) {
  const { t } = useI18n();
  const [held, setHeld] = useState<string | null>(null);
  // what was copied before it changed is not what is shown
  const done = held === copied;
  const copy = async () => setHeld((await copyText(copied)) ? copied : null);
  const icon = done ? <CopiedIcon /> : <CopyIcon />;
  const act = { icon, onClick: () => void copy(), onBlur: () => setHeld(null) };
  if (quiet) {
    return (
      <Button type="text" size="small" {...act}>
        {done ? t.purse.chain.copied : label}
      </Button>
    );
  }
  return (
    <div className="copy-row">
      <dt>{label}</dt>
      <dd>
        <code>{text}</code>
        <Button type="text" {...act} aria-label={done ? t.purse.chain.copied : t.purse.chain.copy(label)} />
      </dd>
    </div>
  );
}
