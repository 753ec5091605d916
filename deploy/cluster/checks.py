"""What the control plane must accept: a check is a generator of findings, named as its rule."""

from contextlib import contextmanager

import yaml

import plane
import reachability
import render
import schemas
import standins
from cluster import Refused
from findings import Finding, all_containers

RELEASE, SECOND = "dcm", "blue"
COMMITTED = ("dev", "staging", "prod")


class Failed(Exception):
    """A finding that makes later checks meaningless."""

    def __init__(self, finding):
        super().__init__(str(finding))
        self.finding = finding


@contextmanager
def accepted(rule, place):
    """Makes a refusal in the block a finding of the rule."""
    try:
        yield
    except (Refused, render.Refused) as refused:
        raise Failed(Finding(rule, place, str(refused)[:600])) from refused


def require(condition, rule, place, text):
    if not condition:
        raise Failed(Finding(rule, place, text))


def definition(path):
    """Custom resource definition of a written schema."""
    written = schemas.load(path)
    group, _, version = written["apiVersion"].partition("/")
    kind = written["kind"]
    schema = {"type": "object", "properties": {"spec": written["spec"]}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{kind.lower()}s.{group}"},
        "spec": {
            "group": group, "scope": "Namespaced",
            "names": {"kind": kind, "listKind": f"{kind}List", "plural": f"{kind.lower()}s", "singular": kind.lower()},
            "versions": [{"name": version, "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
        },
    }


def definitions(cluster, deploy):
    """The definitions of sources.yaml are established."""
    sources = schemas.load(deploy / "check/sources.yaml")
    objects = [*schemas.definitions(sources), *(definition(deploy / "check" / path) for path in sources["written"])]
    with accepted("definitions", "sources.yaml"):
        cluster.apply(objects=objects)

    def conditions(each):
        return each.get("status", {}).get("conditions") or []

    def waiting():
        return [each["metadata"]["name"] for each in cluster.control.items("/apis/apiextensions.k8s.io/v1/customresourcedefinitions")
                if not any(one["type"] == "Established" and one["status"] == "True" for one in conditions(each))]

    plane.wait_for(lambda: not waiting(), 30)
    require(not waiting(), "definitions", "sources.yaml", f"not established: {', '.join(waiting())}")
    return f"{len(objects)} definitions are established, {len(sources['written'])} of them written here"


def namespaces(cluster, deploy, values):
    """Namespace, quota, limits and default policy; without own files, prod's under another name."""
    own = deploy / "namespaces" / f"{values.stem}.yaml"
    text = own.read_text() if own.exists() else (deploy / "namespaces/prod.yaml").read_text()
    if not own.exists():
        text = text.replace("dcm-production", render.namespace_of(values))
    objects = [*yaml.safe_load_all(text), *yaml.safe_load_all((deploy / "namespaces/priority-class.yaml").read_text())]
    name = render.namespace_of(values)
    with accepted("namespaces", values.stem):
        cluster.apply(objects=objects)
        # The service account of pods that name none.
        plane.wait_for(lambda: cluster.of(name, "serviceaccounts"), 30)
    return f"{name} with pod security, quota and limits"


def install(cluster, deploy, values):
    """The objects pass strict validation, and Helm installs them as the last release had them."""
    with accepted("install", values.stem):
        installation = read(cluster, deploy, values)
        cluster.apply(objects=installation.objects, namespace=installation.namespace, only_ask=True)
        cluster.helm("install", RELEASE, deploy / "helm/eaf", "--namespace", installation.namespace,
                     "--values", values, "--values", deploy / "cluster/previous.yaml")
        cluster.wait_available(installation.namespace, RELEASE)
    pods = cluster.pods(installation.namespace, RELEASE)
    return f"{len(installation.objects)} objects, {len(pods)} pods ready"


def upgrade(cluster, deploy, values):
    with accepted("upgrade", values.stem):
        installation = read(cluster, deploy, values)
        cluster.helm("upgrade", RELEASE, deploy / "helm/eaf", "--namespace", installation.namespace, "--values", values)
        cluster.wait_available(installation.namespace, RELEASE)
    wanted = {container["image"] for each in installation.of("Deployment") for container in all_containers(each)}
    has = images(cluster, installation.namespace)
    require(has == wanted, "upgrade", values.stem, f"the pods have {sorted(has)}, not {sorted(wanted)}")
    return f"{len(cluster.pods(installation.namespace, RELEASE))} pods of the new images ready"


def edges(cluster, deploy, values):
    """What the stored policies allow between pods is what the values declare."""
    installation = read(cluster, deploy, values)
    if not installation.values["network"]["enabled"]:
        return "switched off"
    with accepted("edges", values.stem):
        objects = standins.peers(installation)
        cluster.apply(objects=[each for each in objects if each["kind"] == "Namespace"])
        for namespace in {each["metadata"]["namespace"] for each in objects if each["kind"] == "Pod"}:
            plane.wait_for(lambda: cluster.of(namespace, "serviceaccounts"), 30)
        cluster.apply(objects=[*(each for each in objects if each["kind"] == "Pod"), *standins.of_operators(installation)])
    found = list(reachability.findings(cluster, installation))
    if found:
        texts = "; ".join(finding.text for finding in found)
        raise Failed(Finding("edges", values.stem, texts[:600]))
    return f"reachable is what {len(installation.values['network']['edges'])} edges declare"


def second(cluster, deploy, values):
    """Another release fits beside the first one; one of the same name is refused."""
    chart, namespace = deploy / "helm/eaf", render.namespace_of(values)
    with accepted("second", values.stem):
        installation = read(cluster, deploy, values, SECOND)
        cluster.helm("install", SECOND, chart, "--namespace", namespace, "--values", values)
        pods = standins.of_operators(installation)
        if pods:
            cluster.apply(objects=pods)
        cluster.wait_available(namespace, SECOND)
        count = len(cluster.pods(namespace, SECOND))
        cluster.helm("uninstall", SECOND, "--namespace", namespace)
        forget_pods(cluster, namespace, SECOND)
    try:
        cluster.helm("install", RELEASE, chart, "--namespace", namespace, "--values", values)
    except Refused as refused:
        require("cannot reuse a name" in str(refused) or "cannot re-use a name" in str(refused), "second", values.stem, str(refused))
        return f"{count} pods of a second release beside the first"
    raise Failed(Finding("second", values.stem, "a second release of the same name is accepted"))


def rollback(cluster, deploy, values):
    namespace = render.namespace_of(values)
    with accepted("rollback", values.stem):
        cluster.helm("rollback", RELEASE, "1", "--namespace", namespace)
        cluster.wait_available(namespace, RELEASE)
    previous = yaml.safe_load((deploy / "cluster/previous.yaml").read_text())
    wanted = {previous[name]["image"]["digest"] for name in ("api", "frontend")}
    has = {image.partition("@")[2] for image in images(cluster, namespace)}
    require(has == wanted, "rollback", values.stem, f"the pods have {sorted(has)}, not {sorted(wanted)}")
    return "pods of the former images ready"


def uninstall(cluster, deploy, values):
    """Nothing with the release's label is left."""
    installation = read(cluster, deploy, values)
    namespace = installation.namespace
    with accepted("uninstall", values.stem):
        cluster.helm("uninstall", RELEASE, "--namespace", namespace)
        forget_pods(cluster, namespace, RELEASE)
        left = remaining(cluster, installation)
    require(not left, "uninstall", values.stem, f"left behind: {left}")
    return "nothing is left"


def manifests(cluster, deploy, values):
    """The committed manifests install the same without Helm."""
    folder = deploy / "manifests" / values.stem
    if not folder.exists():
        return None
    namespace = render.namespace_of(values)
    with accepted("manifests", values.stem):
        cluster.apply(files=[folder], namespace=namespace)
        cluster.wait_available(namespace, RELEASE)
        count = len(cluster.pods(namespace, RELEASE))
        cluster.kubectl("delete", "--filename", folder, "--namespace", namespace)
        forget_pods(cluster, namespace, RELEASE)
    return f"applied without Helm, {count} pods ready"


def gitops(cluster, deploy):
    """Argo CD's and Flux's definitions accept their files, which kustomize builds as Flux does."""
    folder = deploy / "gitops"
    with accepted("gitops", "argocd"):
        cluster.apply(objects=[{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "argocd"}}])
        cluster.apply(files=[folder / "argocd"], only_ask=True)
    for name in COMMITTED:
        with accepted("gitops", f"flux/{name}"):
            built = cluster.kubectl("kustomize", "--load-restrictor=LoadRestrictionsNone", folder / "flux" / name)
            objects = list(yaml.safe_load_all(built))
            cluster.apply(objects=objects, only_ask=True)
        made = {each["metadata"]["name"] for each in objects if each["kind"] == "ConfigMap"}
        read_by = {one["name"] for each in objects if each["kind"] == "HelmRelease" for one in each["spec"]["valuesFrom"]}
        require(made == read_by, "gitops", f"flux/{name}", f"the release reads {sorted(read_by)}, not {sorted(made)}")
    return "Argo CD and Flux of 3 environments"


# In their order: each needs the state that the former ones leave.
OF_VALUES = [namespaces, install, upgrade, edges, second, rollback, uninstall, manifests]


def read(cluster, deploy, values, release=RELEASE):
    return render.installation(cluster.helm_binary, deploy, values, release, render.namespace_of(values))


def images(cluster, namespace):
    pods = [pod["spec"] for pod in cluster.pods(namespace, RELEASE)]
    return {container["image"] for pod in pods for container in [*pod.get("initContainers", []), *pod["containers"]]}


def forget_pods(cluster, namespace, release):
    """Deletes stand-ins of a release that is no more, and waits until all its pods have ended."""
    for pod in cluster.of(namespace, "pods"):
        end = pod["metadata"].get("annotations", {}).get(standins.END)
        if end and pod["metadata"]["name"].startswith(f"{release}-"):
            cluster.kubectl("delete", "pod", pod["metadata"]["name"], "--namespace", namespace, "--wait=false")
    is_gone = plane.wait_for(lambda: not any(
        pod["metadata"]["name"].startswith(f"{release}-") for pod in cluster.of(namespace, "pods")), 60)
    if not is_gone:
        raise Refused(f"pods of {release} do not end")


def remaining(cluster, installation):
    """Names of the objects of a release that still exist."""
    kinds = set()
    for each in installation.objects:
        group, _, version = each["apiVersion"].rpartition("/")
        kinds.add(f"{each['kind']}.{version}.{group}" if group else each["kind"])
    return cluster.kubectl(
        "get", ",".join(sorted(kinds)), "--namespace", installation.namespace, "--output=name",
        f"--selector=app.kubernetes.io/instance={installation.release}").split()


def remove(cluster, deploy, values):
    """Removes whatever a failed check has left of both releases."""
    for release in (RELEASE, SECOND):
        installation = read(cluster, deploy, values, release)
        cluster.helm("uninstall", release, "--namespace", installation.namespace, "--ignore-not-found")
        left = remaining(cluster, installation)
        if left:
            cluster.kubectl("delete", *left, "--namespace", installation.namespace)
        forget_pods(cluster, installation.namespace, release)
