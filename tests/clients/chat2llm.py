"""Walks through the life of a user of Chat2LLM: token, conversations, history, base, recommendations.

usage: chat2llm.py BASE_URL CLIENT_ID CLIENT_KEY_FILE

Written from the contract alone: requests, a token made with the client's key in the header Api-Token,
streams by iter_content with one chunk as one JSON document.
"""

import base64
import json
import sys
import time
import uuid

import requests
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from exchange import Exchanges, has, is_, objects

BASE, CLIENT, KEY_FILE = sys.argv[1:]
STREAM = "text/event-stream; charset=utf-8"

exchanges = Exchanges()
http = requests.Session()
http.trust_env = False


def make_token(user, at=None):
    with open(KEY_FILE, "rb") as file:
        key = serialization.load_pem_public_key(file.read())
    plain = f"{CLIENT}|{user}|{user}|{at or time.time()}".encode()
    oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
    sealed = base64.b64encode(key.encrypt(plain, oaep)).decode()
    return base64.b64encode(f"{CLIENT}|{sealed}".encode()).decode()


TOKEN = {"Api-Token": make_token("张三")}
SESSION = uuid.uuid4().hex
state = {}


def send(method, path, headers=TOKEN, **given):
    given.setdefault("allow_redirects", False)
    # the cookie is for pages; a program shows its token each time
    http.cookies.clear()
    answer = http.request(method, BASE + path, headers=headers, timeout=60, **given)
    exchanges.note(method, path, given.get("json", given.get("data", given.get("params"))), answer)
    return answer


def enveloped(answer, code=200):
    is_(answer.status_code, 200)
    body = has(answer.json(), "code", "msg", "data")
    is_(body["code"], code, body["msg"])
    return body["data"]


def post(path, body, **given):
    return enveloped(send("POST", path, json=body, **given))


def get(path, **params):
    return enveloped(send("GET", path, params=params))


def stream(path, body):
    answer = http.post(BASE + path, json=body, headers=TOKEN, stream=True, timeout=60)
    is_(answer.status_code, 200, path)
    is_(answer.headers["content-type"], STREAM, path)
    pieces = [piece.decode() for piece in answer.iter_content(None)]
    exchanges.note("POST", path, body, answer, pieces)
    return objects(pieces)


def a_token_says_who_one_is():
    nobody = send("GET", "/user/info", headers={})
    is_(nobody.status_code, 401)
    is_(nobody.json(), {"detail": "Authentication required: 缺少Api-Token!"})
    wrong = send("GET", "/user/info", headers={"Api-Token": "bm9uc2Vuc2U="})
    is_((wrong.status_code, wrong.content.decode()), (401, "Authentication required: Api-Token无效!"))
    old = send("GET", "/user/info", headers={"Api-Token": make_token("张三", time.time() - 9 * 3_600)})
    is_((old.status_code, old.content.decode()), (401, "Authentication required: token过期!"))
    info = get("/user/info")
    is_((info["client_id"], info["user_id"], info["enable"]), (CLIENT, "张三", True))
    is_(len(info["create_time"]), len("2024-01-10T10:00:00"))


def a_base_has_a_chinese_name():
    new = {"knowledge_base_name": "policy", "kb_zh_name": "政策", "kb_info": "关于保修"}
    is_(post("/knowledge_base/create_knowledge_base", new), None)
    base = get("/knowledge_base/list_knowledge_bases_v2")[0]
    has(base, "vs_type", "embed_model", "file_count", "create_time")
    is_((base["kb_name"], base["kb_zh_name"], base["kb_info"]), ("policy", "政策", "关于保修"))
    changed = {"knowledge_base_name": "policy", "kb_zh_name": "保修政策"}
    is_(post("/knowledge_base/update_zh_name", changed), {"kb_zh_name": "保修政策"})
    files = [("files", ("保修.txt", "电池保修期为24个月。".encode(), "text/plain"))]
    upload = send("POST", "/knowledge_base/upload_docs", data={"knowledge_base_name": "policy"}, files=files)
    is_(enveloped(upload), {"failed_files": {}})


def one_may_ask_before_the_conversation_is_saved():
    body = {"session_id": SESSION, "query": "电池保修期多久", "stream": True, "temperature": 0.7}
    body |= {"max_tokens": 2000, "prompt_name": "default", "history_count": 5, "history": []}
    body |= {"top_k": 3, "score_threshold": 1, "split_result": False}
    pieces = stream("/chat/chat", body)
    state["first"] = pieces[0]["chat_history_id"]
    state["text"] = "".join(piece["text"] for piece in pieces)
    assert state["text"], pieces
    base = stream("/chat/knowledge_base_chat", {**body, "query": "屏幕呢", "knowledge_base_name": "policy"})
    assert "docs" in base[-1], base


def a_conversation_is_saved_and_listed():
    param = {"model_name": "zhipu-api", "query": None, "stream": True, "temperature": 0.7, "own": {"x": [1]}}
    saved = {"session_id": SESSION, "session_name": "电池", "mode": "LLM", "param": param}
    is_(post("/session/save", saved), True)
    is_(post("/session/save", {**saved, "session_name": "电池保修"}), True)
    sessions = get("/session/list")
    is_([one["session_id"] for one in sessions], [SESSION])
    is_((sessions[0]["session_name"], sessions[0]["mode"]), ("电池保修", "LLM"))
    # a text in which there is JSON
    kept = json.loads(sessions[0]["param"])
    is_((kept["temperature"], kept.get("own")), (0.7, {"x": [1]}))


def the_history_is_the_latest_first():
    latest = post("/history/latest", {"session_id": SESSION, "num": 2})
    is_([one["query"] for one in latest], ["屏幕呢", "电池保修期多久"])
    for one in latest:
        has(one, "id", "response", "docs", "create_time")
        assert isinstance(one["docs"], list) and isinstance(one["response"], str), one
    is_((latest[1]["id"], latest[1]["response"]), (state["first"], state["text"]))
    older = post("/history/latest", {"session_id": SESSION, "chat_id": latest[0]["id"], "num": 5})
    is_([one["id"] for one in older], [state["first"]])
    is_(post("/history/latest", {"session_id": SESSION, "chat_id": uuid.uuid4().hex, "num": 5}), [])


def an_answer_is_made_anew():
    body = {"session_id": SESSION, "query": "电池保修期多久", "stream": True, "history": []}
    again = stream("/chat/chat", {**body, "chat_history_id": state["first"]})
    is_({piece["chat_history_id"] for piece in again}, {state["first"]})
    # one that only the page knows
    made = stream("/chat/chat", {**body, "chat_history_id": uuid.uuid4().hex})
    assert made and all(piece["text"] for piece in made), made


def what_is_another_users_is_not_seen():
    other = {"Api-Token": make_token("李四")}
    is_(enveloped(send("GET", "/session/list", headers=other)), [])
    body = {"session_id": SESSION, "num": 5}
    answer = send("POST", "/history/latest", json=body, headers=other)
    assert SESSION not in answer.text and state["text"] not in answer.text, answer.text
    removed = send("POST", "/session/delete", json=SESSION, headers=other)
    assert removed.json()["data"] is not True or get("/session/list"), removed.text
    is_(len(get("/session/list")), 1)


def questions_are_recommended():
    is_(get("/recommend/question", num=6), [])
    post("/recommend/question", {"query": "电池保修多久？", "kb_name": "policy"})
    found = get("/recommend/question", num=6, kb_name="policy")
    is_([one["query"] for one in found], ["电池保修多久？"])
    has(found[0], "id", "kb_name", "answer", "tap_count", "enable", "create_time")


def a_conversation_is_removed_by_its_bare_id():
    headers = {**TOKEN, "content-type": "application/x-www-form-urlencoded"}
    is_(enveloped(send("POST", "/session/delete", data=SESSION, headers=headers)), True)
    is_(get("/session/list"), [])
    is_(enveloped(send("POST", "/session/delete", json=uuid.uuid4().hex)), True)
    short = send("POST", "/session/delete", json="abc")
    is_(short.status_code, 422)


def the_same_is_below_api():
    is_(enveloped(send("GET", "/api/user/info"))["user_id"], "张三")
    is_(enveloped(send("POST", "/api/knowledge_base/delete_knowledge_base", json="policy")), None)


exchanges.walk(
    a_token_says_who_one_is,
    a_base_has_a_chinese_name,
    one_may_ask_before_the_conversation_is_saved,
    a_conversation_is_saved_and_listed,
    the_history_is_the_latest_first,
    an_answer_is_made_anew,
    what_is_another_users_is_not_seen,
    questions_are_recommended,
    a_conversation_is_removed_by_its_bare_id,
    the_same_is_below_api,
)
