/** Something to look at with the chat: from the bottom on a phone, from the right on a desk. */
import { Button, Drawer } from "antd";
import { type ReactNode, useEffect, useRef } from "react";
import { useI18n } from "../i18n";
import { useRoomy, useWide } from "./useMedia";
import { CloseIcon } from "./icons";

interface Props {
  title: string;
  sub?: ReactNode;
  /** Stands before the title, for instance a way back. */
  lead?: ReactNode;
  /** Stays in view above what is scrolled. */
  top?: ReactNode;
  open: boolean;
  onClose: () => void;
  /** Once nothing of it is to be seen any more. */
  onGone?: () => void;
  /** Where the screen is wide enough it stands beside the chat, which stays in use. */
  beside?: boolean;
  children: ReactNode;
}

export function Sheet({ beside = false, ...props }: Props) {
  const roomy = useRoomy();
  return beside && roomy ? <Aside {...props} /> : <Over {...props} />;
}

/** Lies over the chat. */
function Over({ open, onClose, onGone, ...frame }: Props) {
  const wide = useWide();
  return (
    <Drawer
      open={open}
      onClose={onClose}
      placement={wide ? "right" : "bottom"}
      size={wide ? 460 : "86dvh"}
      afterOpenChange={(shown) => !shown && onGone?.()}
      closable={false}
      destroyOnHidden
      rootClassName={wide ? "sheet" : "sheet sheet-low"}
      styles={{ body: { padding: 0 } }}
      aria-label={frame.title}
    >
      <Frame {...frame} onClose={onClose} />
    </Drawer>
  );
}

/** Stands beside the chat; takes the focus when it comes and gives it back when it goes. */
function Aside({ open, onClose, ...frame }: Props) {
  const panel = useRef<HTMLElement>(null);
  useEffect(() => {
    if (!open) return;
    const before = document.activeElement;
    const element = panel.current;
    element?.focus({ preventScroll: true });
    return () => {
      const free = document.activeElement === document.body || element?.contains(document.activeElement);
      if (free && before instanceof HTMLElement) before.focus({ preventScroll: true });
    };
  }, [open]);
  if (!open) return null;
  return (
    <aside
      ref={panel}
      className="aside"
      aria-label={frame.title}
      tabIndex={-1}
      onKeyDown={(event) => event.key === "Escape" && onClose()}
    >
      <Frame {...frame} onClose={onClose} />
    </aside>
  );
}

function Frame({ title, sub, lead, top, onClose, children }: Omit<Props, "open" | "onGone">) {
  const { t } = useI18n();
  return (
    <div className="sheet-frame">
      <header className="sheet-head">
        {lead}
        <div className="sheet-title">
          <h2 title={title}>{title}</h2>
          {sub}
        </div>
        <Button type="text" shape="circle" icon={<CloseIcon />} aria-label={t.close} onClick={onClose} />
      </header>
      {top}
      <div className="sheet-body" tabIndex={-1}>
        {children}
      </div>
    </div>
  );
}
