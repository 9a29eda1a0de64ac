/** A button that asks for files. */
import { Button } from "antd";
import { useRef } from "react";
import { UploadIcon } from "./icons";

interface Props {
  label: string;
  busy: boolean;
  onFiles: (files: File[]) => void;
}

export function FileButton({ label, busy, onFiles }: Props) {
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
      <Button icon={<UploadIcon />} loading={busy} onClick={() => input.current?.click()}>
        {label}
      </Button>
    </>
  );
}
