/** Something to look at beside the chat: from the bottom on a phone, from the right on a desk. */
import { Button, Drawer } from "antd";
import type { ReactNode } from "react";
import { useI18n } from "../i18n";
import { useWide } from "./useMedia";
import { CloseIcon } from "./icons";

interface Props {
  title: ReactNode;
  sub?: ReactNode;
  /** Stands before the title, for instance a way back. */
  lead?: ReactNode;
  open: boolean;
  onClose: () => void;
  children: ReactNode;
}

export function Sheet({ title, sub, lead, open, onClose, children }: Props) {
  const wide = useWide();
  const { t } = useI18n();
  return (
    <Drawer
      open={open}
      onClose={onClose}
      placement={wide ? "right" : "bottom"}
      size={wide ? 460 : "86dvh"}
      closable={false}
      destroyOnHidden
      rootClassName={wide ? "sheet" : "sheet sheet-low"}
      styles={{ body: { padding: 0 } }}
      aria-label={typeof title === "string" ? title : undefined}
    >
      <div className="sheet-frame">
        <header className="sheet-head">
          {lead}
          <div className="sheet-title">
            <h2>{title}</h2>
            {sub}
          </div>
          <Button type="text" shape="circle" icon={<CloseIcon />} aria-label={t.close} onClick={onClose} />
        </header>
        <div className="sheet-body" tabIndex={-1}>
          {children}
        </div>
      </div>
    </Drawer>
  );
}
