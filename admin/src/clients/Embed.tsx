/** What a client's server and page need, in their language. */
import { Tabs } from "antd";
import { useCallback, useState } from "react";
import type { SnippetLang } from "../api/types";
import { useConsole } from "../console";
import { useI18n } from "../i18n";
import { hrefOf } from "../route";
import { CopyButton } from "../ui/buttons";
import { Loaded } from "../ui/states";
import { useLoad } from "../ui/useLoad";
import { SNIPPET_LANGS } from "./options";

export default function Embed({ id }: { id: string }) {
  const { t } = useI18n();
  const [lang, setLang] = useState<SnippetLang>("typescript");
  return (
    <>
      <p className="screen-lead">{t.embed.lead}</p>
      <Tabs
        activeKey={lang}
        onChange={(key) => setLang(key as SnippetLang)}
        items={SNIPPET_LANGS.map((key) => ({ key, label: t.embed.langs[key], children: <Files id={id} lang={key} /> }))}
        destroyOnHidden
      />
      <p className="field-hint">
        {t.embed.noKey} <a href={hrefOf({ screen: "client", id, tab: "keys" })}>{t.client.tabs.keys}</a>
      </p>
    </>
  );
}

function Files({ id, lang }: { id: string; lang: SnippetLang }) {
  const { t } = useI18n();
  const { api } = useConsole();
  const snippets = useLoad(useCallback(() => api.snippets(id, lang), [api, id, lang]));
  return (
    <Loaded load={snippets}>
      {({ files }) =>
        files.map(({ name, text }) => (
          <section key={name} className="snippet-file">
            <div className="section-head">
              <h2 className="mono">{name}</h2>
              <CopyButton text={text} label={t.embed.copyFile} />
            </div>
            <pre className="snippet" tabIndex={0} aria-label={name}>
              {text}
            </pre>
          </section>
        ))
      }
    </Loaded>
  );
}
