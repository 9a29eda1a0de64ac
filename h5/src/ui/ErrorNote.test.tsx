import { readFileSync } from "node:fs";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { ApiError, isErrorCode, problemOf } from "../api/error";
import { I18nProvider, TEXTS } from "../i18n";
import type { Lang } from "../i18n/lang";
import { ErrorNote } from "./ErrorNote";

function note(lang: Lang, error: ApiError): string {
  return renderToStaticMarkup(
    <I18nProvider initial={lang}>
      <ErrorNote error={error} />
    </I18nProvider>,
  );
}

/** What a person reads, without the line for whoever helps. */
function said(markup: string): string {
  return markup.replace(/<span class="note-technical".*?<\/span>/, "").replace(/<[^>]+>/g, "");
}

function problem(code: string, status: number): Response {
  const body = { code, detail: "A title has 1 to 100 characters.", request_id: "0190", status };
  return new Response(JSON.stringify(body), { status, headers: { "retry-after": "7" } });
}

interface Document {
  components: { schemas: { ProblemCode: { enum: string[] } } };
}

const document = JSON.parse(readFileSync("../openapi/native.json", "utf8")) as Document;

describe("an error", () => {
  it.each(document.components.schemas.ProblemCode.enum)("%s is said in the language of the page", async (code) => {
    expect(isErrorCode(code)).toBe(true);
    const error = await problemOf(problem(code, 422));
    expect(error.code).toBe(code);
    expect(said(note("zh", error))).toMatch(/^(?:[\u4e00-\u9fff，。；、0-9 ]|PDF|Office)+$/);
    expect(said(note("en", error))).not.toMatch(/[\u4e00-\u9fff]/);
    expect(said(note("zh", error))).toContain("7 秒");
  });

  it("keeps the server's words as a line of their own, marked as English", async () => {
    const error = await problemOf(problem("invalid", 422));
    const line = '<span class="note-technical" lang="en">A title has 1 to 100 characters.</span>';
    expect(note("zh", error)).toContain(line);
    expect(note("en", error)).toContain(line);
    // where they say no more than ours they are left out
    expect(note("zh", await problemOf(problem("not_found", 404)))).not.toContain("note-technical");
  });

  it("of ours is named by its request", async () => {
    expect(note("zh", await problemOf(problem("internal", 500)))).toContain(">request_id: 0190<");
  });

  it("of a quota that is used up says when it starts anew, not how many seconds that is", () => {
    const wait = 36_000;
    const text = said(note("en", new ApiError("throttled", "What you may use today is used up.", wait)));
    const day = new Date(Date.now() + wait * 1000).toLocaleDateString("en", { dateStyle: "medium" });
    expect(text).toContain(`resets on ${day}`);
    expect(text).not.toContain("36000");
    expect(said(note("zh", new ApiError("throttled", "", wait)))).toContain("重新开始计算");
    // who asks too often waits for seconds
    expect(said(note("en", new ApiError("throttled", "", 7)))).toContain("in 7 s");
  });

  it("offers what helps before trying again", () => {
    const act = { label: "Again", run: () => undefined };
    const way = { label: "Way", run: () => undefined };
    const markup = renderToStaticMarkup(
      <I18nProvider initial="en">
        <ErrorNote error={new ApiError("out_of_credit", "The balance is too low.")} act={act} way={way} then="Ask them." />
      </I18nProvider>,
    );
    expect([...markup.matchAll(/<button[^>]*>([^<]+)/g)].map(([, label]) => label)).toEqual(["Way", "Again"]);
    expect(markup).toContain("The balance is too low.");
    expect(said(markup)).toContain("Ask them.");
  });

  it("with a code that this page does not know goes by its status", async () => {
    const error = await problemOf(problem("brand_new", 413));
    expect(said(note("zh", error))).toContain(TEXTS.zh.errors.too_large);
    expect(said(note("zh", new ApiError("offline")))).toBe(TEXTS.zh.errors.offline);
  });
});
