/** The line above the chat; on a phone also the way to what stands beside it on a desk. */
import { Button } from "antd";
import type { ReactNode } from "react";
import { useI18n } from "./i18n";
import { ChatIcon, MenuIcon } from "./ui/icons";

interface Props {
  title: string;
  wide: boolean;
  onSessions: () => void;
  onNew: () => void;
  /** What else can be done. */
  menu: ReactNode;
}

export function Header({ title, wide, onSessions, onNew, menu }: Props) {
  const { t } = useI18n();
  return (
    <header className="header">
      {!wide && (
        <Button type="text" icon={<MenuIcon />} aria-label={t.nav.openSessions} onClick={onSessions} />
      )}
      <h1>{title || t.nav.newChat}</h1>
      {!wide && <Button type="text" icon={<ChatIcon />} aria-label={t.nav.newChat} onClick={onNew} />}
      {menu}
    </header>
  );
}
