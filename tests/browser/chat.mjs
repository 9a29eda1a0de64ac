// What a person does on the chat page, in either language. `at` is a page or a frame.

export const WORDS = {
  zh: {
    question: "您的问题",
    answer: "回答",
    answering: "正在回答…",
    stop: "停止回答",
    chip: /^来源 \d+：/,
    close: "关闭",
    missingPart: "页面的一部分未能加载。",
    reload: "重新加载",
    openSessions: "查看全部对话",
    actions: (title) => `“${title}”的操作`,
    remove: "删除",
    removeTurn: "删除问题和回答",
    noSessions: "还没有对话",
    knowledge: "知识库",
    everything: "我能查看的全部内容",
    ownDocuments: "我的文档",
    openDocuments: (title) => `${title}的文档`,
    ready: "可用",
    address: "文档的网址",
    addAddress: "添加",
    removeDocument: (name) => `删除 ${name}`,
    noDocuments: "还没有文档。",
    oneBase: "1 个知识库",
    edit: "修改问题",
    editLabel: "修改后的问题",
    send: "发送",
    again: "重新回答",
    answers: "这个问题的不同回答",
    wordings: "这个问题的不同问法",
    before: "上一个",
    after: "下一个",
    good: "回答有帮助",
    bad: "回答没有帮助",
    why: "哪里不好？（选填）",
    tell: "提交",
    copy: "复制回答",
    copied: "已复制",
    menu: "本次对话的更多操作",
    settings: "对话设置",
    temperature: "发挥程度",
    topK: "阅读的段落数",
    save: "保存",
    newChat: "新对话",
    rename: "重命名",
    titleLabel: "标题",
    exportMarkdown: "导出为 Markdown",
    exportJson: "导出为 JSON",
    search: "搜索对话",
    nothingFound: "没有找到相关内容。",
    help: "帮助与外观",
    dark: "深色",
    attach: "添加文档",
    attached: "已添加的文档",
    waiting: "文档就绪后将自动发送问题。",
    detach: (name) => `移除 ${name}`,
    enlarge: (page) => `放大第 ${page} 页`,
    suggestions: "推荐问题",
    other: "Switch to English",
  },
  en: {
    question: "Your question",
    answer: "Answer",
    answering: "Answering…",
    stop: "Stop answering",
    chip: /^Source \d+: /,
    close: "Close",
    missingPart: "A part of this page could not be loaded.",
    reload: "Reload",
    openSessions: "Show conversations",
    actions: (title) => `Actions for “${title}”`,
    remove: "Delete",
    removeTurn: "Delete question and answer",
    noSessions: "No conversations yet",
    knowledge: "Knowledge",
    everything: "Everything I can read",
    ownDocuments: "My documents",
    openDocuments: (title) => `Documents of ${title}`,
    ready: "Ready",
    address: "Address of a document",
    addAddress: "Add",
    removeDocument: (name) => `Delete ${name}`,
    noDocuments: "No documents yet.",
    oneBase: "1 knowledge base",
    edit: "Edit the question",
    editLabel: "The question in other words",
    send: "Send",
    again: "Answer again",
    answers: "Answers to this question",
    wordings: "Wordings of this question",
    before: "Previous one",
    after: "Next one",
    good: "Good answer",
    bad: "Bad answer",
    why: "What was wrong? (optional)",
    tell: "Send",
    copy: "Copy answer",
    copied: "Copied",
    menu: "More about this chat",
    settings: "Chat settings",
    temperature: "Variety",
    topK: "Passages to read",
    save: "Save",
    newChat: "New chat",
    rename: "Rename",
    titleLabel: "Title",
    exportMarkdown: "Save as Markdown",
    exportJson: "Save as JSON",
    search: "Search conversations",
    nothingFound: "Nothing was found.",
    help: "Help and appearance",
    dark: "Dark",
    attach: "Attach documents",
    attached: "Attached documents",
    waiting: "Your question is sent as soon as the documents are ready.",
    detach: (name) => `Detach ${name}`,
    enlarge: (page) => `Enlarge page ${page}`,
    suggestions: "Suggested questions",
    other: "切换到中文",
  },
};

export const QUESTION = { zh: "电池保修多久？", en: "How many charge cycles is the battery covered for?" };

export function chat(at, lang) {
  const words = WORDS[lang];
  const field = () => at.getByLabel(words.question, { exact: true });
  const answers = (busy) => at.locator(`article[aria-label="${words.answer}"][aria-busy="${busy}"]`);
  const finished = () => answers(false);
  const named = (name) => at.getByRole("button", { name, exact: true });
  const confirm = () => at.getByRole("dialog").getByRole("button", { name: words.remove, exact: true }).click();
  return {
    words,
    named,
    finished,
    running: () => answers(true),
    arrived: () => field().waitFor(),

    /** Sends with the keyboard, as `ask` does, but waits for nothing. */
    async send(question) {
      await field().fill(question);
      await field().press("Enter");
    },

    /** Sends a question and gives its answer once that is whole. */
    async ask(question) {
      const before = await finished().count();
      await this.send(question);
      const answer = finished().nth(before);
      await answer.waitFor();
      return answer;
    },

    chips: (answer) => answer.getByRole("button", { name: words.chip }),

    /** The text of an answer once it stands as rich text with its citations. */
    async cited(answer) {
      await this.chips(answer).first().waitFor();
      return answer.locator(".md").innerText();
    },

    /** Opens the first citation and gives the words marked in its document. */
    async openCitation(answer) {
      await this.chips(answer).first().click();
      const mark = at.getByTestId("cited-text").first();
      await mark.waitFor();
      const seen = await mark.evaluate((element) => {
        const { top, bottom } = element.getBoundingClientRect();
        return top >= 0 && bottom <= innerHeight;
      });
      return { text: await mark.innerText(), seen };
    },

    async closeSheet() {
      await named(words.close).click();
      await named(words.close).waitFor({ state: "hidden" });
    },

    session: (title) => at.getByRole("button", { name: title, exact: true }),

    /** Deletes a conversation through its menu, confirming. */
    async remove(title) {
      await named(words.actions(title)).click();
      await at.getByRole("menuitem", { name: words.remove }).click();
      await confirm();
      await at.getByText(words.noSessions).waitFor();
    },

    /** Chooses from the menu of the shown conversation. */
    async menu(item) {
      await named(words.menu).click();
      await at.getByRole("menuitem", { name: item, exact: true }).click();
    },

    /** Which of how many is shown, such as "2/3". */
    which: (label) => at.getByRole("group", { name: label }).locator("span[aria-hidden]").filter({ hasText: "/" }),

    async removeTurn(answer) {
      const before = await finished().count();
      await answer.getByRole("button", { name: words.removeTurn }).click();
      await confirm();
      await finished().nth(before - 1).waitFor({ state: "detached" });
    },

    /** On a desk. */
    async openKnowledge() {
      await at.getByRole("navigation").getByRole("button", { name: words.knowledge }).click();
      await at.getByRole("dialog").getByRole("heading", { name: words.knowledge }).waitFor();
    },

    document: (name) => at.getByRole("dialog").getByRole("listitem").filter({ hasText: name }),

    async removeDocument(name) {
      await named(words.removeDocument(name)).click();
      await confirm();
    },
  };
}
