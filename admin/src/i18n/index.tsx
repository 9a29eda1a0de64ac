/** Gives every component the texts of the chosen language. */
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
import { remember } from "../ui/remember";
import { en, type Texts } from "./en";
import type { Lang } from "./lang";
import { zh } from "./zh";

export const TEXTS: Record<Lang, Texts> = { en, zh };

export interface I18n {
  lang: Lang;
  t: Texts;
  /** A count as people of that language write it. */
  number: (value: number) => string;
  /** A moment, to the minute. */
  time: (iso: string) => string;
  switchLang: () => void;
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
    const locale = lang === "zh" ? "zh-CN" : "en-GB";
    const number = new Intl.NumberFormat(locale);
    const time = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short", hour12: false });
    return {
      lang,
      t: TEXTS[lang],
      number: (count) => number.format(count),
      time: (iso) => time.format(new Date(iso)),
      switchLang: () => {
        const next = lang === "zh" ? "en" : "zh";
        remember("lang", next);
        setLang(next);
      },
    };
  }, [lang]);
  return <Context value={value}>{children}</Context>;
}
