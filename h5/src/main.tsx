/** The page begins here; the first thing it does is to take the token out of the address. */
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { AccessStore } from "./access/access";
import { takeEntry } from "./access/entry";
import { begin } from "./access/exchange";
import { historyKeep, storageKeep } from "./access/keep";
import { App } from "./App";
import { HostContext } from "./host/context";
import { Host } from "./host/host";
import { I18nProvider } from "./i18n";
import { preferredLang } from "./i18n/lang";
import { beginLook } from "./ui/look";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/frame.css";
import "./styles/chat.css";
import "./styles/composer.css";
import "./styles/markdown.css";
import "./styles/panels.css";
import "./styles/purse.css";

const entry = takeEntry(location, history);
beginLook(entry.theme);
const host = new Host(window);
const store = new AccessStore([storageKeep(() => sessionStorage), historyKeep(history)]);
let begun: ReturnType<typeof begin> | null = null;

/** A token is good for one exchange: whoever asks while it runs gets the same answer. */
function beginOnce() {
  begun ??= begin(entry.token, store, entry.byHost && host.framed).finally(() => {
    begun = null;
  });
  return begun;
}

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <I18nProvider initial={entry.lang ?? preferredLang(navigator.languages)}>
      <HostContext value={host}>
        <App store={store} begin={beginOnce} />
      </HostContext>
    </I18nProvider>
  </StrictMode>,
);
