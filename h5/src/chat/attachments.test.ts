import { describe, expect, it } from "vitest";
import { ApiError } from "../api/error";
import type { DocumentState } from "../api/types";
import { type Attached, stateOfAll } from "./useAttachments";

function attached(state: DocumentState | null, error: ApiError | null = null): Attached {
  const document = state && ({ id: "d", state, progress: null } as Attached["document"]);
  return { key: "k", name: "a.pdf", document, error };
}

describe("documents attached to a question", () => {
  it("hold it back until all are ready", () => {
    expect(stateOfAll([])).toBe("ready");
    expect(stateOfAll([attached("ready"), attached("ready")])).toBe("ready");
    expect(stateOfAll([attached("ready"), attached(null)])).toBe("working");
    expect(stateOfAll([attached("uploaded"), attached("embedding")])).toBe("working");
  });

  it("stop it when one of them has failed, at the server or on its way", () => {
    expect(stateOfAll([attached("embedding"), attached("failed")])).toBe("failed");
    expect(stateOfAll([attached("ready"), attached(null, new ApiError("too_large"))])).toBe("failed");
  });
});
