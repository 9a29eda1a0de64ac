/** What the keys that work everywhere do. */
import type { Conversation } from "./chat/conversation";
import { focusQuestion } from "./chat/focusQuestion";
import { useHost } from "./host/context";
import { useShortcuts } from "./ui/shortcuts";
import type { PanelsState } from "./usePanels";

interface Around {
  panels: PanelsState;
  conversation: Conversation;
  onNew: () => void;
  onSearch: () => void;
}

export function useKeys({ panels, conversation, onNew, onSearch }: Around): void {
  const host = useHost();
  const acts = {
    help: () => panels.show("help"),
    newChat: onNew,
    question: () => {
      panels.close();
      focusQuestion();
    },
    search: onSearch,
    copy: () => lastOf(".answer-copy")?.click(),
    latest: () => lastOf(".to-latest")?.click(),
    stop: () => void conversation.stop(),
  };
  useShortcuts(acts, () => {
    if (panels.shown !== null) panels.close();
    else host.tell({ type: "concierge:close" });
  });
}

/** The button a person would press; where it is not shown there is nothing to do. */
function lastOf(selector: string): HTMLElement | undefined {
  return [...document.querySelectorAll<HTMLElement>(selector)].at(-1);
}
