/** The line above the chat. */
import { Button } from "antd";
import { useI18n } from "./i18n";
import { ChatIcon, KnowledgeIcon, MenuIcon } from "./ui/icons";

interface Props {
  title: string;
  wide: boolean;
  onSessions: () => void;
  onNew: () => void;
  onKnowledge: () => void;
}

export function Header({ title, wide, onSessions, onNew, onKnowledge }: Props) {
  const { t } = useI18n();
  return (
    <header className="header">
      {!wide && (
        <Button type="text" icon={<MenuIcon />} aria-label={t.nav.openSessions} onClick={onSessions} />
      )}
      <h1>{title || t.nav.newChat}</h1>
      {wide ? (
        <Button type="text" icon={<KnowledgeIcon />} onClick={onKnowledge}>
          {t.nav.knowledge}
        </Button>
      ) : (
        <Button type="text" icon={<ChatIcon />} aria-label={t.nav.newChat} onClick={onNew} />
      )}
    </header>
  );
}
