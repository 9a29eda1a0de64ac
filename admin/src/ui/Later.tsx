/** Parts of the console that are loaded when they are wanted, and what happens when one cannot be. */
import { Component, type ReactNode, Suspense } from "react";
import { useI18n } from "../i18n";
import { Note } from "./ErrorNote";
import { Loading } from "./states";

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

/** A part may be missing because there is no network, or because the server has been updated since. */
export function Later({ children }: { children: ReactNode }) {
  const { t } = useI18n();
  const failed = <Note text={t.missingPart} act={{ label: t.reload, run: () => location.reload() }} />;
  return (
    <Boundary failed={failed}>
      <Suspense fallback={<Loading />}>{children}</Suspense>
    </Boundary>
  );
}
