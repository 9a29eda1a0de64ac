import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { I18nProvider } from "../i18n";
import { CitedContext } from "./cited";
import Markdown from "./Markdown";

function html(text: string, numbers: number[] = []): string {
  const names = new Map(numbers.map((n) => [n, `document ${n}`]));
  return renderToStaticMarkup(
    <I18nProvider initial="en">
      <CitedContext value={{ names, open: () => undefined }}>
        <Markdown text={text} numbers={numbers} />
      </CitedContext>
    </I18nProvider>,
  );
}

/** Elements that may ever come out of an answer. */
const HARMLESS =
  /^(div|p|br|strong|em|del|code|pre|ul|ol|li|blockquote|h[1-6]|hr|table|thead|tbody|tr|th|td|a|span|sup|section|input|button)$/;

function tags(markup: string): string[] {
  return [...markup.matchAll(/<([a-z0-9-]+)/gi)].map((match) => match[1] ?? "");
}

describe("an answer cannot", () => {
  it.each([
    ["run script through a link", "[a](javascript:alert(1))"],
    ["hide the scheme in entities", "[a](&#106;avascript:alert(1))"],
    ["hide the scheme in control characters", "[a](java\u0000script:alert(1))"],
    ["hide the scheme behind blanks", "[a](<  javascript:alert(1)>)"],
    ["use capitals", "[a](JaVaScRiPt:alert(1))"],
    ["use vbscript", "[a](vbscript:msgbox(1))"],
    ["use data", "[a](data:text/html;base64,PHNjcmlwdD4=)"],
    ["use an automatic link", "<javascript:alert(1)>"],
    ["use a reference", "[a][x]\n\n[x]: javascript:alert(1)"],
    ["lead to another page of this server", "[a](/admin/) [b](//evil.example/x) [c](#s=1)"],
  ])("%s", (_, text) => {
    const markup = html(text);
    expect(markup).not.toMatch(/href/i);
  });

  it.each([
    ["an image tag", "<img src=x onerror=alert(1)>"],
    ["a script", "<script>alert(1)</script>"],
    ["a frame in a block", "<div>\n<iframe src=https://evil.example></iframe>\n</div>"],
    ["a style", "<style>*{display:none}</style>"],
    ["an svg", "<svg onload=alert(1)>"],
    ["a comment that opens", "<!--><img src=x onerror=alert(1)>-->"],
  ])("bring in %s: it stays words", (_, text) => {
    const markup = html(`before\n\n${text}\n\nafter`);
    for (const tag of tags(markup)) expect(tag).toMatch(HARMLESS);
    expect(markup).toContain("&lt;");
  });

  it.each([
    ["inline", "![the words](https://evil.example/p.png)"],
    ["by reference", "![the words][r]\n\n[r]: https://evil.example/p.png"],
    ["by collapsed reference", "![the words][]\n\n[the words]: https://evil.example/p.png"],
    ["by shortcut reference", "![the words]\n\n[the words]: https://evil.example/p.png"],
    ["inside emphasis", "**![the words](https://evil.example/p.png)**"],
    ["inside a table", "| a |\n|---|\n| ![the words](https://evil.example/p.png) |"],
  ])("load a picture, %s: its description stays", (_, text) => {
    const markup = html(text);
    expect(markup).toContain("the words");
    expect(markup).not.toMatch(/<img|evil\.example|src=|url\(/);
  });

  it("load the picture of a linked picture: the link stays", () => {
    const markup = html("[![the words](https://evil.example/p.png)](https://good.example/)");
    expect(markup).toContain('href="https://good.example/"');
    expect(markup).not.toMatch(/<img|evil\.example/);
  });
});

describe("links", () => {
  it("open apart and tell nothing about this page", () => {
    for (const address of ["https://a.example/x?y=1", "http://a.example/", "mailto:a@b.example"]) {
      const markup = html(`[a](${address})`);
      expect(markup).toContain(`href="${address}"`);
      expect(markup).toContain('target="_blank" rel="noopener noreferrer"');
    }
    expect(html("see https://a.example/x now")).toContain('href="https://a.example/x"');
  });
});

describe("citations", () => {
  it("become buttons that say where they lead", () => {
    const markup = html("24 months [1][2].", [1, 2]);
    expect(markup.match(/<button/g)).toHaveLength(2);
    expect(markup).toContain('aria-label="Source 2: document 2"');
    expect(markup).not.toContain("[1]");
  });

  it("stay as written where no passage has the number", () => {
    const markup = html("24 months [9] and [12345].", [1]);
    expect(markup).toContain("24 months [9] and [12345].");
    expect(markup).not.toContain("<button");
  });

  it("work inside lists, tables and emphasis, but not in code", () => {
    const markup = html("- a [1]\n\n**b [1]**\n\n| c |\n|---|\n| d [1] |\n\n`x[1]`\n\n    y[1]", [1]);
    expect(markup.match(/class="cite"/g)).toHaveLength(3);
    expect(markup).toContain("x[1]");
    expect(markup).toContain("y[1]");
  });

  it("win over a link the answer defines by the same name", () => {
    const markup = html("24 months [1].\n\n[1]: https://evil.example/", [1]);
    expect(markup).toContain("<button");
    expect(markup).not.toContain("evil.example");
  });

  it("are not made by an answer that writes the element itself", () => {
    expect(html('<sup data-cite="1"></sup>', [1])).not.toContain("<button");
  });

  it("need no citation at all", () => {
    expect(html("[0] [1]")).toContain("[0] [1]");
  });
});

describe("what models like to write", () => {
  it("keeps a line break in a table", () => {
    expect(html("| a |\n|---|\n| b<br>c |")).toMatch(/b<br\/>\s*c/);
  });

  it("shows an unfinished code block while it streams", () => {
    expect(html("```sh\ncurl")).toMatch(/<pre[ >]/);
  });
});
