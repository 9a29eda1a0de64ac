"""Walks through the API with the client that openapi-python-client makes of openapi/native.json.

usage: contract.py BASE_URL API_TOKEN PDF
"""

import builtins
import importlib
import pkgutil
import sys
import time
from http import HTTPStatus
from pathlib import Path
from uuid import uuid4

import concierge_client
from concierge_client import AuthenticatedClient, models
from concierge_client.types import File, Unset

PATIENCE_SECONDS = 60

# the generator forgets this import where a body has several forms (its issue 1451)
builtins.Unset = Unset


def modules():
    """Every module of the client, imported: what it could not name shows here. Returns the operations."""
    found = pkgutil.walk_packages(concierge_client.__path__, "concierge_client.")
    imported = {module.name: importlib.import_module(module.name) for module in found}
    calls = (module for module in imported.values() if hasattr(module, "sync_detailed"))
    return {module.__name__.rsplit(".", 1)[1]: module for module in calls}


class Api:
    """The operations by name. Each call is checked: the status, and that the body was understood."""

    def __init__(self, operations, client):
        self.operations, self.client = operations, client

    def call(self, operation, *path, status=HTTPStatus.OK, **given):
        answer = self.operations[operation].sync_detailed(*path, client=self.client, **given)
        assert answer.status_code == status, (operation, answer.status_code, answer.content)
        if status != HTTPStatus.NO_CONTENT:
            assert answer.parsed is not None, (operation, answer.content)
        return answer.parsed

    def refused(self, operation, *path, status, code, **given):
        problem = self.call(operation, *path, status=status, **given)
        assert isinstance(problem, models.Problem) and problem.code == code, problem
        assert problem.detail and problem.request_id, problem


def signed_in(operations, base_url, token):
    """A token, sent with the request, becomes a session."""
    arrival = AuthenticatedClient(base_url, token, prefix="", auth_header_name="Api-Token")
    session = Api(operations, arrival).call("exchange_token")
    assert session.token_type == "Bearer", session
    return Api(operations, AuthenticatedClient(base_url, session.access_token))


def uploaded(api, base, pdf):
    with pdf.open("rb") as file:
        form = models.AddDocumentFilesBody(file=File(payload=file, file_name=pdf.name))
        document = api.call("add_document", base.id, body=form, status=HTTPStatus.ACCEPTED)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while document.state not in (models.DocumentState.READY, models.DocumentState.FAILED):
        assert time.monotonic() < deadline, document
        time.sleep(0.05)
        document = api.call("get_document", document.id)
    assert document.state == models.DocumentState.READY, document.reason
    assert document.pages > 1 and document.chunks > 1 and document.name == pdf.name, document
    return document


def knows(api, pdf):
    """Knowledge: a base, a document, a search."""
    base = api.call(
        "create_knowledge_base", body=models.NewKnowledgeBase(name="manual", title="手册"), status=HTTPStatus.CREATED
    )
    assert (base.name, base.title) == ("manual", "手册"), base
    change = models.KnowledgeBaseChange(description="Warranty · 保修")
    assert api.call("update_knowledge_base", base.id, body=change).description == "Warranty · 保修"
    api.refused(
        "create_knowledge_base",
        body=models.NewKnowledgeBase(name="manual"),
        status=HTTPStatus.CONFLICT,
        code=models.ProblemCode.TAKEN,
    )
    document = uploaded(api, base, pdf)
    listed = api.call("list_documents", base.id)
    assert [it.id for it in listed.items] == [document.id] and listed.next_cursor is None, listed
    found = api.call("search_knowledge_base", base.id, body=models.SearchRequest(query="E07 是什么故障？", limit=3))
    assert 1 <= len(found.passages) <= 3 and "E07" in found.passages[0].text, found
    page = api.call("list_chunks", document.id, limit=1)
    assert len(page.items) == 1 and page.next_cursor, page
    second = api.call("list_chunks", document.id, limit=1, cursor=page.next_cursor)
    assert second.items[0].id != page.items[0].id, second
    return base, document


def asks(api, base, document):
    """Chat: a conversation, a question, its answer with where it is from."""
    session = api.call(
        "create_session", body=models.NewSession(knowledge_base_ids=[base.id]), status=HTTPStatus.CREATED
    )
    question = models.Question(content="E07 是什么故障？", id=uuid4())
    answer = api.call("ask", session.id, body=question)
    assert answer.state == models.MessageState.DONE and "85 摄氏度" in answer.content, answer
    assert answer.reply_to == question.id and answer.error is None, answer
    citation = next(it for it in answer.citations if "85 摄氏度" in it.quote)
    assert citation.document_id == document.id, citation
    # the quote stands where the citation says
    text = api.call("get_document_text", document.id, start=citation.start, end=citation.end)
    assert text.text == citation.quote, (text, citation)
    # asked twice with one id is asked once
    assert api.call("ask", session.id, body=question).id == answer.id
    said = api.call("list_messages", session.id).items
    assert [it.role for it in said] == [models.MessageRole.ASSISTANT, models.MessageRole.USER], said
    renamed = api.call("update_session", session.id, body=models.SessionChange(title="保修"))
    assert renamed.title == "保修", renamed
    return session


def leaves(api, session, base):
    api.refused(
        "ask",
        session.id,
        body=models.Question(content=""),
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        code=models.ProblemCode.INVALID,
    )
    api.call("delete_session", session.id, status=HTTPStatus.NO_CONTENT)
    api.refused("get_session", session.id, status=HTTPStatus.NOT_FOUND, code=models.ProblemCode.NOT_FOUND)
    api.call("delete_knowledge_base", base.id, status=HTTPStatus.NO_CONTENT)
    assert api.call("list_knowledge_bases").items == []


def main(base_url, token, pdf):
    operations = modules()
    stranger = Api(operations, AuthenticatedClient(base_url, "nobody"))
    stranger.refused("get_me", status=HTTPStatus.UNAUTHORIZED, code=models.ProblemCode.UNAUTHENTICATED)
    api = signed_in(operations, base_url, token)
    me = api.call("get_me")
    assert (me.client_id, me.username) == ("acme", "ann"), me
    base, document = knows(api, Path(pdf))
    session = asks(api, base, document)
    leaves(api, session, base)
    print("walked through an API of", len(operations), "operations")


if __name__ == "__main__":
    main(*sys.argv[1:])
