// Command cluster is a Kubernetes control plane in one binary: the first argument names the part,
// the others are its own.
//
// One binary links once, and one go.sum pins all parts. The nodes and pods are simulated by kwok, a
// binary of its own because it needs another version of Kubernetes' libraries.
package main

import (
	"fmt"
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	kubectl "k8s.io/kubectl/pkg/cmd"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"

	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
)

var parts = map[string]func() int{
	"etcd":        func() int { etcdmain.Main(os.Args); return 0 },
	"apiserver":   func() int { return cli.Run(apiserver.NewAPIServerCommand()) },
	"controllers": func() int { return cli.Run(controllers.NewControllerManagerCommand()) },
	"scheduler":   func() int { return cli.Run(scheduler.NewSchedulerCommand()) },
	"kubectl":     func() int { return cli.Run(kubectl.NewDefaultKubectlCommand()) },
	"key":         key,
}

func main() {
	if len(os.Args) < 2 || parts[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: cluster etcd|apiserver|controllers|scheduler|kubectl|key ARGUMENTS")
		os.Exit(2)
	}
	part := parts[os.Args[1]]
	os.Args = os.Args[1:]
	os.Exit(part())
}
