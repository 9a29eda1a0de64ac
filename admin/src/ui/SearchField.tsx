/** A search that asks once the person pauses. */
import { Input } from "antd";
import { useEffect, useState } from "react";

/** A pause in typing long enough to mean it. */
const PAUSE_MS = 250;

export function SearchField({ label, onSearch }: { label: string; onSearch: (text: string) => void }) {
  const [text, setText] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => onSearch(text.trim()), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text, onSearch]);
  return (
    <div className="search field-row" role="search">
      <Input
        type="search"
        aria-label={label}
        placeholder={label}
        value={text}
        allowClear
        onChange={(event) => setText(event.target.value)}
      />
    </div>
  );
}
