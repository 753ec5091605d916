package main

import (
	"bufio"
	"context"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/session"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

const instance = "5a1f3c1e-0000-4000-8000-00000000cafe"

// start runs a simulator and returns its address and what ends it.
func start(t *testing.T, dir string) (string, func()) {
	t.Helper()
	t.Setenv("TMPDIR", os.TempDir()) // run changes it; this puts it back when the test ends
	ctx, cancel := context.WithCancel(context.Background())
	reader, writer := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, options{
			state: dir, certs: filepath.Join(dir, "certs"), session: time.Minute,
			vcenters: []vcenterOptions{{
				name: "acme", listen: "127.0.0.1:0", user: "svc", password: "right",
				datacenter: "DC1", folders: []string{"EAF"}, templates: []string{"debian-12"},
			}},
		}, writer)
		writer.Close()
	}()
	line, err := bufio.NewReader(reader).ReadString('\n')
	if err != nil {
		t.Fatal(<-ended)
	}
	return strings.Fields(line)[2], func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

func login(t *testing.T, dir, address, password string) (*govmomi.Client, error) {
	t.Helper()
	at, err := soap.ParseURL(address)
	if err != nil {
		t.Fatal(err)
	}
	at.User = url.UserPassword("svc", password)
	transport := soap.NewClient(at, false)
	if err := transport.SetRootCAs(filepath.Join(dir, "certs", "ca.pem")); err != nil {
		t.Fatal(err)
	}
	vim, err := vim25.NewClient(context.Background(), transport)
	if err != nil {
		t.Fatal(err)
	}
	client := &govmomi.Client{Client: vim, SessionManager: session.NewManager(vim)}
	return client, client.Login(context.Background(), at.User)
}

func cloneAndPowerOn(t *testing.T, client *govmomi.Client, name string) {
	t.Helper()
	ctx := context.Background()
	finder := find.NewFinder(client.Client)
	template, err := finder.VirtualMachine(ctx, "/DC1/vm/Templates/debian-12")
	if err != nil {
		t.Fatal(err)
	}
	folder, err := finder.Folder(ctx, "/DC1/vm/EAF")
	if err != nil {
		t.Fatal(err)
	}
	pool, err := finder.ResourcePool(ctx, "/DC1/host/Cluster1/Resources")
	if err != nil {
		t.Fatal(err)
	}
	ref := pool.Reference()
	task, err := template.Clone(ctx, folder, name, types.VirtualMachineCloneSpec{
		Location: types.VirtualMachineRelocateSpec{Pool: &ref},
		Config: &types.VirtualMachineConfigSpec{
			InstanceUuid: instance, NumCPUs: 4, MemoryMB: 8192,
			ExtraConfig: []types.BaseOptionValue{&types.OptionValue{Key: "eaf.marker", Value: "a/b/c"}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	info, err := task.WaitForResult(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	vm := object.NewVirtualMachine(client.Client, info.Result.(types.ManagedObjectReference))
	if task, err = vm.PowerOn(ctx); err != nil {
		t.Fatal(err)
	}
	if err := task.Wait(ctx); err != nil {
		t.Fatal(err)
	}
	// Wait for the address, not for a time.
	err = property.Wait(ctx, property.DefaultCollector(client.Client), vm.Reference(), []string{"guest.ipAddress"},
		func(changes []types.PropertyChange) bool {
			for _, change := range changes {
				if text, ok := change.Val.(string); ok && text != "" {
					return true
				}
			}
			return false
		})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAMachineIsTheSameAfterARestart(t *testing.T) {
	dir := t.TempDir()
	address, stop := start(t, dir)
	client, err := login(t, dir, address, "right")
	if err != nil {
		t.Fatal(err)
	}
	cloneAndPowerOn(t, client, "web-01")
	// The files on disk now, before any graceful stop, are those that a kill would leave.
	killed, err := os.ReadFile(filepath.Join(dir, "acme.json"))
	if err != nil {
		t.Fatal(err)
	}
	stop()
	if err := os.WriteFile(filepath.Join(dir, "acme.json"), killed, 0o600); err != nil {
		t.Fatal(err)
	}

	address, stop = start(t, dir)
	defer stop()
	if client, err = login(t, dir, address, "right"); err != nil {
		t.Fatal(err)
	}
	vm, err := find.NewFinder(client.Client).VirtualMachine(context.Background(), "/DC1/vm/EAF/web-01")
	if err != nil {
		t.Fatal(err)
	}
	var got mo.VirtualMachine
	if err := vm.Properties(context.Background(), vm.Reference(), []string{"config", "runtime", "guest"}, &got); err != nil {
		t.Fatal(err)
	}
	marker := ""
	for _, option := range got.Config.ExtraConfig {
		if option.GetOptionValue().Key == "eaf.marker" {
			marker = option.GetOptionValue().Value.(string)
		}
	}
	if got.Config.InstanceUuid != instance || got.Config.Hardware.NumCPU != 4 || got.Config.Hardware.MemoryMB != 8192 ||
		got.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOn || got.Guest.IpAddress != addressOf(instance) ||
		marker != "a/b/c" {
		t.Errorf("another machine: %v cpus, %v MB, %v, %v, marker %q, uuid %v", got.Config.Hardware.NumCPU,
			got.Config.Hardware.MemoryMB, got.Runtime.PowerState, got.Guest.IpAddress, marker, got.Config.InstanceUuid)
	}
}

func TestAWrongPasswordIsRefused(t *testing.T) {
	dir := t.TempDir()
	address, stop := start(t, dir)
	defer stop()
	if _, err := login(t, dir, address, "wrong"); err == nil || !strings.Contains(err.Error(), "Login failure") {
		t.Errorf("expected a login failure, got %v", err)
	}
}
