"""Rules for what is reachable from outside: routes, TLS, certificates."""

from urllib.parse import urlparse

from findings import at

KINDS = {"gateway": "HTTPRoute", "ingress": "Ingress", "route": "Route"}
# The host answers other requests within 28 s.
ANSWER = "30s"


def host(installation):
    return urlparse(installation.values["publicUrl"]).hostname


def paths(each):
    """(path, service, port) of a route of any kind."""
    spec = each["spec"]
    if each["kind"] == "Route":
        yield spec["path"], spec["to"]["name"], spec["port"]["targetPort"]
    elif each["kind"] == "Ingress":
        for path in (path for rule in spec["rules"] for path in rule["http"]["paths"]):
            service = path["backend"]["service"]
            yield path["path"], service["name"], service["port"].get("name") or service["port"]["number"]
    else:
        for rule in spec["rules"]:
            for match in rule.get("matches", []):
                for backend in rule.get("backendRefs", []):
                    yield match["path"]["value"], backend["name"], backend["port"]


def exposure(installation):
    wanted = KINDS.get(installation.values["exposure"])
    for each in installation.of(*KINDS.values(), "Gateway"):
        if each["kind"] != wanted and not (wanted == "HTTPRoute" and each["kind"] == "Gateway"):
            yield each, f"the exposure is {installation.values['exposure']}"
    routes = installation.of(wanted) if wanted else []
    seen = {}
    for each in routes:
        for path, service, port in paths(each):
            seen.setdefault(path, set()).add(service)
            if path.startswith(("/actuator", "/admin", "/realms/master")) or port in (9090, "management", 9000):
                yield each, f"{path} is for administrators and not public"
            own = installation.find("Service", service)
            if own:
                ports = {value for p in own["spec"]["ports"] for value in (p["port"], p["name"])}
                if port not in ports:
                    yield each, f"the service {service} has no port {port}"
            elif service != installation.named("keycloak-service"):
                yield each, f"the service {service} does not exist"
    if wanted:
        for path, service in (("/api", "api"), ("/auth", "api"), ("/docs", "api"), ("/", "frontend")):
            if seen.get(path) != {installation.named(service)}:
                yield wanted, f"{path} does not lead to {service}"


def live(installation):
    """Live updates are one response of hours."""
    for each in installation.of("HTTPRoute"):
        rules = [rule for rule in each["spec"]["rules"] if rule.get("backendRefs")]
        if not any(backend["name"] == installation.named("api") for rule in rules for backend in rule["backendRefs"]):
            continue
        limits = {match["path"]["value"]: at(rule, "timeouts.request") for rule in rules for match in rule["matches"]}
        if limits.get("/api/live") != "0s":
            yield each, "/api/live has a time limit"
        if limits.get("/api") != ANSWER:
            yield each, f"/api is not limited to {ANSWER}"


def tls(installation):
    for each in installation.of("Gateway"):
        for listener in each["spec"]["listeners"]:
            if listener["protocol"] != "HTTPS" and not listener["name"].endswith("-http"):
                yield each, f"the listener {listener['name']} is plain HTTP"
        policies = [p for p in installation.of("ClientTrafficPolicy")
                    if any(target["name"] == each["metadata"]["name"] for target in p["spec"]["targetRefs"])]
        if not any(at(policy, "spec.tls.minVersion") == "1.3" for policy in policies):
            yield each, "no policy sets TLS 1.3 as minimum"
    redirects = [each for each in installation.of("HTTPRoute") for rule in each["spec"]["rules"]
                 for f in rule.get("filters", []) if at(f, "requestRedirect.scheme") == "https"]
    if installation.of("Gateway") and not redirects:
        yield "HTTPRoute", "plain HTTP is not redirected"
    for each in installation.of("HTTPRoute"):
        if any(rule.get("backendRefs") for rule in each["spec"]["rules"]):
            for parent in each["spec"]["parentRefs"]:
                if parent.get("sectionName", "http").endswith("http"):
                    yield each, "it is attached to a listener without TLS"
    for each in installation.of("Ingress"):
        hosts = {name for entry in each["spec"].get("tls", []) for name in entry["hosts"]}
        for rule in each["spec"]["rules"]:
            if rule["host"] not in hosts:
                yield each, f"{rule['host']} has no certificate"
    for each in installation.of("Route"):
        if at(each, "spec.tls.insecureEdgeTerminationPolicy") != "Redirect":
            yield each, "plain HTTP is not redirected"
    for each in installation.of("Cluster"):
        if at(each, "spec.postgresql.parameters.ssl_min_protocol_version") != "TLSv1.3":
            yield each, "PostgreSQL accepts TLS below 1.3"


def certificates(installation):
    secrets = {each["spec"]["secretName"]: each for each in installation.of("Certificate")}
    for each in installation.of("Certificate"):
        names = each["spec"]["dnsNames"]
        if len(names) != 1 or names[0].startswith("*"):
            yield each, "one name per certificate: browsers share connections of names in one certificate"
        if at(each, "spec.privateKey.rotationPolicy") != "Always":
            yield each, "the key is not replaced with the certificate"
    used = {ref["name"] for each in installation.of("Gateway") for listener in each["spec"]["listeners"]
            for ref in at(listener, "tls.certificateRefs", [])}
    used |= {entry["secretName"] for each in installation.of("Ingress") for entry in each["spec"].get("tls", [])}
    used |= {at(each, "spec.tls.externalCertificate.name") for each in installation.of("Route")} - {None}
    if installation.values["tls"]["certManager"]:
        for name in sorted(used - set(secrets)):
            yield "Certificate", f"nothing creates {name}"
    for each in installation.of("Gateway"):
        for listener in each["spec"]["listeners"]:
            for ref in at(listener, "tls.certificateRefs", []):
                certificate = secrets.get(ref["name"])
                if certificate and listener["hostname"] not in certificate["spec"]["dnsNames"]:
                    yield certificate, f"it is not for {listener['hostname']}"


RULES = [exposure, live, tls, certificates]
