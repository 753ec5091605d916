"""What people do to a cluster: kubectl and Helm, with every warning an error."""

import json
import os
import subprocess
import time

import plane

# How long pods may take; kwok makes them ready at once.
PATIENCE = 120
# A quota refuses new pods while old ones end: it is final when it lasts this long.
FINAL = 4
GROUPS = {
    "deployments": "apis/apps/v1",
    "networkpolicies": "apis/networking.k8s.io/v1",
    "horizontalpodautoscalers": "apis/autoscaling/v2",
}


class Refused(Exception):
    """API server, controllers or Helm refuse something; the text is theirs."""


class Cluster:
    def __init__(self, control, helm):
        self.control, self.helm_binary = control, helm
        folder = control.directory
        self.environment = {**os.environ, "KUBECONFIG": str(control.kubeconfig), "KUBECACHEDIR": str(folder / "kubectl")}
        self.environment |= {f"HELM_{kind}_HOME": str(folder / "helm") for kind in ("CACHE", "CONFIG", "DATA")}

    def run(self, command, text=None):
        answer = subprocess.run(
            [str(each) for each in command], input=text, env=self.environment, capture_output=True, text=True, check=False)
        if answer.returncode:
            self.control.check_alive()
            raise Refused((answer.stderr or answer.stdout).strip())
        return answer

    def kubectl(self, *arguments, text=None):
        return self.run([self.control.binary, "kubectl", "--warnings-as-errors", *arguments], text).stdout

    def apply(self, *, files=(), objects=(), namespace=None, only_ask=False):
        """Server-side apply with strict validation: an unknown field is an error."""
        command = ["apply", "--server-side", "--validate=strict"]
        command += ["--dry-run=server"] if only_ask else []
        command += ["--namespace", namespace] if namespace else []
        if files:
            for file in files:
                command += ["--filename", file]
            return self.kubectl(*command)
        return self.kubectl(*command, "--filename=-", text="\n".join(json.dumps(each) for each in objects))

    def ask(self, objects):
        """Asks what `apply` would be told. A warning is no refusal here."""
        command = [self.control.binary, "kubectl", "apply", "--server-side", "--validate=strict", "--dry-run=server", "--filename=-"]
        self.run(command, "\n".join(json.dumps(each) for each in objects))

    def helm(self, *arguments):
        answer = self.run([self.helm_binary, *arguments])
        # Helm itself does not ask for strict validation: what the API server ignores is a warning.
        warnings = [line for line in answer.stderr.splitlines() if "warnings.go" in line or line.startswith("WARNING")]
        if warnings:
            raise Refused("\n".join(warnings))
        return answer.stdout

    def of(self, namespace, kind, selector=""):
        """Objects of a kind, by its plural, in a namespace."""
        group = GROUPS.get(kind, "api/v1")
        return self.control.items(f"/{group}/namespaces/{namespace}/{kind}?labelSelector={selector.replace('=', '%3D')}")

    def unschedulable(self, namespace, selector):
        """What the scheduler says about pods without a node."""
        return [condition["message"] for each in self.of(namespace, "pods", selector)
                for condition in each.get("status", {}).get("conditions", [])
                if condition["type"] == "PodScheduled" and condition.get("reason") == "Unschedulable"]

    def unavailable(self, namespace, selector):
        """Reasons by Deployment; `refused` are those that the controllers do not overcome."""
        least = {each["metadata"]["name"]: each["spec"]["minReplicas"]
                 for each in self.of(namespace, "horizontalpodautoscalers", selector)}
        reasons = {}
        for each in self.of(namespace, "deployments", selector):
            name, spec, status = each["metadata"]["name"], each["spec"], each.get("status", {})
            wanted = max(spec["replicas"], least.get(name, 0))
            counts = [status.get(key, 0) for key in ("replicas", "updatedReplicas", "availableReplicas")]
            refused = [condition["message"] for condition in status.get("conditions", [])
                       if condition["type"] == "ReplicaFailure" and condition["status"] == "True"]
            if refused:
                reasons[name] = f"refused: {refused[0]}"
            elif status.get("observedGeneration") != each["metadata"]["generation"] or counts != [wanted] * 3:
                reasons[name] = f"of {wanted} pods there are {counts[0]}, new {counts[1]}, available {counts[2]}"
        for message in self.unschedulable(namespace, selector):
            reasons["a pod"] = f"refused: {message}"
        return reasons

    def wait_available(self, namespace, release):
        """Waits until all Deployments of a release have the pods that they want."""
        selector = f"app.kubernetes.io/instance={release}"
        refused_since = None

        def is_decided():
            nonlocal refused_since
            reasons = self.unavailable(namespace, selector)
            if not any(reason.startswith("refused") for reason in reasons.values()):
                refused_since = None
                return not reasons
            refused_since = refused_since or time.monotonic()
            return time.monotonic() - refused_since > FINAL

        plane.wait_for(is_decided, PATIENCE)
        reasons = self.unavailable(namespace, selector)
        if reasons:
            raise Refused("; ".join(f"{name}: {reason}" for name, reason in reasons.items()))

    def pods(self, namespace, release):
        """The release's pods that do not end."""
        found = self.of(namespace, "pods", f"app.kubernetes.io/instance={release}")
        return [each for each in found if "deletionTimestamp" not in each["metadata"]]
