/** What the launcher says; the chat inside has its own words. */
import type { Lang } from "../i18n/lang";

const en = {
  title: "Chat",
  open: "Open chat",
  close: "Close chat",
  news: "Open chat, there is a new answer",
  failed: "The chat could not be opened.",
  stranger: "Sign in to use the chat.",
  retry: "Try again",
};

export type Words = typeof en;

export const WORDS: Record<Lang, Words> = {
  en,
  zh: {
    title: "对话",
    open: "打开对话",
    close: "关闭对话",
    news: "打开对话，有新的回答",
    failed: "暂时无法打开对话。",
    stranger: "请先登录再使用对话。",
    retry: "重试",
  },
};
