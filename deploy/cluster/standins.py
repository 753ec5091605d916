"""Pods that no controller of this control plane makes: those of the operators, and the other ends
of the declared edges. The network policies are computed over them, and the quota counts them."""

import network

END = "eaf.check/end"
IMAGE = "registry.example.com/stand-in:1"
SMALL = {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"cpu": "10m", "memory": "16Mi"}}
RESTRICTED = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
CONTAINER = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
OTHER = "another pod of the namespace"


def pod(name, namespace, end, labels, resources=None):
    container = {"name": "main", "image": IMAGE, "securityContext": CONTAINER, "resources": resources or SMALL}
    return {
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": dict(labels), "annotations": {END: end}},
        "spec": {"securityContext": RESTRICTED, "automountServiceAccountToken": False, "containers": [container]},
    }


def of_operators(installation):
    """Pods that the operators make for PostgreSQL, PgBouncer and Keycloak, of their sizes."""
    ends = network.components(installation)
    shapes = []
    for each in installation.of("Cluster"):
        shapes.append(("database", each, each["spec"]["resources"]))
    for each in installation.of("Pooler"):
        shapes.append(("pooler", each, each["spec"]["template"]["spec"]["containers"][0]["resources"]))
    for each in installation.of("Keycloak"):
        shapes.append(("keycloak", each, each["spec"]["resources"]))
    return [
        pod(f"{each['metadata']['name']}-{number}", installation.namespace, end, ends[end].labels, resources)
        for end, each, resources in shapes for number in range(each["spec"]["instances"])
    ]


def peers(installation):
    """Namespaces of the other ends with a pod in each, and a foreign pod in our own."""
    objects = []
    for name, peer in installation.values["network"]["peers"].items():
        labels = (peer or {}).get("namespaceLabels")
        if labels:
            own = {key: value for key, value in labels.items() if key != "kubernetes.io/metadata.name"}
            namespace = labels.get("kubernetes.io/metadata.name") or f"peer-{name}"
            objects.append({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": own}})
            objects.append(pod(f"{installation.namespace}-{name}", namespace, name, peer.get("podLabels") or {}))
    objects.append(pod("foreign", installation.namespace, OTHER, {"app": "other"}))
    return objects
