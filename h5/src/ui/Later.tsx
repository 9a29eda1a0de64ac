/** Parts of the page that are loaded when they are wanted, and what happens when one cannot be. */
import { Component, type ReactNode, Suspense } from "react";
import { useI18n } from "../i18n";
import { Note } from "./ErrorNote";

interface BoundaryProps {
  /** Shown instead, once something in it has failed. */
  failed: ReactNode;
  children: ReactNode;
}

export class Boundary extends Component<BoundaryProps, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    return this.state.failed ? this.props.failed : this.props.children;
  }
}

/**
 * A part may be missing because there is no network, or because the server has been updated since
 * this page was opened; either way the rest stays in use, and a reload gets a whole page.
 */
export function Later({ children }: { children: ReactNode }) {
  const { t } = useI18n();
  const failed = (
    <div className="mishap">
      <Note text={t.missingPart.text} act={{ label: t.missingPart.reload, run: () => location.reload() }} />
    </div>
  );
  return (
    <Boundary failed={failed}>
      <Suspense>{children}</Suspense>
    </Boundary>
  );
}
