"""Walks through the life of a Langchain-Chatchat 0.2.7 client: its knowledge bases, then its chats.

usage: chatchat.py BASE_URL

Written from the contract alone, as its own web page does it: httpx, without a token, streams by
iter_text with one chunk as one JSON document.
"""

import sys

import httpx
from exchange import Exchanges, has, is_, objects

KB = "政策_policy"
TEXT = "电池保修期为24个月。\n\n屏幕保修期为6个月。\n"
STREAM = "text/event-stream; charset=utf-8"

exchanges = Exchanges()
client = httpx.Client(base_url=sys.argv[1], timeout=60, trust_env=False)
state = {}


def send(method, path, **given):
    answer = client.request(method, path, **given)
    exchanges.note(method, path, given.get("json", given.get("data", given.get("params"))), answer)
    return answer


def post(path, body=None, **given):
    answer = send("POST", path, json=body, **given) if body is not None else send("POST", path, **given)
    is_(answer.status_code, 200, path)
    return answer.json()


def get(path, **params):
    answer = send("GET", path, params=params)
    is_(answer.status_code, 200, path)
    return answer.json()


def envelope(answer, code=200, msg=None):
    is_(set(answer), {"code", "msg", "data"})
    is_(answer["code"], code, answer["msg"])
    if msg is not None:
        is_(answer["msg"], msg)
    return answer["data"]


def stream(path, body):
    """The pieces of a stream, as the network brings them."""
    with client.stream("POST", path, json=body) as answer:
        is_(answer.status_code, 200, path)
        is_(answer.headers["content-type"], STREAM, path)
        pieces = list(answer.iter_text(None))
        exchanges.note("POST", path, body, answer, pieces)
    return pieces


def a_base_is_made():
    is_(envelope(get("/knowledge_base/list_knowledge_bases")), [])
    new = {"knowledge_base_name": KB, "vector_store_type": "faiss", "embed_model": "m3e-base"}
    envelope(post("/knowledge_base/create_knowledge_base", new), 200, f"已新增知识库 {KB}")
    envelope(post("/knowledge_base/create_knowledge_base", new), 404, f"已存在同名知识库 {KB}")
    blank = {"knowledge_base_name": " "}
    envelope(post("/knowledge_base/create_knowledge_base", blank), 404, "知识库名称不能为空，请重新填写知识库名称")
    outside = {"knowledge_base_name": "../x"}
    envelope(post("/knowledge_base/create_knowledge_base", outside), 403, "Don't attack me")
    is_(envelope(get("/knowledge_base/list_knowledge_bases")), [KB])


def documents_are_uploaded():
    # booleans as Python's clients send them
    data = {
        "knowledge_base_name": KB,
        "override": True,
        "to_vector_store": True,
        "chunk_size": 250,
        "chunk_overlap": 50,
        "zh_title_enhance": False,
        "docs": "{}",
        "not_refresh_vs_cache": False,
    }
    data = {key: str(value) for key, value in data.items()}
    files = [("files", ("保修.txt", TEXT.encode(), "text/plain")), ("files", ("x.exe", b"MZ", "application/x"))]
    answer = send("POST", "/knowledge_base/upload_docs", data=data, files=files)
    is_(answer.status_code, 200)
    failed = envelope(answer.json(), 200, "文件上传与向量化完成")["failed_files"]
    is_(list(failed), ["x.exe"])
    assert "暂未支持的文件格式" in failed["x.exe"], failed
    is_(envelope(get("/knowledge_base/list_files", knowledge_base_name=KB)), ["保修.txt"])


def documents_are_found():
    body = {"query": "电池保修期多久", "knowledge_base_name": KB, "top_k": 3, "score_threshold": 1}
    found = post("/knowledge_base/search_docs", body)
    assert isinstance(found, list) and found, found
    has(found[0], "page_content", "metadata", "score")
    assert "24个月" in found[0]["page_content"], found
    has(found[0]["metadata"], "source")
    assert 0 <= found[0]["score"] <= 1, found
    is_(post("/knowledge_base/search_docs", {**body, "knowledge_base_name": "none"}), [])


def documents_are_changed_and_read_back():
    info = {"knowledge_base_name": KB, "kb_info": "关于保修"}
    is_(envelope(post("/knowledge_base/update_info", info), 200, "知识库介绍修改完成"), {"kb_info": "关于保修"})
    again = {"knowledge_base_name": KB, "file_names": ["保修.txt"], "docs": "{}", "override_custom_docs": False}
    is_(envelope(post("/knowledge_base/update_docs", again), 200, "更新文档完成")["failed_files"], {})
    params = {"knowledge_base_name": KB, "file_name": "保修.txt"}
    answer = send("GET", "/knowledge_base/download_doc", params=params)
    is_(answer.status_code, 200)
    is_(answer.content, TEXT.encode())
    assert "filename" in answer.headers["content-disposition"], answer.headers
    lost = send("GET", "/knowledge_base/download_doc", params={**params, "file_name": "none.txt"})
    is_(lost.status_code, 200)
    is_(lost.json()["code"], 500)


def questions_are_answered():
    body = {"query": "你好", "history": [], "stream": True, "temperature": 0.7, "max_tokens": 200}
    body |= {"model_name": "zhipu-api", "prompt_name": "default", "unknown": "ignored"}
    pieces = objects(stream("/chat/chat", body))
    assert len(pieces) > 1, pieces
    is_({frozenset(piece) for piece in pieces}, {frozenset({"text", "chat_history_id"})})
    is_(len({piece["chat_history_id"] for piece in pieces}), 1)
    state["id"] = pieces[0]["chat_history_id"]
    is_(len(state["id"]), 32)
    text = "".join(piece["text"] for piece in pieces)
    whole = objects(stream("/chat/chat", {**body, "stream": False}))
    is_(len(whole), 1)
    is_(whole[0]["text"], text)
    history = [{"role": "user", "content": "你好"}, {"role": "assistant", "content": f"<p>{text}</p>\n"}]
    assert objects(stream("/chat/chat", {**body, "history": history}))


def questions_are_answered_from_a_base():
    body = {"query": "电池保修期多久", "knowledge_base_name": KB, "top_k": 3, "score_threshold": 1}
    body |= {"history": [], "stream": True, "temperature": 0}
    pieces = objects(stream("/chat/knowledge_base_chat", body))
    is_(list(pieces[-1]), ["docs"])
    is_({tuple(piece) for piece in pieces[:-1]}, {("answer",)})
    assert pieces[-1]["docs"][0].startswith("出处 [1] [保修.txt](http"), pieces[-1]
    whole = objects(stream("/chat/knowledge_base_chat", {**body, "stream": False}))
    is_([set(piece) for piece in whole], [{"answer", "docs"}])
    lost = post("/chat/knowledge_base_chat", {**body, "knowledge_base_name": "none"})
    envelope(lost, 404, "未找到知识库 none")


def other_ways_to_ask():
    body = {"query": "你好", "stream": True}
    agent = objects(stream("/chat/agent_chat", body))
    assert "final_answer" in agent[-1], agent
    raw = stream("/other/completion", {**body, "echo": False})
    assert "".join(raw), raw
    messages = {"model": "zhipu-api", "messages": [{"role": "user", "content": "hello"}], "stream": True}
    assert "".join(stream("/chat/fastchat", messages))
    engine = post("/chat/search_engine_chat", {"query": "x", "search_engine_name": "none"})
    envelope(engine, 404, "未支持搜索引擎 none")
    rated = {"chat_history_id": state["id"], "score": 100, "reason": "好"}
    envelope(post("/chat/feedback", rated), 200, f"已反馈聊天记录 {state['id']}")


def models_and_settings_are_listed():
    running = envelope(post("/llm_model/list_running_models"))
    assert isinstance(running, dict) and running, running
    # of models of vendors, if any is set up
    for name in envelope(post("/llm_model/list_config_models")):
        envelope(post("/llm_model/get_model_config", {"model_name": name}))
    has(post("/server/configs"), "controller_address", "openai_api_address", "api_address")
    assert isinstance(envelope(post("/server/list_search_engines")), list)
    prompt = send("POST", "/server/get_prompt_template", json={"type": "llm_chat", "name": "default"})
    assert prompt.status_code == 200 and isinstance(prompt.json(), str), prompt.text


def what_is_wrong_is_said_as_fastapi_does():
    answer = send("POST", "/chat/chat", json={})
    is_(answer.status_code, 422)
    missing = {"loc": ["body", "query"], "msg": "field required", "type": "value_error.missing"}
    is_(answer.json(), {"detail": [missing]})
    is_(send("GET", "/knowledge_base/none").json(), {"detail": "Not Found"})


def the_base_is_built_anew():
    body = {"knowledge_base_name": KB, "allow_empty_kb": True, "vs_type": "faiss", "embed_model": "m3e-base"}
    pieces = objects(stream("/knowledge_base/recreate_vector_store", body))
    expected = {"code": 200, "msg": "(1 / 1): 保修.txt", "total": 1, "finished": 1, "doc": "保修.txt"}
    is_(pieces, [expected])


def all_is_removed():
    body = {"knowledge_base_name": KB, "file_names": ["保修.txt", "none.txt"], "delete_content": True}
    failed = envelope(post("/knowledge_base/delete_docs", body), 200, "文件删除完成")["failed_files"]
    is_(list(failed), ["none.txt"])
    query = {"query": "电池", "knowledge_base_name": KB}
    is_(post("/knowledge_base/search_docs", query), [])
    # the body is the bare name
    envelope(post("/knowledge_base/delete_knowledge_base", KB), 200, f"成功删除知识库 {KB}")
    envelope(post("/knowledge_base/delete_knowledge_base", KB), 404, f"未找到知识库 {KB}")
    is_(envelope(get("/knowledge_base/list_knowledge_bases")), [])


exchanges.walk(
    a_base_is_made,
    documents_are_uploaded,
    documents_are_found,
    documents_are_changed_and_read_back,
    questions_are_answered,
    questions_are_answered_from_a_base,
    other_ways_to_ask,
    models_and_settings_are_listed,
    what_is_wrong_is_said_as_fastapi_does,
    the_base_is_built_anew,
    all_is_removed,
)
