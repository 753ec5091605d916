"""Hooks of eaf-host/dev/fuzz for schemathesis: ids that exist, and one check of our own.

A random id finds nothing, and a product refuses for reasons of its own (a closed offering, a
decided request). The check fails if the host does not understand a request that the document
allows.
"""

import json
import os
import re
import urllib.request

import schemathesis
from schemathesis import GenerationMode

URL = os.environ["EAF_URL"]
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
POSITION = re.compile(r"[0-9]{1,9}-[0-9]{1,18}")

# Codes of the host for requests that it does not understand; docs/errors.md has all codes.
NOT_UNDERSTOOD = {
    "body-invalid",
    "body-unreadable",
    "idempotency-key-invalid",
    "malformed-json",
    "query-invalid",
    "unsupported-media-type",
}
# A cursor is opaque and comes from an answer; no document can describe it.
OPAQUE = {"?cursor"}
# The settings of a connection depend on its capability, and those of a product on its package; the
# forms describe them.
BY_FORM = ("/api/host/connections/{capability}/{name}", "/api/host/settings/{plugin}")


def get(path):
    request = urllib.request.Request(URL + path, headers={"Authorization": "Bearer " + os.environ["EAF_FUZZ_ADMIN"]})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def rows(view):
    return [item["key"] for item in get(f"/api/dcm/views/{view}")["items"]]


VIEWS = {view: rows(view) for view in ("requests", "vms", "offerings", "approvals", "timeline", "requesters")}
RUNS = [run["id"] for run in get("/api/host/runs")["items"]]
HEAD = get("/api/dcm/views/requests?limit=1&sort=-submitted_at")["items"][0]["position"]
WITH_SETTINGS = [product["plugin"] for product in get("/api/host/settings")["items"]]
KNOWN = {"request": VIEWS["requests"], "vm": VIEWS["vms"], "offering": VIEWS["offerings"]}


def one_of(known, text):
    """The same text always becomes the same id, so that a failure can be repeated."""
    return known[sum(text.encode()) % len(known)] if known else text


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    path = context.operation.path
    view = re.search(r"/views/([a-z-]+)/\{key\}$", path)
    plugins = WITH_SETTINGS if path.startswith("/api/host/settings/") else None
    for name, known in (("key", VIEWS.get(view.group(1)) if view else None), ("id", RUNS), ("plugin", plugins)):
        if path_parameters and known and isinstance(path_parameters.get(name), str):
            path_parameters[name] = one_of(known, path_parameters[name])
    return path_parameters


@schemathesis.hook
def map_query(context, query):
    # A request waits two seconds for a position that does not exist.
    if query and isinstance(query.get("after"), str) and POSITION.fullmatch(query["after"]):
        query["after"] = HEAD
    return query


@schemathesis.hook
def map_body(context, body):
    if isinstance(body, dict):
        for name, known in KNOWN.items():
            if isinstance(body.get(name), str) and (name == "offering" or ID.fullmatch(body[name])):
                body[name] = one_of(known, body[name])
    return body


@schemathesis.check
def what_the_document_allows_is_understood(context, response, case):
    if case.meta is None or case.meta.generation.mode != GenerationMode.POSITIVE or response.status_code < 400:
        return None
    problem = response.json()
    pointers = {error["pointer"] for error in problem["errors"]}
    if problem["code"] not in NOT_UNDERSTOOD or pointers and pointers <= OPAQUE:
        return None
    if case.operation.path.startswith(BY_FORM):
        return None
    # No schema describes how two values relate, the present time, the members of the tenant, or the
    # roles of the products.
    unsaid = [
        error["code"] in ("reversed", "past", "person", "person-not-permitted") or error["pointer"].startswith("/roles/") for error in problem["errors"]
    ]
    if unsaid and all(unsaid):
        return None
    raise AssertionError(f"{problem['code']}: {sorted(pointers)}")
