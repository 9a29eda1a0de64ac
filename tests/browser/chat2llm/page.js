// A page that calls the server as existing Chat2LLM pages do; written from what they were seen to do,
// good and bad. It is built of nothing, so that `[dialects] h5_dir` can point at this folder.
const app = document.getElementById("app");
const DEFAULTS = { stream: true, max_tokens: 2000, prompt_name: "default", history_count: 5 };
const HEADERS_MS_MAX = 20_000;

/** All open conversations, those of the server and those not saved yet. */
let sessions = [];
let bases = [];

const hex = () => crypto.randomUUID().replaceAll("-", "");
const client = () => localStorage.getItem("client") ?? "0";
const token = () => sessionStorage.getItem("Api-Token");

function toast(text) {
  document.getElementById("toast").textContent = text;
}

/** As axios was set up: the token in a header, and success only with both codes. */
async function call(path, { method = "GET", body, type = "application/json" } = {}) {
  const headers = { "Api-Token": token() };
  if (body !== undefined) headers["content-type"] = type;
  const answer = await fetch(`/api${path}`, { method, headers, body, signal: AbortSignal.timeout(50_000) });
  if (answer.status === 401) {
    sessionStorage.removeItem("Api-Token");
    location.href = `/api/sso?client=${client()}`;
    return undefined;
  }
  const envelope = await answer.json();
  if (answer.status !== 200 || envelope.code !== 200) {
    toast(envelope.msg);
    return undefined;
  }
  return envelope.data;
}

const post = (path, json) => call(path, { method: "POST", body: JSON.stringify(json) });

/** The raw id, under the media type that axios gives a string. */
const remove = (id) => call("/session/delete", { method: "POST", body: id, type: "application/x-www-form-urlencoded" });

function save(session) {
  const { temperature, knowledge_base_name } = session;
  const param = { query: null, ...DEFAULTS, temperature, knowledge_base_name, top_k: 3, score_threshold: 1, split_result: false };
  return post("/session/save", { session_id: session.id, session_name: session.name, mode: session.mode, param });
}

async function load() {
  const listed = (await call("/session/list")) ?? [];
  for (const one of listed) {
    if (sessions.some((session) => session.id === one.session_id)) continue;
    // a text, or the page does not start
    const param = JSON.parse(one.param);
    sessions.push({ ...param, id: one.session_id, name: one.session_name, mode: one.mode, records: [], saved: true });
  }
}

/** Markdown with HTML off, as far as these tests need it. */
function render(markdown) {
  const text = markdown.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const strong = text.replace(/\*\*(.+?)\*\*/g, "<strong>$1</strong>");
  return strong.split(/\n{2,}/).map((paragraph) => `<p>${paragraph}</p>\n`).join("");
}

/** One read is one document; two that came together are told apart by their braces. */
function documents(text) {
  try {
    return [JSON.parse(text)];
  } catch {
    return JSON.parse(`[${text.replaceAll("}{", "},{")}]`);
  }
}

/** Without the token: that is how these pages ask. */
async function ask(session, query, replaced) {
  const knowledge = session.mode === "Knowledge";
  const history = session.records.slice(-DEFAULTS.history_count).map(({ role, html, text }) => ({
    role,
    content: role === "assistant" ? html : text,
  }));
  const body = { session_id: session.id, query, ...DEFAULTS, temperature: knowledge ? 0 : 0.7, history };
  Object.assign(body, { top_k: 3, score_threshold: 1, split_result: false });
  if (knowledge) body.knowledge_base_name = session.knowledge_base_name;
  // back from the server it has a model, and a base even where none was chosen
  if (session.saved) Object.assign(body, { model_name: session.model_name, knowledge_base_name: session.knowledge_base_name ?? "" });
  if (replaced) body.chat_history_id = replaced;
  else session.records.push({ role: "user", text: query });
  const answer = { role: "assistant", id: replaced ?? hex(), text: "", html: "", docs: [] };
  session.records.push(answer);
  try {
    await read(session, body, answer);
  } catch (error) {
    answer.text = error.message;
  }
  if (!answer.text) answer.text = "抱歉, 走神了. 请再问一次.";
  answer.html = render(answer.text);
  answer.done = true;
}

async function read(session, body, answer) {
  const knowledge = session.mode === "Knowledge";
  const stop = new AbortController();
  const late = setTimeout(() => stop.abort(), HEADERS_MS_MAX);
  const response = await fetch(`/api/chat/${knowledge ? "knowledge_base_chat" : "chat"}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    signal: stop.signal,
  });
  clearTimeout(late);
  const type = response.headers.get("content-type");
  if (!type?.startsWith("text/event-stream")) {
    throw new Error(`Expected content-type to be text/event-stream, Actual: ${type}`);
  }
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    // each on its own
    for (const piece of documents(new TextDecoder().decode(value))) {
      if (!knowledge) answer.text += piece.text ?? "";
      else if (piece.docs) answer.docs = piece.docs;
      else answer.text += piece.answer ?? JSON.stringify(piece);
    }
    show();
  }
}

async function history(session, num) {
  const oldest = session.records.find((record) => record.id);
  const wanted = { session_id: session.id, num, ...(oldest && { chat_id: oldest.id }) };
  const rows = (await post("/history/latest", wanted)) ?? [];
  for (const { id, query, response, docs } of rows) {
    const answer = { role: "assistant", id, text: response, html: render(response), docs: [...docs], done: true };
    session.records.unshift({ role: "user", text: query }, answer);
  }
  show();
}

function element(tag, text, attributes = {}) {
  const made = document.createElement(tag);
  made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function button(text, act) {
  const made = element("button", text);
  made.addEventListener("click", act);
  return made;
}

function go(path) {
  const [, open] = location.pathname.match(/^\/session\/(.+)$/) ?? [];
  const left = sessions.find((session) => session.id === open && session.records.length > 0);
  if (left && !left.saved) save(left).then(() => (left.saved = true));
  window.history.pushState(null, "", path);
  return route();
}

async function home() {
  const [user, listed, questions] = await Promise.all([
    call("/user/info"),
    call("/knowledge_base/list_knowledge_bases_v2"),
    call("/recommend/question?num=6"),
    // while there is none
    sessions.length === 0 ? load() : undefined,
  ]);
  bases = listed ?? [];
  if (!user) return;
  app.replaceChildren(element("h1", `${user.username}${user.enable ? "" : " 禁用"}`));
  for (const { query } of questions ?? []) app.append(element("q", query));
  app.append(button("新对话", () => begin("LLM")));
  for (const { kb_name, kb_zh_name } of bases) {
    app.append(button(`知识库 ${kb_zh_name || kb_name}`, () => begin("Knowledge", kb_name)));
  }
  const list = element("ul", "", { "aria-label": "会话" });
  for (const session of sessions) {
    const item = element("li", "");
    item.append(
      button(session.name, () => go(`/session/${session.id}`)),
      button("删除", async () => {
        if ((await remove(session.id)) !== true) return;
        sessions = sessions.filter((one) => one !== session);
        home();
      }),
    );
    list.append(item);
  }
  app.append(list);
}

function begin(mode, knowledge_base_name) {
  const session = { id: hex(), name: mode === "LLM" ? "对话" : knowledge_base_name, mode, knowledge_base_name, records: [] };
  sessions.push(session);
  return go(`/session/${session.id}`);
}

let shown;

function show() {
  const session = shown;
  if (!session) return;
  const list = element("ol", "", { "aria-label": "记录" });
  for (const record of session.records) {
    const item = element("li", "", { class: record.role, "data-done": record.done ?? record.role === "user" });
    // questions go in as they were typed
    item.innerHTML = record.role === "user" ? record.text : record.html || render(record.text);
    if (record.docs?.length) item.append(element("pre", record.docs.join("\n"), { "aria-label": "参考" }));
    list.append(item);
  }
  const input = element("input", "", { "aria-label": "问题" });
  const last = session.records.findLast(({ role }) => role === "user");
  const answer = session.records.findLast(({ role }) => role === "assistant");
  app.replaceChildren(
    button("返回", () => go("/home")),
    button("加载更多", () => history(session, 5)),
    list,
    input,
    button("发送", async () => {
      await ask(session, input.value);
      show();
    }),
    button("重新生成", async () => {
      session.records.pop();
      await ask(session, last.text, answer.id);
      show();
    }),
  );
}

async function open(id) {
  if (sessions.length === 0) await load();
  shown = sessions.find((session) => session.id === id);
  if (!shown) return go("/home");
  if (shown.saved && shown.records.length === 0) await history(shown, 2);
  show();
  return undefined;
}

async function route() {
  shown = undefined;
  const { pathname, search } = location;
  const query = new URLSearchParams(search);
  if (pathname === "/401") return app.replaceChildren(element("h1", query.get("message")));
  if (pathname === "/sso") {
    if (!query.get("token")) return location.replace("/401?message=token无效");
    sessionStorage.setItem("Api-Token", query.get("token"));
    window.history.replaceState(null, "", "/home");
    return home();
  }
  if (!token()) return (location.href = `/api/sso${search || "?"}client=${client()}`);
  const [, id] = pathname.match(/^\/session\/(.+)$/) ?? [];
  return id ? open(id) : home();
}

addEventListener("popstate", route);
route();
