// What a person does on the chat page, in either language. `at` is a page or a frame.

export const WORDS = {
  zh: {
    question: "您的问题",
    send: "发送",
    answer: "回答",
    chip: /^来源 \d+：/,
    cited: "引用的段落",
    close: "关闭",
    openSessions: "查看全部对话",
    sessions: "对话",
    newChat: "新对话",
    actions: (title) => `“${title}”的操作`,
    remove: "删除",
    noSessions: "还没有对话",
    knowledge: "知识库",
    other: "Switch to English",
  },
  en: {
    question: "Your question",
    send: "Send",
    answer: "Answer",
    chip: /^Source \d+: /,
    cited: "Cited passage",
    close: "Close",
    openSessions: "Show conversations",
    sessions: "Conversations",
    newChat: "New chat",
    actions: (title) => `Actions for “${title}”`,
    remove: "Delete",
    noSessions: "No conversations yet",
    knowledge: "Knowledge",
    other: "切换到中文",
  },
};

export function chat(at, lang) {
  const words = WORDS[lang];
  const field = () => at.getByLabel(words.question, { exact: true });
  const finished = () => at.locator(`article[aria-label="${words.answer}"][aria-busy="false"]`);
  const named = (name) => at.getByRole("button", { name, exact: true });
  return {
    words,
    finished,
    arrived: () => field().waitFor(),

    /** Sends with the keyboard; gives the answer once it is whole. */
    async ask(question) {
      const before = await finished().count();
      await field().fill(question);
      await field().press("Enter");
      const answer = finished().nth(before);
      await answer.waitFor();
      return answer;
    },

    chips: (answer) => answer.getByRole("button", { name: words.chip }),

    /** Opens the first citation and gives the words marked in its document. */
    async openCitation(answer) {
      await answer.getByRole("button", { name: words.chip }).first().click();
      const mark = at.getByTestId("cited-text");
      await mark.waitFor();
      const seen = await mark.evaluate((element) => {
        const { top, bottom } = element.getBoundingClientRect();
        return top >= 0 && bottom <= innerHeight;
      });
      return { text: await mark.innerText(), seen };
    },

    async closeSheet() {
      await named(words.close).click();
      await at.getByRole("dialog").waitFor({ state: "hidden" });
    },

    session: (title) => at.getByRole("button", { name: title, exact: true }),

    /** Deletes a conversation through its menu, confirming. */
    async remove(title) {
      await at.getByRole("button", { name: words.actions(title) }).click();
      await at.getByRole("menuitem", { name: words.remove }).click();
      await at.getByRole("dialog").getByRole("button", { name: words.remove }).click();
      await at.getByText(words.noSessions).waitFor();
    },
  };
}
