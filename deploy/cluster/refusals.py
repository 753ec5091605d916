"""What the control plane must refuse, by the sentence that says why."""

import copy

import yaml

import checks
from cluster import Refused

NAMESPACE = "dcm-dev"


def refusals(cluster, deploy):
    """Each entry of refusals.yaml is refused, and its unchanged pod is not."""
    base = host_pod(deploy)
    with checks.accepted("refusals", "the host's pod"):
        cluster.apply(objects=[base], only_ask=True)
    table = yaml.safe_load((deploy / "cluster/refusals.yaml").read_text())
    for entry in table:
        answer = ask(cluster, deploy, base, entry)
        checks.require(answer is not None, "refusals", entry["name"], "it is accepted")
        checks.require(entry["says"] in answer, "refusals", entry["name"], f"it is refused otherwise: {answer[:400]}")
    return f"{len(table)} refused by name"


def ask(cluster, deploy, base, entry):
    """The sentence of the refusal; none when it is accepted."""
    try:
        if "values" in entry:
            over = cluster.control.directory / "values.yaml"
            over.write_text(yaml.safe_dump(entry["values"]))
            cluster.helm("install", "typo", deploy / "helm/eaf", "--namespace", NAMESPACE, "--dry-run=server",
                         "--values", deploy / "values/dev.yaml", "--values", over)
        elif "pod" in entry:
            cluster.ask([changed(base, entry["pod"])])
        elif "object" in entry:
            cluster.ask([entry["object"]])
        else:
            text = (deploy / entry["manifest"]).read_text()
            checks.require(entry["old"] in text, "refusals", entry["name"], f"{entry['manifest']} does not contain its text")
            cluster.ask(yaml.safe_load_all(text.replace(entry["old"], entry["new"], 1)))
    except Refused as refused:
        return str(refused)
    return None


def host_pod(deploy):
    """A pod by the template of the host's Deployment of dev."""
    objects = yaml.safe_load_all((deploy / "manifests/dev/api.yaml").read_text())
    template = next(each for each in objects if each["kind"] == "Deployment")["spec"]["template"]
    # A controller sets the label that the spread over nodes names; the chart makes the account.
    spec = {key: value for key, value in template["spec"].items() if key not in ("topologySpreadConstraints", "serviceAccountName")}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "host", "namespace": NAMESPACE}, "spec": spec}


def changed(base, changes):
    result = copy.deepcopy(base)
    for path, value in changes.items():
        *parents, last = [int(key) if key.isdigit() else key for key in path.split(".")]
        target = result
        for key in parents:
            target = target[key]
        target[last] = value
    return result
