"""Strict schemas of all kinds: of Kubernetes from the wheel `kubernetes-validate`, of custom resources
from the Go modules of sources.yaml."""

import hashlib
import json
import subprocess
from functools import cache
from pathlib import Path

import jsonschema
import kubernetes_validate
import yaml
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from findings import Finding, place

HERE = Path(__file__).parent
WHEEL = Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema"
COMMON = ("apiVersion", "kind", "metadata")


def load(path):
    with open(path) as file:
        return yaml.load(file, yaml.CSafeLoader)


def strict(schema):
    """JSON schema of an openAPIV3Schema; a field that it does not name is an error."""
    if not isinstance(schema, dict):
        return schema
    result = {}
    for key, value in schema.items():
        if value is None:
            continue
        if key in ("properties", "patternProperties"):
            result[key] = {name: strict(each) for name, each in value.items()}
        elif key in ("items", "additionalProperties", "not"):
            result[key] = strict(value)
        elif key in ("allOf", "anyOf", "oneOf"):
            # Parts of a schema name only some of the fields.
            result[key] = value
        elif not key.startswith("x-kubernetes-") and key not in ("description", "default", "format", "nullable"):
            result[key] = value
    if schema.get("x-kubernetes-int-or-string"):
        result["type"] = ["integer", "string"]
    elif schema.get("nullable") and isinstance(result.get("type"), str):
        result["type"] = [result["type"], "null"]
    is_open = schema.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in schema
    if "properties" in schema and not is_open:
        result["additionalProperties"] = False
    return result


def custom(resource, version):
    schema = strict(version["schema"]["openAPIV3Schema"])
    schema.setdefault("properties", {}).update({key: {} for key in COMMON})
    group, kind = resource["spec"]["group"], resource["spec"]["names"]["kind"]
    return f"{group}/{version['name']}/{kind}", schema


def definitions(sources):
    """Custom resource definitions of the Go modules in `crds`."""
    for name, files in sources["crds"].items():
        directory = module(name)
        for file in files:
            text = (directory / file).read_text()
            # Some files are templates of charts, with a condition around them.
            plain = "\n".join(line for line in text.split("\n") if not line.lstrip().startswith("{{"))
            yield from (resource for resource in yaml.load_all(plain, yaml.CSafeLoader) if resource)


def written(path):
    document = load(HERE / path)
    spec = strict(document["spec"])
    schema = {
        "type": "object",
        "required": ["spec"],
        "additionalProperties": False,
        "properties": {"spec": spec, **{key: {} for key in COMMON}},
    }
    return f"{document['apiVersion']}/{document['kind']}", schema


def module(name):
    """Directory of a Go module, which the first call downloads."""
    answer = subprocess.run(
        ["go", "mod", "download", "-json", name], cwd="/", capture_output=True, text=True, check=False
    )
    directory = json.loads(answer.stdout or "{}").get("Dir")
    if not directory:
        raise SystemExit(f"error: the Go module {name} cannot be fetched: {answer.stdout}{answer.stderr}")
    return Path(directory)


class Schemas:
    def __init__(self, cache_directory):
        sources = load(HERE / "sources.yaml")
        self.kubernetes = sources["kubernetes"]
        inputs = [HERE / "sources.yaml", HERE / "schemas.py", *(HERE / path for path in sources["written"])]
        digest = hashlib.sha256(b"".join(path.read_bytes() for path in inputs)).hexdigest()[:12]
        stored = Path(cache_directory) / f"schemas-{digest}.json"
        if not stored.exists():
            print("  … converting custom resource definitions of the Go modules in deploy/check/sources.yaml", flush=True)
            stored.write_text(json.dumps(self.convert(sources)))
        document = json.loads(stored.read_text())
        self.custom, self.compose = document["custom"], document["compose"]
        self.validators = {}
        # Results by document: most documents of a mutation are those of the original.
        self.known = {}

    @staticmethod
    def convert(sources):
        schemas = dict(written(path) for path in sources["written"])
        for resource in definitions(sources):
            schemas.update(custom(resource, version) for version in resource["spec"]["versions"] if version["served"])
        compose = sources["compose"]
        return {"custom": schemas, "compose": json.loads((module(compose["module"]) / compose["file"]).read_text())}

    @cache
    def registry(self, version):
        @cache
        def retrieve(uri):
            return DRAFT202012.create_resource(json.loads((self.folder(version) / uri.rpartition("/")[2]).read_text()))

        return Registry(retrieve=retrieve)

    @staticmethod
    def folder(version):
        return WHEEL / f"v{version}-local-strict"

    def validator(self, api_version, kind, version):
        key = (api_version, kind, version)
        if key not in self.validators:
            self.validators[key] = self.build(*key)
        return self.validators[key]

    def build(self, api_version, kind, version):
        schema = self.custom.get(f"{api_version}/{kind}")
        if schema:
            return jsonschema.Draft202012Validator(schema)
        group, _, name = api_version.rpartition("/")
        file = "-".join(part for part in (kind.lower(), group.split(".")[0], name) if part) + ".json"
        path = self.folder(version) / file
        if not path.exists():
            return None
        return jsonschema.Draft202012Validator(json.loads(path.read_text()), registry=self.registry(version))

    def findings(self, document):
        """Violations of the schema of the document's kind. A kind without a schema is one."""
        text = json.dumps(document, sort_keys=True)
        if text not in self.known:
            self.known[text] = self.violations(document)
        return self.known[text]

    def violations(self, document):
        api_version, kind = document.get("apiVersion", ""), document.get("kind", "")
        is_custom = f"{api_version}/{kind}" in self.custom
        found = {}
        for version in self.kubernetes[:1] if is_custom else self.kubernetes:
            validator = self.validator(api_version, kind, version)
            if validator is None:
                return [Finding("schema", place(document), f"there is no schema of {api_version} {kind}")]
            for error in validator.iter_errors(document):
                where = ".".join(str(each) for each in error.absolute_path)
                found.setdefault((where, error.message[:200]), None)
        return [Finding("schema", place(document), f"{where}: {message}") for where, message in found]
