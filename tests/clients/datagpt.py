"""Walks through the life of clients of Custom Data GPT: both generations, and the one before them.

usage: datagpt.py BASE_URL SECRET SITE_URL

Written from the contract alone. SITE_URL has warranty.txt, longer.txt and master.txt.
"""

import sys

import requests
from exchange import Exchanges, has, is_

BASE, SECRET, SITE = sys.argv[1:]

exchanges = Exchanges()
http = requests.Session()
http.trust_env = False


def send(path, body, headers=None):
    answer = http.post(BASE + path, json=body, headers=headers, timeout=60)
    exchanges.note("POST", path, body, answer)
    return answer


def done(answer):
    is_(answer.status_code, 200)
    body = answer.json()
    is_((body["code"], body["msg"]), (0, "success"))
    return body["data"]


def refused(answer, status):
    is_(answer.status_code, status)
    body = has(answer.json(), "code", "msg", "error")
    is_(body["code"], 1)
    return body["error"]


def asks(body, times=2):
    """A conversation is whatever the client sends back."""
    history = []
    for turn in range(times):
        data = done(send("/chat", {**body, "history": history, "secret": SECRET}))
        assert data["answer"], data
        expected = [*history, f"Human: {body['question']}", f"Bot: {data['answer']}"]
        is_(data["history"], expected, f"turn {turn}")
        history = data["history"]
    return history[-1]


def early_clients_train_and_ask():
    body = {"file_list": [f"{SITE}/warranty.txt"], "model_name": 7, "get_file_type": "url"}
    sizes = done(send("/train", {**body, "secret": SECRET}))
    is_((sizes["model_name"], sizes["size_type"]), (7, "kb"))
    assert sizes["pkl_model_size"] > 0 and sizes["index_model_size"] >= 0, sizes
    answer = asks({"model_name": 7, "question": "How long is the warranty of the battery?"})
    assert "24 months" in answer, answer


def training_again_replaces():
    body = {"file_list": [f"{SITE}/longer.txt"], "model_name": 7, "get_file_type": "url"}
    done(send("/train", body, {"X-Api-Secret": SECRET}))
    answer = asks({"model_name": 7, "question": "How long is the warranty of the battery?"}, 1)
    assert "36 months" in answer, answer


def later_clients_train_upload_and_ask():
    bearer = {"Authorization": f"Bearer {SECRET}"}
    body = {"file_list": [f"{SITE}/warranty.txt"], "space_name": "policy", "file_tag": "a"}
    sizes = done(send("/train", body, bearer))
    has(sizes, "pkl_space_size", "index_space_size")
    is_(sizes["space_name"], "policy")
    prompt = done(send("/upload_prompt", {"file_list": [f"{SITE}/master.txt"]}, bearer))
    is_(prompt["size_type"], "kb")
    assert prompt["all_file_size"] > 0, prompt
    asked = {"space_name": "policy", "question": "How long is the warranty of the battery?"}
    asked |= {"model_name": "gpt-3.5-turbo", "prompt_name": "master"}
    answer = asks(asked)
    assert "24 months" in answer, answer


def what_is_wrong_is_said():
    is_(refused(send("/train", {"model_name": 7, "get_file_type": "url", "secret": SECRET}), 500), "'file_list'")
    empty = {"file_list": [], "model_name": 7, "get_file_type": "url", "secret": SECRET}
    is_(refused(send("/train", empty), 400), "No training data found")
    asked = {"model_name": "none", "question": "x", "history": [], "secret": SECRET}
    refused(send("/chat", asked), 500)
    refused(send("/chat", {**asked, "secret": "wrong"}), 401)
    not_txt = send("/upload_prompt", {"file_list": [f"{SITE}/a.md"], "secret": SECRET})
    is_((not_txt.status_code, not_txt.json()), (400, {"code": 1, "msg": "file is not txt"}))


def the_old_route_answers():
    asked = {"question": "How long is the warranty of the battery?", "history": []}
    answer = send("/", {**asked, "secret": SECRET})
    is_(answer.status_code, 200)
    is_((answer.json()["success"], "months" in answer.json()["answer"]), (True, True))
    wrong = send("/", {**asked, "secret": "wrong"})
    is_(wrong.status_code, 200)
    is_(wrong.text, '{"answer":null,"success":false,"message":"Unauthorised"}')
    broken = send("/", {"secret": SECRET})
    is_((broken.status_code, broken.text), (400, '{"answer":null,"success":false,"message":"Error"}'))


exchanges.walk(
    early_clients_train_and_ask,
    training_again_replaces,
    later_clients_train_upload_and_ask,
    what_is_wrong_is_said,
    the_old_route_answers,
)
