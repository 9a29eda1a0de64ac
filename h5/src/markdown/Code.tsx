/** A block of code with the way to take it along. */
import { Button } from "antd";
import { type ReactNode, useRef, useState } from "react";
import { useI18n } from "../i18n";
import { copyText } from "../ui/copy";
import { CopiedIcon, CopyIcon } from "../ui/icons";

export function Code({ children }: { children: ReactNode }) {
  const { t } = useI18n();
  const block = useRef<HTMLPreElement>(null);
  const [copied, setCopied] = useState(false);
  const copy = async () => setCopied(await copyText(block.current?.innerText.replace(/\n$/, "") ?? ""));
  return (
    <div className="md-code">
      {/* long lines are scrolled, also by keyboard */}
      <pre ref={block} tabIndex={0}>
        {children}
      </pre>
      <Button
        type="text"
        size="small"
        icon={copied ? <CopiedIcon /> : <CopyIcon />}
        aria-label={copied ? t.chat.copied : t.chat.copyCode}
        onClick={() => void copy()}
        onBlur={() => setCopied(false)}
      />
    </div>
  );
}
