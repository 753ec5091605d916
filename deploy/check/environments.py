"""Rules for namespaces, Argo CD and Flux: files that people apply as they are."""

import re
from math import inf

import yaml

from findings import Finding, at, place

UNITS = {"": 1, "m": 0.001, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}


def amount(text):
    number, unit = re.fullmatch(r"([0-9.]+)([a-zA-Z]*)", str(text)).groups()
    return float(number) * UNITS[unit]


def documents(folder):
    for path in sorted(folder.rglob("*.yaml")):
        for document in yaml.load_all(path.read_text(), yaml.CSafeLoader):
            if document:
                yield path, document


def needed(installation):
    """Most that pods of an installation request and may use at once, both colours of a release included."""
    total = {"requests.cpu": 0, "requests.memory": 0, "limits.cpu": 0, "limits.memory": 0, "pods": 0}

    def add(count, resources):
        total["pods"] += count
        for kind in ("requests", "limits"):
            for of in ("cpu", "memory"):
                total[f"{kind}.{of}"] += count * amount(at(resources, f"{kind}.{of}", 0))

    for each in installation.of("Deployment"):
        scaler = installation.find("HorizontalPodAutoscaler", each["metadata"]["name"])
        count = scaler["spec"]["maxReplicas"] if scaler else each["spec"]["replicas"]
        add(2 * count, each["spec"]["template"]["spec"]["containers"][0]["resources"])
    for each in installation.of("Cluster", "Keycloak"):
        # One more for a job of the operator or an update.
        add(each["spec"]["instances"] + 1, each["spec"]["resources"])
    for each in installation.of("Pooler"):
        add(each["spec"]["instances"] + 1, each["spec"]["template"]["spec"]["containers"][0]["resources"])
    return total


def storage(installation):
    return sum(
        each["spec"]["instances"] * (amount(each["spec"]["storage"]["size"]) + amount(each["spec"]["walStorage"]["size"]))
        for each in installation.of("Cluster")
    )


def namespaces(deploy, installations):
    for name, installation in installations.items():
        file = deploy / "namespaces" / f"{name}.yaml"
        found = [each for each in yaml.load_all(file.read_text(), yaml.CSafeLoader)]
        namespace = next(each for each in found if each["kind"] == "Namespace")
        labels = namespace["metadata"]["labels"]
        if namespace["metadata"]["name"] != installation.namespace:
            yield namespace, f"the namespace of {name} is {installation.namespace}"
        for mode in ("enforce", "audit", "warn"):
            if labels.get(f"pod-security.kubernetes.io/{mode}") != "restricted":
                yield namespace, f"pod security does not {mode} restricted"
        if labels.get("security.openshift.io/scc.podSecurityLabelSync") != "false":
            yield namespace, "OpenShift would change the labels of pod security"
        for each in found:
            if each["kind"] != "Namespace" and each["metadata"]["namespace"] != installation.namespace:
                yield each, "it is for another namespace"
        quota = next((each for each in found if each["kind"] == "ResourceQuota"), None)
        hard = at(quota or {}, "spec.hard", {})
        demand = needed(installation) | {"requests.storage": storage(installation)}
        for key, value in demand.items():
            if amount(hard.get(key, 0)) < value:
                yield quota or namespace, f"{key} is {hard.get(key)}, and both colours of a release need {value / (2**30 if value > 2**20 else 1):.2f}"
        if not any(each["kind"] == "LimitRange" and at(each, "spec.limits.0.default.memory") for each in found):
            yield namespace, "pods without limits would be refused by the quota: a LimitRange is missing"
        if not any(each["kind"] == "NetworkPolicy" and each["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]} for each in found):
            yield namespace, "nothing is denied by default"
        most = max((amount(at(each, "spec.resources.limits.memory", 0)) for each in installation.of("Cluster", "Keycloak")), default=0)
        for each in found:
            if each["kind"] == "LimitRange" and amount(at(each, "spec.limits.0.max.memory", inf)) < most:
                yield each, "PostgreSQL or Keycloak is above its maximum"
    classes = {document["metadata"]["name"] for _, document in documents(deploy / "namespaces") if document["kind"] == "PriorityClass"}
    for name, installation in installations.items():
        wanted = installation.values["priorityClassName"]
        if wanted and wanted not in classes:
            yield f"{name}.yaml", f"the priority class {wanted} does not exist"


def chart_version(deploy):
    return yaml.safe_load((deploy / "helm/eaf/Chart.yaml").read_text())["version"]


def argocd(deploy, installations):
    folder = deploy / "gitops/argocd"
    project = next(document for _, document in documents(folder) if document["kind"] == "AppProject")
    allowed = {(each["group"], each["kind"]) for each in project["spec"]["namespaceResourceWhitelist"]}
    targets = {each["namespace"] for each in project["spec"]["destinations"]}
    if project["spec"].get("clusterResourceWhitelist") != []:
        yield project, "it may change kinds of the whole cluster"
    if ("", "Secret") in allowed or ("rbac.authorization.k8s.io", "Role") in allowed:
        yield project, "it may write secrets or roles"
    for name, installation in installations.items():
        application = yaml.safe_load((folder / f"{name}.yaml").read_text())
        spec = application["spec"]
        chart, values = spec["sources"]
        if spec["destination"]["namespace"] != installation.namespace or installation.namespace not in targets:
            yield application, f"it does not deploy to {installation.namespace}, or its project forbids it"
        if (chart.get("chart"), str(chart["targetRevision"])) != ("eaf", chart_version(deploy)):
            yield application, f"it does not deploy the chart's version {chart_version(deploy)}"
        if at(chart, "helm.releaseName") != installation.release:
            yield application, f"the release is not {installation.release}"
        if at(chart, "helm.valueFiles") != [f"${values.get('ref')}/deploy/values/{name}.yaml"]:
            yield application, f"it does not read deploy/values/{name}.yaml"
        for source in spec["sources"]:
            if source["repoURL"] not in project["spec"]["sourceRepos"]:
                yield application, f"the project does not have the source {source['repoURL']}"
        if name == "prod" and "automated" in spec["syncPolicy"]:
            yield application, "production is deployed without approval"
        if name != "prod" and not at(spec, "syncPolicy.automated.selfHeal"):
            yield application, "changes by hand stay"
        for each in installation.objects:
            group = each["apiVersion"].rpartition("/")[0]
            if (group, each["kind"]) not in allowed:
                yield project, f"it does not permit {each['kind']} of {name}"


def flux(deploy, installations):
    folder = deploy / "gitops/flux"
    for name, installation in installations.items():
        found = {each["kind"]: each for each in yaml.safe_load_all((folder / name / "release.yaml").read_text())}
        kustomization = yaml.safe_load((folder / name / "kustomization.yaml").read_text())
        release, source = found["HelmRelease"], found["OCIRepository"]
        for each in (*found.values(), {"kind": "Kustomization", "metadata": {"namespace": kustomization["namespace"]}}):
            if each["metadata"]["namespace"] != installation.namespace:
                yield each, f"the namespace of {name} is {installation.namespace}"
        if str(at(source, "spec.ref.tag")) != chart_version(deploy):
            yield source, f"it is not the chart's version {chart_version(deploy)}"
        if not at(source, "spec.verify.provider"):
            yield source, "the signature is not verified"
        if at(release, "spec.chartRef.name") != source["metadata"]["name"]:
            yield release, "its chart does not exist"
        generator = kustomization["configMapGenerator"][0]
        values = release["spec"]["valuesFrom"][0]
        if values["name"] != generator["name"] or values["valuesKey"] != f"{name}.yaml":
            yield release, f"it does not read the values of {name}"
        for file in [*generator["files"], *kustomization["resources"], *kustomization["configurations"]]:
            if not (folder / name / file).resolve().is_file():
                yield f"gitops/flux/{name}/kustomization.yaml", f"{file} does not exist"
        if at(release, "spec.upgrade.remediation.strategy") != "rollback":
            yield release, "a failed upgrade is not rolled back"


RULES = [namespaces, argocd, flux]


def findings(deploy, schemas, installations):
    for path, document in [*documents(deploy / "namespaces"), *documents(deploy / "gitops")]:
        if path.name not in ("kustomization.yaml", "names.yaml"):
            for finding in schemas.findings(document):
                yield Finding("schema", f"{path.relative_to(deploy)} {finding.place}", finding.text)
    for rule in RULES:
        for where, text in rule(deploy, installations):
            yield Finding(rule.__name__, place(where) if isinstance(where, dict) else where, text)
