/** The page of a PDF that a passage stands on, as a picture that can be turned and enlarged. */
import { Button } from "antd";
import { useEffect, useState } from "react";
import type { Api } from "../api";
import { type ApiError, asApiError, isAbort } from "../api/error";
import { useI18n } from "../i18n";
import { ErrorNote } from "../ui/ErrorNote";
import { BeforeIcon, CloseIcon, ForwardIcon, ZoomInIcon } from "../ui/icons";

/** Sharp enough to be read at twice the width of a phone; the server's limit is 2,000. */
const WIDTH_PX = 1_400;

interface Props {
  api: Api;
  documentId: string;
  version: number;
  name: string;
  /** The page of the passage; the first is 1. */
  page: number;
}

export function PageImage({ api, documentId, version, name, page: cited }: Props) {
  const { t } = useI18n();
  const [page, setPage] = useState(cited);
  const [large, setLarge] = useState(false);
  const { url, error, last } = usePicture(api, documentId, version, page);
  const turn = (by: number) => setPage((now) => now + by);
  if (error !== null) {
    return (
      <div className="page-image">
        <ErrorNote error={error} about={t.sources.noPicture} />
      </div>
    );
  }
  const alt = t.sources.picture(name, page);
  return (
    <figure className="page-image">
      <div className="page-view" tabIndex={0} role="group" aria-label={alt}>
        {url === null ? (
          <p className="page-empty">{t.loading}</p>
        ) : (
          <button type="button" className="page-open" aria-label={t.sources.enlarge(page)} onClick={() => setLarge(true)}>
            <img src={url} alt={alt} />
          </button>
        )}
      </div>
      <figcaption>
        <Button type="text" size="small" icon={<BeforeIcon />} aria-label={t.sources.pageBefore} disabled={page <= 1} onClick={() => turn(-1)} />
        <span aria-live="polite">{t.sources.page(page)}</span>
        <Button type="text" size="small" icon={<ForwardIcon />} aria-label={t.sources.pageAfter} disabled={last} onClick={() => turn(1)} />
        <span className="spring" />
        <Button type="text" size="small" icon={<ZoomInIcon />} aria-label={t.sources.enlarge(page)} disabled={url === null} onClick={() => setLarge(true)} />
      </figcaption>
      {large && url !== null && <Large url={url} alt={alt} onClose={() => setLarge(false)} />}
    </figure>
  );
}

interface Picture {
  url: string | null;
  error: ApiError | null;
  /** There is no page behind this one. */
  last: boolean;
}

/** The bearer goes with a request, not with an `<img>`: so the picture is fetched and shown out of memory. */
function usePicture(api: Api, id: string, version: number, page: number): Picture {
  const [url, setUrl] = useState<string | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [pages, setPages] = useState<number | null>(null);
  useEffect(() => {
    api.document(id).then(
      (document) => setPages(document.pages ?? null),
      // then turning ends where the server says so
      () => undefined,
    );
  }, [api, id]);
  useEffect(() => {
    const controller = new AbortController();
    let made: string | null = null;
    setUrl(null);
    setError(null);
    api
      .pageImage(id, version, page, WIDTH_PX, controller.signal)
      .then((response) => response.blob())
      .then((blob) => {
        if (controller.signal.aborted) return;
        made = URL.createObjectURL(blob);
        setUrl(made);
      })
      .catch((reason: unknown) => isAbort(reason) || setError(asApiError(reason)));
    return () => {
      controller.abort();
      if (made !== null) URL.revokeObjectURL(made);
    };
  }, [api, id, version, page]);
  return { url, error, last: pages !== null && page >= pages };
}

/** As wide as it is sharp; moved with a finger, the wheel or the arrow keys. */
function Large({ url, alt, onClose }: { url: string; alt: string; onClose: () => void }) {
  const { t } = useI18n();
  const open = (dialog: HTMLDialogElement | null) => {
    if (dialog !== null && !dialog.open) dialog.showModal();
  };
  return (
    <dialog ref={open} className="page-large" aria-label={alt} onClose={onClose} onKeyDown={(event) => event.stopPropagation()}>
      <div className="page-scroll" tabIndex={0}>
        <img src={url} alt={alt} />
      </div>
      <Button shape="circle" icon={<CloseIcon />} aria-label={t.close} onClick={onClose} />
    </dialog>
  );
}
