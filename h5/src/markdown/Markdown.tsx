/**
 * An answer as rich text.
 *
 * react-markdown builds React elements and never parses HTML, so there is nothing to sanitise
 * afterwards; a renderer that goes through an HTML string (as @ant-design/x-markdown does) would
 * need a sanitiser that is right every time.
 */
import { type ComponentProps, memo, useContext, useMemo } from "react";
import ReactMarkdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";
import { useI18n } from "../i18n";
import { CITE, remarkCitations } from "./citations";
import { CitedContext } from "./cited";
import { Code } from "./Code";
import { safeLink } from "./links";

const COMPONENTS: Components = {
  a: ({ href, children }) => {
    const link = safeLink(href);
    if (link === null) return <span>{children}</span>;
    return (
      <a href={link} target="_blank" rel="noopener noreferrer">
        {children}
      </a>
    );
  },
  sup: ({ node, children, ...rest }) => {
    const n = node?.properties[CITE];
    return n === undefined ? <sup {...rest}>{children}</sup> : <Chip n={Number(n)} />;
  },
  pre: ({ children }) => <Code>{children}</Code>,
  table: ({ children }: ComponentProps<"table">) => (
    <div className="md-table" tabIndex={0} role="group">
      <table>{children}</table>
    </div>
  ),
};

function Chip({ n }: { n: number }) {
  const { t } = useI18n();
  const { names, open } = useContext(CitedContext);
  return (
    <button type="button" className="cite" aria-label={t.sources.chip(n, names.get(n) ?? "")} onClick={() => open(n)}>
      {n}
    </button>
  );
}

export interface MarkdownProps {
  text: string;
  /** The numbers that are citations, in any order. */
  numbers: readonly number[];
}

function Markdown({ text, numbers }: MarkdownProps) {
  const key = numbers.join();
  // by value: the list is made anew with every piece of a streaming answer
  const plugins = useMemo(() => [remarkGfm, remarkCitations(new Set(JSON.parse(`[${key}]`) as number[]))], [key]);
  return (
    <div className="md">
      <ReactMarkdown remarkPlugins={plugins} components={COMPONENTS} urlTransform={(url) => safeLink(url) ?? ""}>
        {text}
      </ReactMarkdown>
    </div>
  );
}

export default memo(Markdown, (a, b) => a.text === b.text && a.numbers.join() === b.numbers.join());
