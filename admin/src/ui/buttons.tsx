/** Buttons that say themselves what came of them. */
import { Button } from "antd";
import { useEffect, useRef, useState } from "react";
import { useI18n } from "../i18n";
import { CopiedIcon, CopyIcon, DownloadIcon, UploadIcon } from "./icons";
import { copyText, download } from "./save";

/** How long a button says that it copied. */
const SAID_MS = 2_000;

interface CopyProps {
  text: string;
  label: string;
}

export function CopyButton({ text, label }: CopyProps) {
  const { t } = useI18n();
  const [said, setSaid] = useState<"" | "copied" | "failed">("");
  useEffect(() => {
    if (said === "") return;
    const timer = setTimeout(() => setSaid(""), SAID_MS);
    return () => clearTimeout(timer);
  }, [said]);
  const words = said === "copied" ? t.copied : said === "failed" ? t.copyFailed : label;
  return (
    <Button
      icon={said === "copied" ? <CopiedIcon /> : <CopyIcon />}
      onClick={() => void copyText(text).then((done) => setSaid(done ? "copied" : "failed"))}
    >
      <span aria-live="polite">{words}</span>
    </Button>
  );
}

export function DownloadButton({ name, text }: { name: string; text: string }) {
  const { t } = useI18n();
  return (
    <Button icon={<DownloadIcon />} onClick={() => download(name, text)}>
      {t.download}
    </Button>
  );
}

interface FileProps {
  label: string;
  busy: boolean;
  onFiles: (files: File[]) => void;
}

export function FileButton({ label, busy, onFiles }: FileProps) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label={label}
        onChange={({ target }) => {
          const files = [...(target.files ?? [])];
          // so that the same file can be chosen again after it was corrected
          target.value = "";
          if (files.length > 0) onFiles(files);
        }}
      />
      <Button type="primary" icon={<UploadIcon />} loading={busy} onClick={() => input.current?.click()}>
        {label}
      </Button>
    </>
  );
}
