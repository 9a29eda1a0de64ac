/** The two ways a document comes into a base: as a file, and by its address. */
import { Button } from "antd";
import { type FormEvent, useState } from "react";
import { useI18n } from "../i18n";
import { FileButton } from "../ui/FileButton";
import type { Addition } from "./useAdditions";

/** The server's limit for an address, in bytes. */
const ADDRESS_CHARS_MAX = 2_048;

interface Props {
  /** What is being added at the moment, in words. */
  adding: string | null;
  onAdd: (additions: readonly Addition[]) => void;
}

export function AddDocuments({ adding, onAdd }: Props) {
  const { t } = useI18n();
  const [address, setAddress] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onAdd([address.trim()]);
    setAddress("");
  };
  return (
    <div className="add">
      <FileButton
        label={adding ?? t.knowledge.upload}
        busy={adding !== null}
        onFiles={onAdd}
      />
      <p className="add-hint">{t.knowledge.kinds}</p>
      <form className="add-address" onSubmit={submit}>
        <input
          className="field"
          type="url"
          required
          value={address}
          maxLength={ADDRESS_CHARS_MAX}
          placeholder="https://…"
          aria-label={t.knowledge.address}
          onChange={(event) => setAddress(event.target.value)}
        />
        <Button htmlType="submit" disabled={address.trim() === ""}>
          {t.knowledge.addAddress}
        </Button>
      </form>
    </div>
  );
}
