"""Rules for objects of operators: PostgreSQL, Keycloak, secrets, Prometheus."""

from findings import at, containers

IN_PRODUCTION = ("prod", "openshift")


def database(installation):
    backups = installation.of("ScheduledBackup")
    for each in installation.of("Cluster"):
        spec = each["spec"]
        if spec.get("enableSuperuserAccess") is not False:
            yield each, "the superuser has a password"
        if spec["instances"] >= 3 and at(spec, "postgresql.synchronous") != {"method": "any", "number": 1, "dataDurability": "required"}:
            yield each, "an acknowledged commit may be lost with one instance"
        archivers = [plugin for plugin in spec.get("plugins", []) if plugin.get("isWALArchiver")]
        stores = {store["metadata"]["name"] for store in installation.of("ObjectStore")}
        if installation.values["database"]["backup"]["enabled"]:
            if len(archivers) != 1 or at(archivers[0], "parameters.barmanObjectName") not in stores:
                yield each, "no plugin archives the WAL to an object store of this chart"
            if not any(at(backup, "spec.cluster.name") == each["metadata"]["name"] for backup in backups):
                yield each, "no base backups are scheduled"
        elif installation.name in IN_PRODUCTION:
            yield each, "there are no backups"
        if at(spec, "postgresql.parameters.archive_timeout") != "5min":
            yield each, "a WAL file may wait longer than 5 min for its archive"
        names = at(spec, "certificates.serverAltDNSNames", [])
        for proxy in installation.of("Pooler"):
            if f"{proxy['metadata']['name']}.{installation.namespace}.svc" not in names:
                yield each, "the certificate does not have the pooler's name"
    for each in backups:
        if len(each["spec"]["schedule"].split()) != 6:
            yield each, "the schedule needs six fields, seconds first"
        if each["spec"].get("method") != "plugin":
            yield each, "the method is not the Barman plugin"


def pooler(installation):
    for each in installation.of("Pooler"):
        if at(each, "spec.pgbouncer.poolMode") != "transaction":
            yield each, "the pool mode is not transaction"
        if int(at(each, "spec.pgbouncer.parameters.max_prepared_statements", 0)) < 100:
            yield each, "prepared statements are not kept"
        if not installation.find("Cluster", at(each, "spec.cluster.name")):
            yield each, "its cluster does not exist"
        size = int(at(each, "spec.pgbouncer.parameters.default_pool_size", 0)) * each["spec"]["instances"]
        # Appends and leases of each host are direct: 12 and 4. Keycloak has up to 100.
        api = installation.values["api"]
        hosts = api["autoscaling"]["maxReplicas"] if api["autoscaling"]["enabled"] else api["replicas"]
        keycloak = 20 * installation.values["keycloak"]["instances"] if installation.of("Keycloak") else 0
        most = int(at(installation.find("Cluster", each["spec"]["cluster"]["name"]), "spec.postgresql.parameters.max_connections", 0))
        needed = size + 16 * (hosts + 1) + keycloak
        if needed > most:
            yield each, f"pool, hosts and Keycloak need {needed} connections of {most}"


def keycloak(installation):
    for each in installation.of("Keycloak"):
        spec = each["spec"]
        if at(spec, "ingress.enabled") is not False:
            yield each, "the operator would expose all paths, /admin too"
        if at(spec, "networkPolicy.enabled") is not False:
            yield each, "the operator's policy opens the port to all pods"
        if "sslmode=verify-full" not in at(spec, "db.url", ""):
            yield each, "the connection to PostgreSQL is not verified"
        if at(spec, "proxy.headers") != "xforwarded":
            yield each, "the address of clients is the gateway's"
        if at(spec, "hostname.hostname") != installation.values["keycloak"]["url"]:
            yield each, "its address is not KEYCLOAK_URL"
        if not any(at(d, "spec.name") == "keycloak" and at(d, "spec.owner") == "keycloak" for d in installation.of("Database")):
            yield each, "its database does not exist"


def external_secrets(installation):
    stores = {each["metadata"]["name"] for each in installation.of("SecretStore")}
    for each in installation.of("SecretStore"):
        vault = at(each, "spec.provider.vault", {})
        if not vault.get("server", "").startswith("https://"):
            yield each, "Vault is asked without TLS"
        account = at(vault, "auth.kubernetes.serviceAccountRef.name")
        if not installation.find("ServiceAccount", account):
            yield each, f"the service account {account} does not exist"
    for each in installation.of("ExternalSecret"):
        if at(each, "spec.secretStoreRef.name") not in stores:
            yield each, "its store does not exist"
        if at(each, "spec.target.deletionPolicy") != "Retain":
            yield each, "a fault of Vault could delete the secret"
        folder = installation.values["secrets"]["external"]["path"]
        for entry in each["spec"]["data"]:
            if not entry["remoteRef"]["key"].startswith(f"{folder}/"):
                yield each, f"it reads {entry['remoteRef']['key']} outside {folder}"


def monitors(installation):
    if not installation.values["monitoring"]["enabled"]:
        return
    found = {each["metadata"]["name"] for each in installation.of("ServiceMonitor", "PodMonitor")}
    for kind, name in (("Deployment", "api"), ("Cluster", "database"), ("Pooler", "pooler"), ("Keycloak", "keycloak")):
        if installation.of(kind) and installation.named(name) not in found:
            yield f"Monitor/{name}", "Prometheus does not scrape it"
    for each in installation.of("ServiceMonitor"):
        selector = each["spec"]["selector"]["matchLabels"]
        services = [s for s in installation.of("Service") if selector.items() <= s["metadata"]["labels"].items()]
        for endpoint in each["spec"]["endpoints"]:
            if endpoint["path"] != "/actuator/prometheus":
                yield each, "the path is not /actuator/prometheus"
            if not any(port["name"] == endpoint["port"] for s in services for port in s["spec"]["ports"]):
                yield each, f"no selected service has the port {endpoint['port']}"
    api = installation.find("Deployment", installation.named("api"))
    ports = {port["name"]: port["containerPort"] for port in containers(api)[0]["ports"]}
    if ports != {"http": 8080, "management": 9090}:
        yield api, "the ports are not 8080 and 9090"


RULES = [database, pooler, keycloak, external_secrets, monitors]
