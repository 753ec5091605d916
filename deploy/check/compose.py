"""Rules for deploy/compose.yaml and the files beside it."""

import re
from urllib.parse import urlparse

import jsonschema
import yaml

import render
from findings import Finding, at

# The parts of the briefing's picture and of its observability stack.
SERVICES = {"api", "web", "keycloak", "postgres", "vcsim", "mail", "prometheus", "grafana", "loki", "alloy", "alertmanager"}


def schema(deploy, document, schemas):
    for error in jsonschema.Draft202012Validator(schemas.compose).iter_errors(document):
        where = ".".join(str(each) for each in error.absolute_path)
        yield where, error.message[:300]


def compose(deploy, document, _schemas):
    services = document["services"]
    for name in sorted(SERVICES - set(services)):
        yield name, "the service is missing"
    for name, service in services.items():
        image = re.sub(r"\$\{[A-Z_]+:-([^}]*)\}", r"\1", service.get("image", ""))
        tag = image.rpartition(":")[2]
        if "/" in tag or tag in ("", "latest"):
            yield name, f"the image {image} is not pinned"
        if "test" not in service.get("healthcheck", {}) and not service.get("x-without-healthcheck"):
            yield name, "it has no health check and no reason for that"
        for port in service.get("ports", []):
            if not str(port).startswith("127.0.0.1:"):
                yield name, f"the port {port} is open to the network"
        for other, condition in (service.get("depends_on") or {}).items():
            if other not in services:
                yield name, f"it waits for {other}, which does not exist"
            elif condition["condition"] == "service_healthy" and "healthcheck" not in services[other]:
                yield name, f"it waits for the health of {other}, which has no check"
        if service.get("privileged") or service.get("network_mode") == "host":
            yield name, "it has rights of the machine"
        yield from files(deploy, document, name, service)
    if not at(document, "networks.back.internal"):
        yield "back", "the network has a way out"


def files(deploy, document, name, service):
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        if source.startswith("."):
            # Mutations have a copy of deploy/ alone.
            if not source.startswith("../") and not (deploy / source).is_file():
                yield name, f"{source} does not exist"
        elif not source.startswith("/") and source not in document["volumes"]:
            yield name, f"the volume {source} is not declared"
    for secret in service.get("secrets", []):
        if secret not in document["secrets"]:
            yield name, f"the secret {secret} is not declared"
        elif service.get("read_only") and "file" not in document["secrets"][secret]:
            yield name, f"the secret {secret} cannot be written into a read-only container: it must be a file"


def compose_settings(deploy, document, _schemas):
    api = document["services"]["api"]
    known = render.settings(deploy)
    for name, value in api["environment"].items():
        if name not in known:
            yield "api", f"{name} is not in deploy/configuration.md"
        if name.endswith("_FILE") and value.rpartition("/")[2] not in api.get("secrets", []):
            yield "api", f"{name} names no secret of the service"
        if name.startswith("EAF_DATABASE") and name.endswith("_URL") and urlparse(value.replace(":?}", "}")).hostname not in document["services"]:
            yield "api", f"{name} names no service"
    issuer = urlparse(api["environment"]["EAF_OIDC_ISSUER"])
    if issuer.hostname not in at(document, "services.keycloak.networks.back.aliases", []):
        yield "api", "the issuer's name does not lead to Keycloak"
    if at(document, "services.keycloak.environment.KC_HOSTNAME") != f"http://{issuer.netloc}":
        yield "keycloak", "its address is not the host's issuer"


def compose_targets(deploy, document, _schemas):
    """Addresses in the files beside it are those of services."""
    services = set(document["services"])
    prometheus = yaml.safe_load((deploy / "compose/prometheus.yml").read_text())
    targets = {target for job in prometheus["scrape_configs"] for config in job["static_configs"] for target in config["targets"]}
    paths = {job["job_name"]: job.get("metrics_path", "/metrics") for job in prometheus["scrape_configs"]}
    for target in sorted(targets):
        if target.split(":")[0] not in services:
            yield "prometheus.yml", f"{target} is no service"
    if "api:9090" not in targets or paths.get("api") != "/actuator/prometheus":
        yield "prometheus.yml", "the host's metrics are not scraped"
    alertmanagers = {target for each in prometheus["alerting"]["alertmanagers"] for config in each["static_configs"] for target in config["targets"]}
    if alertmanagers != {"alertmanager:9093"}:
        yield "prometheus.yml", "alerts reach no Alertmanager"
    for source in yaml.safe_load((deploy / "compose/datasources.yml").read_text())["datasources"]:
        if urlparse(source["url"]).hostname not in services:
            yield "datasources.yml", f"{source['url']} is no service"
    for file, pattern in (("config.alloy", r'url = "http://([a-z]+):'), ("Caddyfile", r"reverse_proxy (?:@\w+ )?([a-z]+):")):
        names = re.findall(pattern, (deploy / "compose" / file).read_text())
        if not names or not set(names) <= services:
            yield file, f"it leads to {names}"


RULES = [compose, compose_settings, compose_targets]


def findings(deploy, schemas):
    document = yaml.load((deploy / "compose.yaml").read_text(), yaml.CSafeLoader)
    found = [Finding("schema", f"compose.yaml {where}", text) for where, text in schema(deploy, document, schemas)]
    yield from found
    if not found:
        for rule in RULES:
            for where, text in rule(deploy, document, schemas):
                yield Finding(rule.__name__, f"compose.yaml {where}", text)
