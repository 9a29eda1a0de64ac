/** The console begins here; the first thing it does is to take a one-time code out of the address. */
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { takeCode } from "./access/entry";
import { App } from "./App";
import { I18nProvider } from "./i18n";
import { firstLang } from "./i18n/lang";
import { recall } from "./ui/remember";
import { SchemeProvider } from "./ui/scheme";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/forms.css";
import "./styles/table.css";
import "./styles/shell.css";
import "./styles/screens.css";

const code = takeCode(location, history);
const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <SchemeProvider>
      <I18nProvider initial={firstLang(recall("lang"), navigator.languages)}>
        <App code={code} />
      </I18nProvider>
    </SchemeProvider>
  </StrictMode>,
);
