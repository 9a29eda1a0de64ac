/** The navigation of a phone. */
import { Drawer } from "antd";
import type { ReactNode } from "react";
import { useI18n } from "../i18n";

export default function NavDrawer({ onClose, children }: { onClose: () => void; children: ReactNode }) {
  const { t } = useI18n();
  return (
    <Drawer open placement="left" size={280} title="Concierge" closable={{ "aria-label": t.close }} onClose={onClose} className="nav-drawer">
      {children}
    </Drawer>
  );
}
