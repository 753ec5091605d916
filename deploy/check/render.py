"""The chart with a values file, as Helm renders it."""

import copy
import re
import subprocess
from pathlib import Path

import yaml

from findings import Installation

KUBERNETES = "1.34"


class Refused(Exception):
    """Helm renders nothing: the schema of the values or a template refuses."""


def merged(under, over):
    """Helm's merge of values: maps by key, null removes."""
    result = copy.deepcopy(under)
    for key, value in over.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merged(result[key], value)
        else:
            result[key] = copy.deepcopy(value)
    return result


def text(helm, deploy, values, release="dcm", namespace="dcm"):
    command = [helm, "template", release, deploy / "helm/eaf", "--namespace", namespace, "--kube-version", KUBERNETES]
    answer = subprocess.run([*command, "--values", values], capture_output=True, text=True, check=False)
    if answer.returncode:
        raise Refused(answer.stderr.strip())
    return answer.stdout


def installation(helm, deploy, values, release="dcm", namespace="dcm"):
    rendered = text(helm, deploy, values, release, namespace)
    defaults, own = (yaml.load(path.read_text(), yaml.CSafeLoader) for path in (deploy / "helm/eaf/values.yaml", values))
    return Installation(
        name=values.stem,
        values=merged(defaults, own),
        objects=[each for each in yaml.load_all(rendered, yaml.CSafeLoader) if each],
        release=release,
        namespace=namespace,
        settings=settings(deploy),
        text=rendered,
    )


def settings(deploy):
    """Variables of the host: those of the reference, and those that hosts of this chart must have."""
    reference = set(re.findall(r"`((?:EAF|DB|KEYCLOAK)_[A-Z_]+)`", (deploy / "configuration.md").read_text()))
    lines = (deploy / "check/settings.txt").read_text().split("\n")
    return reference | {line.strip() for line in lines if line.strip() and not line.startswith("#")}


def manifests(rendered):
    """The rendered text by file: one per template, as committed in deploy/manifests."""
    files = {}
    for part in re.split(r"^---\n", rendered, flags=re.M):
        source = re.match(r"# Source: eaf/templates/(\S+)\n", part)
        if source:
            content = part[source.end():].strip("\n")
            files.setdefault(source.group(1), []).append(content)
    return {name: "\n---\n".join(parts) + "\n" for name, parts in sorted(files.items())}


def environment_files(deploy):
    return sorted((deploy / "values").glob("*.yaml")) + sorted((deploy / "helm/eaf/ci").glob("*.yaml"))


def namespace_of(values: Path):
    return {"prod": "dcm-production"}.get(values.stem, f"dcm-{values.stem}")
