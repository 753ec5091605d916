"""All checks of deploy/, then the mutations. `run` starts it."""

import argparse
import sys
import time
from pathlib import Path

import compose
import environments
import mutations
import render
import rules
from findings import Finding
from schemas import Schemas

DEPLOY = Path(__file__).resolve().parent.parent
COMMITTED = ("dev", "staging", "prod")
RULES = {rule.__name__ for rule in [*rules.RULES, *environments.RULES, *compose.RULES]}
RULES |= {"schema", "render", "committed", "two-installations"}


def check(deploy, helm, schemas, only=None):
    """Findings about everything in `deploy`, or about one values file, or about one of the parts that
    belong to none: `environments`, `compose`."""
    for values in render.environment_files(deploy):
        if only in (None, values.stem):
            yield from check_values(deploy, helm, schemas, values)
    if only in (None, "environments"):
        files = [deploy / f"values/{name}.yaml" for name in COMMITTED]
        installations = {file.stem: render.installation(helm, deploy, file, namespace=render.namespace_of(file)) for file in files}
        yield from environments.findings(deploy, schemas, installations)
    if only in (None, "compose"):
        yield from compose.findings(deploy, schemas)


def check_values(deploy, helm, schemas, values):
    """Findings about one values file and the objects that it renders."""
    namespace = render.namespace_of(values)
    try:
        installation = render.installation(helm, deploy, values, namespace=namespace)
        second = render.installation(helm, deploy, values, release="blue", namespace=namespace)
    except render.Refused as refused:
        return [Finding("render", values.name, str(refused))]
    found = [finding for each in installation.objects for finding in schemas.findings(each)]
    found += rules.clashes(installation, second)
    if not any(finding.rule == "schema" for finding in found):
        found += rules.findings(installation)
    if values.stem in COMMITTED:
        found += committed(deploy, installation.text, values.stem)
    return [Finding(finding.rule, f"{values.stem} {finding.place}", finding.text) for finding in found]


def committed(deploy, rendered, name):
    folder = deploy / "manifests" / name
    wanted = render.manifests(rendered)
    has = {path.name: path.read_text() for path in folder.glob("*.yaml")}
    for file in sorted(set(wanted) | set(has)):
        if wanted.get(file) != has.get(file):
            yield Finding("committed", f"manifests/{name}/{file}", "it is not what the chart renders: run deploy/check/run --write")


def write(helm):
    for name in COMMITTED:
        folder = DEPLOY / "manifests" / name
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.glob("*.yaml"):
            path.unlink()
        values = DEPLOY / f"values/{name}.yaml"
        rendered = render.text(helm, DEPLOY, values, namespace=render.namespace_of(values))
        for file, text in render.manifests(rendered).items():
            (folder / file).write_text(text)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cache", required=True)
    parser.add_argument("--helm", required=True)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--no-mutations", action="store_true")
    arguments = parser.parse_args()
    if arguments.write:
        write(arguments.helm)
    since = time.monotonic()
    schemas = Schemas(arguments.cache)
    found = list(check(DEPLOY, arguments.helm, schemas))
    for finding in found:
        print(f"error: {finding}", file=sys.stderr)
    if found:
        sys.exit(1)
    print(f"deploy: {len(render.environment_files(DEPLOY))} values files, namespaces, Argo CD, Flux and compose.yaml: no findings")
    if not arguments.no_mutations:
        count, missed = mutations.run(DEPLOY, DEPLOY / "check/mutations.yaml", RULES, lambda deploy, only: check(deploy, arguments.helm, schemas, only))
        for text in missed:
            print(f"error: {text}", file=sys.stderr)
        if missed:
            sys.exit(1)
        print(f"deploy: {count} mutations of {len(RULES)} rules, each found")
    print(f"deploy: checked in {time.monotonic() - since:.1f} s")


if __name__ == "__main__":
    main()
