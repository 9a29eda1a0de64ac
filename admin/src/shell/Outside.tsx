/** The page around whatever is shown without a session. */
import type { ReactNode } from "react";
import { Tastes } from "./Tastes";

export function Outside({ children }: { children: ReactNode }) {
  return (
    <div className="outside">
      <div className="outside-tools">
        <Tastes />
      </div>
      <main className="outside-card">
        <div className="brand">
          <img src="/admin/icon.svg" alt="" />
          Concierge
        </div>
        {children}
      </main>
    </div>
  );
}
