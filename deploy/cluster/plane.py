"""A Kubernetes control plane of this machine, from its start to its end."""

import ctypes
import json
import secrets
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

PATIENCE = 120
ZONES = ("a", "b", "c")


class Broken(Exception):
    """The control plane itself does not work."""


def free_ports(count):
    """Loopback ports that nothing uses."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def die_with_parent():
    """Ends the new process when this one is killed, on Linux: nothing is left behind."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def wait_for(what, seconds=PATIENCE, pause=0.2):
    """First true result of `what`, or the last one after the time is over."""
    until = time.monotonic() + seconds
    while not (result := what()) and time.monotonic() < until:
        time.sleep(pause)
    return result


class Plane:
    """Processes of the control plane, and calls of its API."""

    def __init__(self, binaries, directory):
        self.binary, self.kwok, self.directory = binaries / "cluster", binaries / "kwok", directory
        self.processes = {}
        self.port, self.token = None, secrets.token_hex(16)
        self.kubeconfig = directory / "kubeconfig"

    def start(self, part, *arguments):
        command = [self.kwok] if part == "kwok" else [self.binary, part]
        log = open(self.directory / f"{part}.log", "wb")
        self.processes[part] = subprocess.Popen(
            [*command, *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.directory,
            start_new_session=True, preexec_fn=die_with_parent)

    def stop(self):
        for process in reversed(self.processes.values()):
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def check_alive(self):
        for part, process in self.processes.items():
            if process.poll() is not None:
                lines = (self.directory / f"{part}.log").read_text(errors="replace").splitlines()
                raise Broken(f"{part} has ended with {process.returncode}: " + "\n".join(lines[-5:]))

    def request(self, path):
        context = ssl.create_default_context(cafile=self.directory / "tls/apiserver.crt")
        request = urllib.request.Request(
            f"https://127.0.0.1:{self.port}{path}", headers={"Authorization": f"Bearer {self.token}"})
        with urllib.request.urlopen(request, context=context, timeout=30) as answer:
            return answer.read()

    def get(self, path):
        """Object or list at a path of the API."""
        self.check_alive()
        return json.loads(self.request(path))

    def items(self, path):
        return self.get(path)["items"]

    def is_ready(self):
        self.check_alive()
        try:
            return self.request("/readyz") == b"ok"
        except OSError:
            return False

    def write_access(self):
        """Token and kubeconfig of an administrator, valid for this control plane alone."""
        (self.directory / "tokens.csv").write_text(f"{self.token},admin,admin,system:masters\n")
        server = {"server": f"https://127.0.0.1:{self.port}", "certificate-authority": str(self.directory / "tls/apiserver.crt")}
        self.kubeconfig.write_text(yaml.safe_dump({
            "apiVersion": "v1", "kind": "Config", "current-context": "plane",
            "clusters": [{"name": "plane", "cluster": server}],
            "users": [{"name": "admin", "user": {"token": self.token}}],
            "contexts": [{"name": "plane", "context": {"cluster": "plane", "user": "admin"}}],
        }))

    def start_all(self):
        clients, peers, self.port = free_ports(3)
        key = self.directory / "service-accounts.pem"
        key.write_bytes(subprocess.run([self.binary, "key"], capture_output=True, check=True).stdout)
        self.write_access()
        etcd = f"http://127.0.0.1:{clients}"
        self.start(
            "etcd", "--data-dir=etcd", "--unsafe-no-fsync", "--log-level=warn",
            f"--listen-client-urls={etcd}", f"--advertise-client-urls={etcd}",
            f"--listen-peer-urls=http://127.0.0.1:{peers}")
        self.start(
            "apiserver", f"--etcd-servers={etcd}", f"--secure-port={self.port}", "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1", "--endpoint-reconciler-type=none", "--cert-dir=tls",
            f"--service-account-key-file={key}", f"--service-account-signing-key-file={key}",
            "--service-account-issuer=https://kubernetes.default.svc", "--service-cluster-ip-range=10.255.0.0/16",
            "--authorization-mode=RBAC", "--token-auth-file=tokens.csv")
        if not wait_for(self.is_ready):
            raise Broken(f"the API server is not ready after {PATIENCE} s")
        self.start(
            "controllers", f"--kubeconfig={self.kubeconfig}", "--leader-elect=false", "--secure-port=0",
            f"--service-account-private-key-file={key}", "--horizontal-pod-autoscaler-sync-period=2s",
            # A busy machine delays the leases of the nodes, whose pods would not become ready.
            "--node-monitor-grace-period=1h")
        self.start("scheduler", f"--kubeconfig={self.kubeconfig}", "--leader-elect=false", "--secure-port=0")
        self.start("kwok", f"--kubeconfig={self.kubeconfig}", "--manage-all-nodes=true", "--node-port=0")

    def nodes(self):
        """Manifests of three nodes in three zones."""
        size = {"cpu": "64", "memory": "256Gi", "pods": "250"}
        return [{
            "apiVersion": "v1", "kind": "Node",
            "metadata": {"name": f"node-{zone}", "labels": {
                "topology.kubernetes.io/zone": zone, "kubernetes.io/hostname": f"node-{zone}", "kubernetes.io/os": "linux"}},
            "status": {"capacity": size, "allocatable": size},
        } for zone in ZONES]


@contextmanager
def running(binaries):
    """A control plane that accepts pods; it ends with the block, however the block ends."""
    # Also of a terminated process the block shall end.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with TemporaryDirectory(prefix="eaf-cluster-", ignore_cleanup_errors=True) as directory:
        plane = Plane(binaries, Path(directory))
        try:
            plane.start_all()
            yield plane
        finally:
            plane.stop()
