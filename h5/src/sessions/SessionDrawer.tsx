/** The side bar of a phone. */
import { Drawer } from "antd";
import { useI18n } from "../i18n";
import { SideBar, type SideBarProps } from "../SideBar";

interface Props extends SideBarProps {
  open: boolean;
  onClose: () => void;
}

export default function SessionDrawer({ open, onClose, ...list }: Props) {
  const { t } = useI18n();
  return (
    <Drawer
      open={open}
      onClose={onClose}
      placement="left"
      size="min(84vw, 320px)"
      closable={false}
      styles={{ body: { padding: 0 } }}
      aria-label={t.nav.sessions}
    >
      <SideBar {...list} />
    </Drawer>
  );
}
