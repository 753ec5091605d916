"""Reachability by the policies, pods and namespaces that the API server has stored."""

import network
import standins

COMPONENT = "app.kubernetes.io/component"


def ends(cluster, installation):
    """Pods of the installation, their peers' pods, and the addresses of the values."""
    found = {name: end for name, end in network.ends(installation).items() if end.address}
    for namespace in cluster.control.items("/api/v1/namespaces"):
        name, labels = namespace["metadata"]["name"], network.pairs(namespace["metadata"].get("labels"))
        is_ours = name == installation.namespace
        for pod in cluster.of(name, "pods"):
            end = name_of(pod, installation)
            if end:
                found[end] = network.End(end, labels, network.pairs(pod["metadata"].get("labels")), is_ours=is_ours)
    return found


def name_of(pod, installation):
    """Name of the end that a pod is; none for pods of other installations."""
    metadata = pod["metadata"]
    labels, end = metadata.get("labels", {}), metadata.get("annotations", {}).get(standins.END)
    if metadata["namespace"] == installation.namespace:
        is_release = labels.get("app.kubernetes.io/instance") == installation.release
        return end or (labels[COMPONENT] if is_release else None)
    return end if metadata["name"] == f"{installation.namespace}-{end}" else None


def findings(cluster, installation):
    """Differences between what the stored objects allow and the declared edges."""
    known = ends(cluster, installation)
    missing = set(network.ends(installation)) - set(known)
    if missing:
        yield network.Finding("edges", installation.name, f"there are no pods of {', '.join(sorted(missing))}")
    yield from network.differences(installation, known, cluster.of(installation.namespace, "networkpolicies"))
