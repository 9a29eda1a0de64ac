/** Uploads, one after the other: a phone's line is narrow, and an order is easier to follow. */
import { useCallback, useEffect, useRef, useState } from "react";
import type { Api } from "../api";
import { type ApiError, asApiError } from "../api/error";
import type { KnowledgeDocument } from "../api/types";

export interface FailedUpload {
  name: string;
  error: ApiError;
}

/** `first` are uploaded at once; further ones by `upload`. */
export function useUploads(
  api: Api,
  baseId: string,
  first: readonly File[],
  onAdded: (document: KnowledgeDocument) => void,
) {
  const [uploading, setUploading] = useState<string | null>(null);
  const [failed, setFailed] = useState<readonly FailedUpload[]>([]);
  const queue = useRef<File[]>([...first]);
  const busy = useRef(false);

  const work = useCallback(async () => {
    if (busy.current) return;
    busy.current = true;
    for (let file = queue.current.shift(); file !== undefined; file = queue.current.shift()) {
      const { name } = file;
      setUploading(name);
      try {
        onAdded(await api.upload(baseId, file));
      } catch (reason) {
        setFailed((old) => [...old, { name, error: asApiError(reason) }]);
      }
    }
    busy.current = false;
    setUploading(null);
  }, [api, baseId, onAdded]);

  useEffect(() => void work(), [work]);

  const upload = (files: readonly File[]) => {
    setFailed([]);
    queue.current.push(...files);
    void work();
  };
  return { uploading, failed, upload };
}
