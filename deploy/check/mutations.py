"""Broken copies of the artefacts, one change each; the named rule must find it."""

import shutil
import tempfile
from pathlib import Path

import yaml


def run(deploy, file, rules, check):
    """Number of mutations in the file, and a sentence for each that its rule does not find."""
    table = yaml.safe_load(file.read_text())
    with tempfile.TemporaryDirectory() as directory:
        missed = [text for mutation in table for text in one(deploy, Path(directory), mutation, check)]
    untried = rules - {mutation["found"] for mutation in table}
    return len(table), missed + [f"no mutation is for the rule {rule}" for rule in sorted(untried)]


def one(deploy, directory, mutation, check):
    copy = directory / "deploy"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(deploy, copy)
    file = copy / mutation["file"]
    text = file.read_text()
    if mutation["old"] not in text:
        yield f"the mutation `{mutation['name']}` changes nothing: {mutation['file']} does not contain its text"
        return
    file.write_text(text.replace(mutation["old"], mutation["new"], 1))
    found = list(check(copy, mutation.get("values", "prod")))
    hits = [finding for finding in found if finding.rule == mutation["found"]]
    if not any(mutation.get("says", "") in str(finding) for finding in hits):
        others = "; ".join(str(finding)[:200] for finding in found) or "nothing"
        yield f"the mutation `{mutation['name']}` is not found by {mutation['found']}, but by: {others}"
