/** The English texts; their shape is what every other language must fill. */
import type { ErrorCode } from "../api/error";
import type { DocumentState, SessionSettings } from "../api/types";
import type { Look } from "../ui/looks";
import type { Shortcut } from "../ui/shortcuts";
import { purse } from "./purse.en";

/** What happened, then what to do. */
const errors: Record<ErrorCode, string> = {
  unauthenticated: "Your session has ended. Open the chat again from where you came.",
  forbidden: "You may not do this here.",
  not_found: "This is not here any more. Reload the page to see what is.",
  taken: "This name is taken already. Choose another one.",
  conflict: "This is not possible right now. Try again in a moment.",
  stale: "Somebody changed this meanwhile. Load it again.",
  too_large: "This is too large. Try it with less.",
  unsupported: "This kind of file is not supported. PDF, Office, mail, web pages and text are.",
  invalid: "This was not accepted. Check it and try again.",
  throttled: "Too many requests at the moment. Wait a little.",
  out_of_credit: "There is not enough credit for this.",
  unavailable: "The service is not available right now. Nothing is lost; try again in a moment.",
  upstream: "The model or the other site did not answer. Try again in a moment.",
  internal: "Something went wrong on our side. Try again in a moment.",
  interrupted: "The server was restarted while answering. What was written so far is kept.",
  offline: "No connection to the server. Check your network.",
  lost: "The connection could not be restored. What was written so far is kept.",
};

const documentStates: Record<DocumentState, string> = {
  uploaded: "Waiting",
  extracting: "Reading",
  embedding: "Indexing",
  ready: "Ready",
  failed: "Failed",
};

const looks: Record<Look, string> = { auto: "As the device", light: "Light", dark: "Dark" };

const shortcuts: Record<Shortcut, string> = {
  help: "Show this help",
  newChat: "New chat",
  question: "Go to the question",
  search: "Search conversations",
  copy: "Copy the latest answer",
  stop: "Stop answering",
  latest: "Jump to the latest message",
};

const settingNames: Record<keyof SessionSettings, string> = {
  model: "Model",
  prompt: "Instructions",
  temperature: "Variety",
  max_tokens: "Longest answer",
  top_k: "Passages to read",
  threshold: "Least match",
  history_count: "Memory",
};

const settingHints: Record<keyof SessionSettings, string> = {
  model: "Which model writes the answers.",
  prompt: "Which instructions the model follows.",
  temperature: "0 to 2. Low answers the same way each time; high words it more freely.",
  max_tokens: "In tokens: one is about ¾ of an English word or one Chinese character.",
  top_k: "1 to 20. How many passages of your documents the model is given.",
  threshold: "0 to 1. Passages that match the question less than this are left out.",
  history_count: "0 to 30. How many earlier questions of this chat the model is told.",
};

export const en = {
  /** Between two sentences. */
  gap: " ",
  loading: "Loading…",
  close: "Close",
  cancel: "Cancel",
  save: "Save",
  remove: "Delete",
  retry: "Try again",
  more: "More",
  errors,
  purse,

  noEntry: {
    title: "Open this page from where you came",
    text: "This chat is opened by a link that says who you are. Go back to the site or app you came from and open the chat there.",
  },
  refused: {
    title: "This link cannot be used any more",
    text: "A link opens the chat once and only for a few minutes. Go back to the site or app you came from and open the chat again.",
  },
  ended: {
    title: "Your session has ended",
    text: "Your conversations are kept. Open the chat again to go on.",
    framed: "Your conversations are kept. Reload the page around this chat to go on.",
    again: "Open the chat again",
  },
  failed: { title: "The chat could not be opened" },
  broken: {
    title: "Something went wrong on this page",
    text: "Your conversations are kept. Reload the page to go on.",
  },
  missingPart: { text: "A part of this page could not be loaded.", reload: "Reload" },

  nav: {
    sessions: "Conversations",
    openSessions: "Show conversations",
    newChat: "New chat",
    knowledge: "Knowledge",
    language: "中文",
    languageLabel: "切换到中文",
    help: "Help and appearance",
    skip: "Skip to the question",
    menu: "More about this chat",
  },

  sessions: {
    today: "Today",
    week: "Last 7 days",
    older: "Earlier",
    none: "No conversations yet",
    untitled: "Untitled",
    actions: (title: string) => `Actions for “${title}”`,
    rename: "Rename",
    exportMarkdown: "Save as Markdown",
    exportJson: "Save as JSON",
    notExported: "The conversation was not saved.",
    renameTitle: "Rename conversation",
    renameLabel: "Title",
    removeTitle: "Delete this conversation?",
    removeText: (title: string) => `“${title}” and all its answers will be gone for good.`,
  },

  chat: {
    welcome: "How can I help?",
    welcomeText: "Ask in your own words. Answers name the documents they come from.",
    suggestions: "Suggested questions",
    answersFrom: "Answers come from",
    transcript: "Conversation",
    question: "Your question",
    answer: "Answer",
    placeholder: "Ask a question…",
    send: "Send",
    stop: "Stop answering",
    tooLong: (count: number, limit: number) => `${count} of ${limit} characters`,
    thinking: "Looking it up…",
    answering: "Answering…",
    answered: "Answer complete.",
    reconnecting: "Connection lost. Reconnecting…",
    reconnect: "Reconnect",
    offline: "You are offline. Answers go on as soon as you are back.",
    stopped: "Stopped",
    empty: "There is no answer to this.",
    askAgain: "Ask again",
    remove: "Delete question and answer",
    removeTitle: "Delete this question and its answer?",
    removeText: (question: string) => `“${question}” and its answer will be gone for good.`,
    copy: "Copy answer",
    copied: "Copied",
    copyCode: "Copy code",
    older: "Load earlier messages",
    latest: "Jump to the latest message",
    waitSeconds: (seconds: number) => `Try again in ${seconds} s.`,
    tokens: (input: string, output: string) => `${input} tokens read, ${output} written`,
  },

  turns: {
    edit: "Edit the question",
    editLabel: "The question in other words",
    editHint: "The earlier wording is kept.",
    again: "Answer again",
    wordings: "Wordings of this question",
    answers: "Answers to this question",
    before: "Previous one",
    after: "Next one",
    which: (n: number, count: number) => `${n} of ${count}`,
    good: "Good answer",
    bad: "Bad answer",
    why: "What was wrong? (optional)",
    tell: "Send",
    skip: "Skip",
  },

  attach: {
    add: "Attach documents",
    list: "Attached documents",
    remove: (name: string) => `Detach ${name}`,
    sending: "Sending",
    waiting: "Your question is sent as soon as the documents are ready.",
  },

  settings: {
    title: "Chat settings",
    about: "For this conversation only. What is left empty is as the server is set up.",
    standard: "As set up",
    reset: "Reset all",
    between: (min: number, max: number) => `From ${min} to ${max}.`,
    names: settingNames,
    hints: settingHints,
  },

  search: {
    placeholder: "Search conversations",
    results: "Search results",
    none: "Nothing was found.",
    count: (count: number) => (count === 1 ? "1 place found" : `${count} places found`),
  },

  help: {
    title: "Help and appearance",
    look: "Appearance",
    looks,
    keys: "Keyboard",
    shortcuts,
    send: "Send the question",
    line: "New line",
    leave: "Close what is open",
  },

  sources: {
    title: "Sources",
    all: (count: number) => `Show all ${count}`,
    chip: (n: number, name: string) => `Source ${n}: ${name}`,
    page: (page: number) => `page ${page}`,
    cited: "Cited passage",
    earlier: "Show text before",
    later: "Show text after",
    picture: (name: string, page: number) => `Page ${page} of ${name}`,
    noPicture: "There is no picture of this page.",
    enlarge: (page: number) => `Enlarge page ${page}`,
    pageBefore: "Page before",
    pageAfter: "Page after",
    gone: "This document is not available any more. The passage as it was cited:",
  },

  knowledge: {
    title: "Knowledge",
    all: "All knowledge",
    nothing: "No knowledge",
    some: (count: number) => (count === 1 ? "1 knowledge base" : `${count} knowledge bases`),
    choose: "This chat may use",
    limit: (count: number) => `Choose up to ${count}, or all.`,
    useAll: "Everything I can read",
    none: "There are no knowledge bases yet.",
    own: "Mine",
    documents: (count: number) => (count === 1 ? "1 document" : `${count} documents`),
    open: (title: string) => `Documents of ${title}`,
    back: "Back to all knowledge",
    noDocuments: "No documents yet.",
    upload: "Upload documents",
    address: "Address of a document",
    addAddress: "Add",
    addingMany: (name: string, waiting: number) => `Adding ${name}, ${waiting} to go…`,
    kinds: "PDF, Word, PowerPoint, Excel, text, web pages, e-mail and more; archives (.zip) are opened.",
    replace: "Replace it",
    off: "Switched off",
    adding: (name: string) => `Adding ${name}…`,
    addFailed: (name: string) => `${name} was not added.`,
    ownTitle: "My documents",
    ownText: "Add documents only you can ask about.",
    removeTitle: "Delete this document?",
    removeText: (name: string) => `“${name}” will no longer be found in answers.`,
    removeLabel: (name: string) => `Delete ${name}`,
    states: documentStates,
    unread: "This document could not be read. Delete it and upload another copy.",
    pages: (count: number) => (count === 1 ? "1 page" : `${count} pages`),
    pageErrors: (count: number) => (count === 1 ? "1 page could not be read" : `${count} pages could not be read`),
  },
};

export type Texts = typeof en;
