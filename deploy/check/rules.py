"""Rules over the objects of one installation. A rule is a function whose name is the rule's name, and
which yields (object or place, sentence)."""

import re

import exposure
import network
import operators
from findings import Finding, all_containers, at, containers, place

LABELS = ("name", "instance", "component", "version", "part-of", "managed-by")
PUBLIC = {"gateway": {"HTTPRoute"}, "ingress": {"Ingress"}, "route": {"Route"}, "none": set()}
BRIEFING = {
    "api": ({"cpu": "250m", "memory": "512Mi"}, {"cpu": "1000m", "memory": "1Gi"}),
    "frontend": ({"cpu": "50m", "memory": "64Mi"}, {"cpu": "200m", "memory": "128Mi"}),
}
# Time of the longest request, in seconds.
LONGEST = 28


def component(each):
    return each["metadata"]["labels"]["app.kubernetes.io/component"]


def labels(installation):
    for each in installation.objects:
        has = each["metadata"].get("labels") or {}
        for label in LABELS:
            if not has.get(f"app.kubernetes.io/{label}"):
                yield each, f"the label app.kubernetes.io/{label} is missing"
        if each["metadata"].get("namespace") != installation.namespace:
            yield each, "the namespace is not the release's"
        if not each["metadata"]["name"].startswith(f"{installation.release}-"):
            yield each, "the name does not begin with the release's, so two installations clash"


def probes(installation):
    for each in installation.of("Deployment"):
        is_host = component(each) == "api"
        for container in containers(each):
            for probe, path in (("startup", "startup"), ("liveness", "liveness"), ("readiness", "readiness")):
                wanted = (f"/actuator/health/{path}", "management") if is_host else ("/", "http")
                has = at(container, f"{probe}Probe.httpGet", {})
                if (has.get("path"), has.get("port")) != wanted:
                    yield each, f"the {probe} probe does not ask {wanted[0]} on the port {wanted[1]}"
            start = container.get("startupProbe", {})
            if is_host and start.get("periodSeconds", 10) * start.get("failureThreshold", 3) < 120:
                yield each, "the startup probe gives migrations less than 120 s"


def security(installation):
    for each in installation.of("Deployment"):
        pod = each["spec"]["template"]["spec"]
        context = pod.get("securityContext", {})
        if context.get("runAsNonRoot") is not True:
            yield each, "runAsNonRoot is not true"
        if at(context, "seccompProfile.type") != "RuntimeDefault":
            yield each, "the seccomp profile is not RuntimeDefault"
        if pod.get("automountServiceAccountToken") is not False:
            yield each, "a token of the service account is mounted"
        if pod.get("enableServiceLinks") is not False:
            yield each, "enableServiceLinks is not false: variables of services would reach the host"
        if pod.get("serviceAccountName") in (None, "default"):
            yield each, "the service account is the namespace's default"
        for flag in ("hostNetwork", "hostPID", "hostIPC"):
            if pod.get(flag):
                yield each, f"{flag} is set"
        for volume in pod.get("volumes", []):
            kinds = set(volume) - {"name"}
            if not kinds <= {"emptyDir", "secret", "configMap", "projected"}:
                yield each, f"the volume {volume['name']} is a {kinds}"
            if "emptyDir" in volume and not at(volume, "emptyDir.sizeLimit"):
                yield each, f"the volume {volume['name']} has no limit"
        for container in all_containers(each):
            has = container.get("securityContext", {})
            wanted = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
            for key, value in wanted.items():
                if has.get(key) != value:
                    yield each, f"{key} of the container {container['name']} is not {value}"
            for key in ("runAsUser", "runAsGroup", "fsGroup"):
                if key in has or key in context:
                    yield each, f"{key} is set, which OpenShift's restricted-v2 refuses"


def resources(installation):
    is_dev = installation.name == "dev"
    for each in installation.of("Deployment"):
        requests, limits = BRIEFING[component(each)]
        for container in all_containers(each):
            if (at(container, "resources.requests"), at(container, "resources.limits")) != (requests, limits):
                yield each, "requests and limits are not the briefing's"
    wanted = {"Deployment": 3, "Keycloak": 2, "Cluster": 3}
    for each in installation.of(*wanted):
        count = each["spec"].get("replicas", each["spec"].get("instances"))
        if installation.name in ("prod", "openshift") and count is not None and count < wanted[each["kind"]]:
            yield each, f"{count} pods instead of the briefing's {wanted[each['kind']]}"
    for each in installation.of("Cluster", "Keycloak"):
        if not at(each, "spec.resources.requests.memory") or not at(each, "spec.resources.limits.memory"):
            yield each, "requests or limits are missing"
    for each in installation.of("Pooler"):
        if not at(each, "spec.template.spec.containers.0.resources.limits.memory"):
            yield each, "limits are missing"
    if not is_dev:
        for each in installation.of("Cluster"):
            if at(each, "spec.resources.requests.memory") != at(each, "spec.resources.limits.memory"):
                yield each, "PostgreSQL may be evicted: its memory request is not its limit"


def images(installation):
    for each, image in all_images(installation.objects):
        if not re.search(r"@sha256:[0-9a-f]{64}$|:[A-Za-z0-9_][A-Za-z0-9_.-]*$", image):
            yield each, f"the image {image} has neither tag nor digest"
        if image.endswith(":latest"):
            yield each, f"the image {image} is not pinned"


def all_images(objects):
    for each in objects:
        stack = [each]
        while stack:
            value = stack.pop()
            if isinstance(value, dict):
                yield from ((each, v) for k, v in value.items() if k in ("image", "imageName") and isinstance(v, str))
                stack.extend(value.values())
            elif isinstance(value, list):
                stack.extend(value)


def drain(installation):
    for each in installation.of("Deployment"):
        pod = each["spec"]["template"]["spec"]
        sleep = at(containers(each)[0], "lifecycle.preStop.sleep.seconds", 0)
        wait = int(installation.values["api"]["drainSeconds"]) + LONGEST if component(each) == "api" else 10
        if sleep < 5:
            yield each, "preStop sleeps less than 5 s: proxies still send requests to a pod that ended"
        if pod.get("terminationGracePeriodSeconds", 30) < sleep + wait:
            yield each, f"the grace period is shorter than preStop, drain and the longest request ({sleep + wait} s)"
        if at(each, "spec.strategy.rollingUpdate.maxUnavailable") != 0:
            yield each, "an update takes a pod away before its successor is ready"


def availability(installation):
    for each in installation.of("Deployment"):
        pod = each["spec"]["template"]
        budgets = [b for b in installation.of("PodDisruptionBudget") if b["spec"]["selector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()]
        if len(budgets) != 1:
            yield each, f"{len(budgets)} disruption budgets select the pods"
        for budget in budgets:
            if budget["spec"].get("maxUnavailable") != 1:
                yield budget, "a drained node must take one pod at a time, and always one"
        keys = {spread["topologyKey"] for spread in pod["spec"].get("topologySpreadConstraints", [])
                if spread["labelSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()}
        if keys != {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}:
            yield each, "the pods are not spread over zones and nodes"
        scalers = [s for s in installation.of("HorizontalPodAutoscaler") if s["spec"]["scaleTargetRef"]["name"] == each["metadata"]["name"]]
        if bool(scalers) == ("replicas" in each["spec"]):
            yield each, "either replicas or an autoscaler, not both and not none"
        if installation.values["priorityClassName"] and not pod["spec"].get("priorityClassName"):
            yield each, "the priority class is missing"
    for scaler in installation.of("HorizontalPodAutoscaler"):
        if not installation.find("Deployment", scaler["spec"]["scaleTargetRef"]["name"]):
            yield scaler, "its deployment does not exist"
        if scaler["spec"]["minReplicas"] >= scaler["spec"]["maxReplicas"]:
            yield scaler, "the maximum is not above the minimum"


def services(installation):
    for each in installation.of("Service"):
        selector = each["spec"]["selector"]
        targets = [d for d in installation.of("Deployment") if selector.items() <= d["spec"]["template"]["metadata"]["labels"].items()]
        if len(targets) != 1:
            yield each, f"it selects the pods of {len(targets)} deployments"
            continue
        ports = {port["name"] for container in containers(targets[0]) for port in container["ports"]}
        for port in each["spec"]["ports"]:
            if port["targetPort"] not in ports:
                yield each, f"no container has the port {port['targetPort']}"
            if port["targetPort"] == "management" and each["spec"].get("clusterIP") != "None":
                yield each, "the management port is in a service for clients"
    frontend = installation.find("Service", installation.named("frontend"))
    if at(frontend, "spec.ports.0.port") != 80:
        yield frontend, "the briefing's port of the frontend is 80"
    api = installation.find("Service", installation.named("api"))
    if at(api, "spec.ports.0.port") != 8080:
        yield api, "the briefing's port of the API is 8080"


def settings(installation):
    for each in installation.of("Deployment"):
        if component(each) != "api":
            continue
        settings_map = installation.find("ConfigMap", at(containers(each)[0], "envFrom.0.configMapRef.name"))
        if settings_map is None:
            yield each, "the settings' ConfigMap does not exist"
            continue
        variables = dict(settings_map["data"])
        variables |= {variable["name"]: variable for variable in containers(each)[0].get("env", [])}
        for name in variables:
            if name not in installation.settings:
                yield each, f"{name} is not in deploy/configuration.md"
        mounts = [mount["mountPath"] for mount in containers(each)[0]["volumeMounts"]]
        for name, value in variables.items():
            if name.endswith("_FILE") and not any(value.startswith(f"{path}/") for path in mounts):
                yield each, f"{name} names a file in no volume"
        yield from missing(installation, each, variables)
        creates_roles = any(container.get("args") == ["db", "bootstrap"] for container in all_containers(each))
        if creates_roles == bool(installation.values["database"]["urlsSecret"]):
            yield each, "roles of PostgreSQL are created if and only if the host has DB_USER"
        if not at(each, "spec.template.metadata.annotations", {}).get("checksum/settings"):
            yield each, "changed settings do not restart the pods"


def missing(installation, each, variables):
    needed = {"EAF_LISTEN", "EAF_MANAGEMENT_LISTEN", "EAF_PUBLIC_URL", "EAF_MASTER_KEY_FILE"}
    if installation.values["database"]["urlsSecret"]:
        needed |= {"EAF_DATABASE_URL_FILE", "EAF_DATABASE_PLATFORM_URL_FILE", "EAF_DATABASE_MIGRATE_URL_FILE"}
    else:
        needed |= {"DB_HOST", "DB_PORT", "DB_NAME", "DB_USER", "DB_PASSWORD_FILE"}
    if installation.values["keycloak"]["url"]:
        needed |= {"KEYCLOAK_URL", "KEYCLOAK_REALM", "KEYCLOAK_CLIENT_ID", "KEYCLOAK_CLIENT_SECRET_FILE"}
    else:
        needed |= {"EAF_OIDC_ISSUER", "EAF_OIDC_CLIENT_ID", "EAF_OIDC_CLIENT_SECRET_FILE"}
    for name in sorted(needed - set(variables)):
        yield each, f"{name} is missing"


def secrets(installation):
    for each in installation.of("Secret"):
        yield each, "the chart writes a secret, which would stand in the repository"
    for each in installation.of("ConfigMap"):
        for name in each.get("data", {}):
            if re.search(r"PASSWORD|SECRET|KEY$|TOKEN", name) and not name.endswith("_FILE"):
                yield each, f"{name} is a secret"
    for each in installation.of("Deployment"):
        for container in all_containers(each):
            for variable in container.get("env", []):
                reference = at(variable, "valueFrom.secretKeyRef", {})
                if variable["name"] != "DB_USER" or reference.get("key") != "username":
                    yield each, f"{variable['name']} is a variable: a secret is a file, so that it is rotated without restart"
            for mount in container["volumeMounts"]:
                if mount.get("subPath"):
                    yield each, f"{mount['name']} is mounted as a single file, which is never updated"
    source = installation.values["secrets"]["source"]
    made = {at(each, "spec.target.name") or each["metadata"]["name"] for each in installation.of("ExternalSecret", "SealedSecret")}
    if source != "existing":
        for name, user in used_secrets(installation):
            if name not in made and name.startswith(f"{installation.release}-") and not name.endswith(("-ca", "tls")):
                yield user, f"nothing creates the secret {name}"


def used_secrets(installation):
    for each in installation.objects:
        stack = [each.get("spec")]
        while stack:
            value = stack.pop()
            if isinstance(value, dict):
                for key, inner in value.items():
                    if key == "secretName" and isinstance(inner, str) and each["kind"] != "Certificate":
                        yield inner, each
                    if key in ("secret", "secretKeyRef", "passwordSecret", "usernameSecret", "accessKeyId", "secretAccessKey") and isinstance(inner, dict) and "name" in inner:
                        yield inner["name"], each
                    stack.append(inner)
            elif isinstance(value, list):
                stack.extend(value)


def edges(installation):
    for finding in network.findings(installation):
        yield finding.place, finding.text
    if installation.values["network"]["enabled"]:
        for each in installation.of("NetworkPolicy"):
            if set(each["spec"].get("policyTypes", [])) != {"Ingress", "Egress"}:
                yield each, "it does not deny both directions by default"


RULES = [
    labels, probes, security, resources, images, drain, availability, services, settings, secrets, edges,
    *exposure.RULES, *operators.RULES,
]


def findings(installation):
    for rule in RULES:
        for where, text in rule(installation):
            yield Finding(rule.__name__, place(where) if isinstance(where, dict) else str(where), text)


def clashes(first, second):
    """Objects and selectors that two installations in one namespace share."""
    names = {(each["kind"], each["metadata"]["name"]) for each in first.objects}
    for each in second.objects:
        if (each["kind"], each["metadata"]["name"]) in names:
            yield Finding("two-installations", place(each), "a second installation in the namespace has it too")
    for each in first.of("Service", "PodDisruptionBudget", "NetworkPolicy", "Deployment", "PodMonitor"):
        selector = at(each, "spec.podSelector.matchLabels") or at(each, "spec.selector.matchLabels") or each["spec"].get("selector")
        for end in network.components(second).values():
            if set(selector.items()) <= set(end.labels):
                yield Finding("two-installations", place(each), f"it selects the pods of {end.name} of a second installation too")
