"""All checks on a control plane of this machine, then the mutations. `run` starts it."""

import argparse
import signal
import sys
import time
from pathlib import Path

import checks
import mutations
import plane
import render
from cluster import Cluster, Refused
from refusals import refusals

DEPLOY = Path(__file__).resolve().parent.parent
OF_ALL = [refusals, checks.gitops]
RULES = {check.__name__ for check in [checks.definitions, *checks.OF_VALUES, *OF_ALL]}


def steps(cluster, deploy, only=None):
    """Checks in their order, with place and arguments; `only` names a values file or a check."""
    files = {values.stem: values for values in render.environment_files(deploy)}
    if only in (None, "definitions"):
        yield checks.definitions, "", (cluster, deploy)
    for stem, values in files.items():
        if only in (None, stem):
            for check in checks.OF_VALUES:
                yield check, stem, (cluster, deploy, values)
    for check in OF_ALL:
        if only in (None, check.__name__):
            yield checks.namespaces, "dev", (cluster, deploy, files["dev"])
            yield check, "", (cluster, deploy)


def report(cluster):
    """Runs all checks, a line for each; the first finding ends it."""
    for check, place, arguments in steps(cluster, DEPLOY):
        since = time.monotonic()
        answer = check(*arguments)
        if answer:
            name = " ".join(part for part in (check.__name__, place) if part)
            print(f"cluster: {name}: {answer} ({time.monotonic() - since:.1f} s)", flush=True)


def findings(cluster, deploy, only):
    """Finding of a broken copy; what it has installed is removed."""
    try:
        for check, _, arguments in steps(cluster, deploy, only):
            check(*arguments)
    except checks.Failed as failed:
        return [failed.finding]
    finally:
        for values in render.environment_files(DEPLOY):
            if values.stem == only:
                checks.remove(cluster, DEPLOY, values)
    return []


def run_mutations(cluster):
    count, missed = mutations.run(
        DEPLOY, DEPLOY / "cluster/mutations.yaml", RULES, lambda deploy, only: findings(cluster, deploy, only))
    for text in missed:
        print(f"error: {text}", file=sys.stderr)
    if missed:
        sys.exit(1)
    print(f"cluster: {count} mutations of {len(RULES)} checks, each found")


def main():
    parser = argparse.ArgumentParser()
    for name in ("--helm", "--binaries"):
        parser.add_argument(name, required=True)
    parser.add_argument("--no-mutations", action="store_true")
    parser.add_argument("--keep", action="store_true")
    arguments = parser.parse_args()
    since = time.monotonic()
    try:
        with plane.running(Path(arguments.binaries)) as control:
            cluster = Cluster(control, arguments.helm)
            cluster.apply(objects=control.nodes())
            print(f"cluster: API server, controllers, scheduler and 3 nodes ({time.monotonic() - since:.1f} s)", flush=True)
            report(cluster)
            if not arguments.no_mutations:
                run_mutations(cluster)
            if arguments.keep:
                print(f"cluster: KUBECONFIG={control.kubeconfig} {control.binary} kubectl get pods --all-namespaces; Ctrl-C ends it", flush=True)
                signal.pause()
    except checks.Failed as failed:
        sys.exit(f"error: {failed.finding}")
    except (plane.Broken, Refused) as broken:
        sys.exit(f"error: the control plane: {broken}")
    except KeyboardInterrupt:
        sys.exit(130)
    print(f"cluster: checked in {time.monotonic() - since:.0f} s")


if __name__ == "__main__":
    main()
