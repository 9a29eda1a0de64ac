/** Light or dark: as the system says, unless the person chose. */
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
import { recall, remember } from "./remember";
import { useSystemDark } from "./useMedia";

export const SCHEMES = ["system", "light", "dark"] as const;
export type Scheme = (typeof SCHEMES)[number];

const Context = createContext<{ scheme: Scheme; dark: boolean; next: () => void } | null>(null);

export function useScheme() {
  const value = useContext(Context);
  if (value === null) throw new Error("useScheme needs a SchemeProvider above it");
  return value;
}

export function SchemeProvider({ children }: { children: ReactNode }) {
  const systemDark = useSystemDark();
  const [scheme, setScheme] = useState<Scheme>(() => SCHEMES.find((one) => one === recall("scheme")) ?? "system");
  const dark = scheme === "system" ? systemDark : scheme === "dark";
  useEffect(() => {
    // the style sheets choose their colours by it
    document.documentElement.style.colorScheme = dark ? "dark" : "light";
  }, [dark]);
  const value = useMemo(() => {
    const next = SCHEMES[(SCHEMES.indexOf(scheme) + 1) % SCHEMES.length] ?? "system";
    return {
      scheme,
      dark,
      next: () => {
        remember("scheme", next);
        setScheme(next);
      },
    };
  }, [scheme, dark]);
  return <Context value={value}>{children}</Context>;
}
