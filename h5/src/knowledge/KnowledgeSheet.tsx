/** What the client and the user know: bases to choose from, their documents, and a place for one's own. */
import { Button } from "antd";
import { useState } from "react";
import type { Api } from "../api";
import type { KnowledgeBase } from "../api/types";
import { useI18n } from "../i18n";
import { Sheet } from "../ui/Sheet";
import { BaseList } from "./BaseList";
import type { Addition } from "./useAdditions";
import { DocumentList } from "./DocumentList";
import { type Bases, titleOf } from "./useBases";
import type { Scope } from "./useScope";
import { BackIcon } from "../ui/icons";

interface Props {
  api: Api;
  bases: Bases;
  /** Null until it is known. */
  scope: Scope | null;
  open: boolean;
  onClose: () => void;
}

export default function KnowledgeSheet({ api, bases, scope, open, onClose }: Props) {
  const { t } = useI18n();
  const [shown, setShown] = useState<{ base: KnowledgeBase; additions: readonly Addition[] } | null>(null);
  const leave = () => {
    setShown(null);
    void bases.reload();
  };
  if (shown === null) {
    return (
      <Sheet title={t.knowledge.title} open={open} onClose={onClose}>
        <BaseList bases={bases} scope={scope} onShow={(base, additions) => setShown({ base, additions })} />
      </Sheet>
    );
  }
  const back = (
    <Button type="text" shape="circle" icon={<BackIcon />} aria-label={t.knowledge.back} onClick={leave} />
  );
  return (
    <Sheet title={titleOf(shown.base)} lead={back} open={open} onClose={onClose} onGone={leave}>
      <DocumentList key={shown.base.id} api={api} base={shown.base} additions={shown.additions} />
    </Sheet>
  );
}
