/** Language and colours. */
import { Button } from "antd";
import { useI18n } from "../i18n";
import { DarkIcon, LanguageIcon, LightIcon, SystemIcon } from "../ui/icons";
import { type Scheme, useScheme } from "../ui/scheme";

const ICONS: Readonly<Record<Scheme, () => React.ReactNode>> = { system: SystemIcon, light: LightIcon, dark: DarkIcon };

export function Tastes() {
  const { t, switchLang } = useI18n();
  const { scheme, next } = useScheme();
  const Icon = ICONS[scheme];
  return (
    <>
      <Button type="text" icon={<Icon />} aria-label={t.schemes[scheme]} title={t.schemes[scheme]} onClick={next} />
      <Button type="text" icon={<LanguageIcon />} aria-label={t.nav.languageLabel} onClick={switchLang}>
        {t.nav.language}
      </Button>
    </>
  );
}
