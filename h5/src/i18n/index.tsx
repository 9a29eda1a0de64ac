/** Gives every component the texts of the chosen language. */
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
import { en, type Texts } from "./en";
import { type Lang, rememberLang } from "./lang";
import { zh } from "./zh";

export const TEXTS: Record<Lang, Texts> = { en, zh };

export interface I18n {
  lang: Lang;
  t: Texts;
  /** A count as people of that language write it. */
  number: (value: number) => string;
  /** A person's choice, which the address remembers. */
  switchLang: () => void;
  /** The choice of the site around the page. */
  setLang: (lang: Lang) => void;
}

const Context = createContext<I18n | null>(null);

export function useI18n(): I18n {
  const value = useContext(Context);
  if (value === null) throw new Error("useI18n needs an I18nProvider above it");
  return value;
}

export function I18nProvider({ initial, children }: { initial: Lang; children: ReactNode }) {
  const [lang, setLang] = useState(initial);
  useEffect(() => {
    document.documentElement.lang = lang === "zh" ? "zh-CN" : "en";
  }, [lang]);
  const value = useMemo<I18n>(() => {
    const format = new Intl.NumberFormat(lang);
    return {
      lang,
      t: TEXTS[lang],
      number: (count) => format.format(count),
      switchLang: () => {
        const next = lang === "zh" ? "en" : "zh";
        rememberLang(next, location, history);
        setLang(next);
      },
      setLang,
    };
  }, [lang]);
  return <Context value={value}>{children}</Context>;
}
