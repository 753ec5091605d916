"""Results of rules, and the shape of a rendered installation."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Finding:
    """One violation: the rule by its name, the place, and the sentence for people."""

    rule: str
    place: str
    text: str

    def __str__(self):
        return f"{self.rule}: {self.place}: {self.text}"


@dataclass
class Installation:
    """One values file, rendered."""

    name: str
    # Values as the chart sees them: its defaults under those of the file.
    values: dict
    objects: list
    release: str = "dcm"
    namespace: str = "dcm"
    settings: set = field(default_factory=set)
    # The text from Helm.
    text: str = ""

    def of(self, *kinds):
        return [each for each in self.objects if each["kind"] in kinds]

    def find(self, kind, name):
        return next((each for each in self.of(kind) if each["metadata"]["name"] == name), None)

    def named(self, suffix):
        return f"{self.release}-{suffix}"


def place(each):
    return f"{each.get('kind')}/{each.get('metadata', {}).get('name')}"


def containers(workload):
    return workload["spec"]["template"]["spec"]["containers"]


def all_containers(workload):
    return workload["spec"]["template"]["spec"].get("initContainers", []) + containers(workload)


def at(value, path, default=None):
    """Value at a path of keys and indexes such as `spec.tls.0.minVersion`."""
    for key in path.split("."):
        if isinstance(value, list) and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        elif isinstance(value, dict) and key in value:
            value = value[key]
        else:
            return default
    return value
