import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { ApiError, problemOf } from "../api/error";
import { I18nProvider, TEXTS } from "../i18n";
import type { Lang } from "../i18n/lang";
import { ErrorNote } from "./ErrorNote";
import { TextField } from "./fields";
import { refusalOf } from "./refusal";

function said(lang: Lang, status: number, body: unknown, headers = {}): string {
  const error = problemOf(new Response(null, { status, headers }), body);
  return renderToStaticMarkup(
    <I18nProvider initial={lang}>
      <ErrorNote error={error} />
    </I18nProvider>,
  );
}

describe("an error", () => {
  it("is said in the language of the page, with the server's words apart and marked as English", () => {
    const body = { code: "invalid", detail: "A name has 1 to 200 characters." };
    expect(said("zh", 422, body)).toMatch(/未被接受.*<span class="note-technical" lang="en">A name has 1 to 200 characters\.<\/span>/);
    expect(said("en", 403, { code: "forbidden", detail: "x" })).toContain("Your role may not do this.");
  });

  it("of a proxy, or one this page does not know, is told by its status", () => {
    expect(said("en", 502, null)).toContain("Another service did not answer.");
    expect(said("en", 409, { code: "brand_new" })).toContain("not possible as things stand");
  });

  it("says how long to wait", () => {
    expect(said("zh", 429, { code: "throttled" }, { "retry-after": "7" })).toContain("7 秒");
    expect(said("en", 429, { code: "throttled" }, { "retry-after": "1" })).toContain("Wait 1 second.");
  });

  it("of the server's own is named by its request", () => {
    expect(said("en", 500, { code: "internal", detail: "secret?", request_id: "0190" })).toContain("request_id: 0190");
  });
});

describe("what a form was refused", () => {
  const taken = new ApiError("taken", "The name of a plan is in use.");

  it("stands at its field, with the server's words apart and marked as English", () => {
    const { at, rest } = refusalOf(taken, { taken: "name" }, TEXTS.zh);
    expect(rest).toBeNull();
    const field = renderToStaticMarkup(<TextField label="名称" error={at.name} value="" onChange={() => undefined} />);
    expect(field).toMatch(/role="alert">已被占用，请换一个。<span class="note-technical" lang="en">The name of a plan is in use\.<\/span>/);
    expect(field).toContain('aria-invalid="true"');
  });

  it("is said by the form's own sentence where the code means more there", () => {
    expect(refusalOf(taken, { taken: "name" }, TEXTS.en, { taken: "Look first." })).toEqual({ at: { name: "Look first." }, rest: null });
    expect(refusalOf(taken, { conflict: "name" }, TEXTS.en, {})).toEqual({ at: {}, rest: taken });
  });
});
