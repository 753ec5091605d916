"""Reachability by the rendered network policies, compared with the declared edges.

Each component and peer is a pod with labels in a namespace, or an address. A connection is possible
when the policies of its source let it out and those of its target let it in, as a network plugin
decides it."""

import ipaddress
from dataclasses import dataclass
from typing import Optional

from findings import Finding

OUTSIDE = "an address of the Internet"


@dataclass(frozen=True)
class End:
    name: str
    namespace: tuple = ()
    labels: tuple = ()
    address: Optional[str] = None
    is_ours: bool = False


def pairs(labels):
    return tuple(sorted((labels or {}).items()))


def components(installation):
    """Pods of the installation, with the labels that Deployments and operators give them."""
    namespace = pairs({"kubernetes.io/metadata.name": installation.namespace})
    pods = {each["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/component"]: each["spec"]["template"]["metadata"]["labels"]
            for each in installation.of("Deployment")}
    for each in installation.of("Cluster"):
        pods["database"] = {"cnpg.io/cluster": each["metadata"]["name"], "app.kubernetes.io/component": "database",
                            "app.kubernetes.io/instance": each["metadata"]["name"], "cnpg.io/podRole": "instance"}
    for each in installation.of("Pooler"):
        pods["pooler"] = {"cnpg.io/poolerName": each["metadata"]["name"], "app.kubernetes.io/component": "pooler",
                          "cnpg.io/cluster": each["spec"]["cluster"]["name"], "cnpg.io/podRole": "pooler",
                          "app.kubernetes.io/instance": each["spec"]["cluster"]["name"]}
    for each in installation.of("Keycloak"):
        pods["keycloak"] = {"app": "keycloak", "app.kubernetes.io/instance": each["metadata"]["name"],
                            "app.kubernetes.io/managed-by": "keycloak-operator", "app.kubernetes.io/component": "server"}
    return {name: End(name, namespace, pairs(labels), is_ours=True) for name, labels in pods.items()}


def ends(installation):
    found = components(installation)
    for name, peer in installation.values["network"]["peers"].items():
        peer = peer or {}
        if peer.get("namespaceLabels"):
            found[name] = End(name, pairs(peer["namespaceLabels"]), pairs(peer.get("podLabels")))
        elif peer.get("cidrs"):
            found[name] = End(name, address=str(ipaddress.ip_network(peer["cidrs"][0])[0]))
    found[OUTSIDE] = End(OUTSIDE, address="203.0.113.99")
    found["another pod of the namespace"] = End(
        "another pod of the namespace", pairs({"kubernetes.io/metadata.name": installation.namespace}), pairs({"app": "other"}))
    return found


def selects(selector, labels):
    if selector.get("matchExpressions"):
        raise NotImplementedError("matchExpressions in a network policy")
    return all((key, value) in labels for key, value in (selector.get("matchLabels") or {}).items())


def is_peer(peer, end, namespace):
    if "ipBlock" in peer:
        block = peer["ipBlock"]
        inside = end.address and ipaddress.ip_address(end.address) in ipaddress.ip_network(block["cidr"])
        return bool(inside) and not any(
            ipaddress.ip_address(end.address) in ipaddress.ip_network(each) for each in block.get("except", []))
    if end.address:
        return False
    if "namespaceSelector" in peer:
        if not selects(peer["namespaceSelector"], end.namespace):
            return False
    elif end.namespace != namespace:
        return False
    return selects(peer.get("podSelector") or {}, end.labels)


def applying(policies, subject, direction):
    """Policies that apply to a pod of ours in one direction."""
    return [each for each in policies if subject.is_ours and selects(each["spec"]["podSelector"], subject.labels)
            and direction.capitalize() in each["spec"].get("policyTypes", ["Ingress"])]


def allows(policies, subject, direction, other, port):
    """Whether the policies that apply to `subject` allow the connection; without any, all is allowed."""
    if not policies:
        return True
    key = "from" if direction == "ingress" else "to"
    for policy in policies:
        for rule in policy["spec"].get(direction) or []:
            peers, ports = rule.get(key), rule.get("ports")
            if peers and not any(is_peer(peer, other, subject.namespace) for peer in peers):
                continue
            if ports and not any(port == (each["port"], each.get("protocol", "TCP")) for each in ports):
                continue
            return True
    return False


def as_port(port):
    number, _, protocol = str(port).partition("/")
    return int(number), protocol or "TCP"


def declared(installation, known):
    edges = set()
    for edge in installation.values["network"]["edges"]:
        for source in edge["from"]:
            if source in known and edge["to"] in known:
                edges |= {(source, edge["to"], as_port(port)) for port in edge["ports"]}
    return edges


def reachable(installation, known, policies):
    # A port that no edge names must be closed too.
    ports = {as_port(port) for edge in installation.values["network"]["edges"] for port in edge["ports"]} | {(22, "TCP")}
    out = {end: applying(policies, end, "egress") for end in known.values()}
    into = {end: applying(policies, end, "ingress") for end in known.values()}
    return {
        (source.name, target.name, port)
        for source in known.values() for target in known.values() for port in ports
        if (source.is_ours or target.is_ours)
        and allows(out[source], source, "egress", target, port) and allows(into[target], target, "ingress", source, port)
    }


def findings(installation):
    """Differences between the rendered policies and the declared edges."""
    if installation.values["network"]["enabled"]:
        yield from differences(installation, ends(installation), installation.of("NetworkPolicy"))


def differences(installation, known, policies):
    """Connections between the known ends that are possible without an edge, and edges that are not."""
    wanted, possible = declared(installation, known), reachable(installation, known, policies)
    for source, target, (port, protocol) in sorted(possible - wanted):
        yield Finding("edges", "NetworkPolicy", f"{source} reaches {target} on {port}/{protocol}, which no edge declares")
    for source, target, (port, protocol) in sorted(wanted - possible):
        yield Finding("edges", "NetworkPolicy", f"{source} does not reach {target} on {port}/{protocol}, which an edge declares")
