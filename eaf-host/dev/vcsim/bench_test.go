package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi"
	faults "github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// bench is a running simulator with one vCenter, acme, and a client that is logged in.
type bench struct {
	*testing.T
	ctx     context.Context
	control string
	address string
	dir     string
	client  *govmomi.Client
}

func newBench(t *testing.T, change ...func(*options)) *bench {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	o := options{
		state: dir, certs: filepath.Join(dir, "certs"), session: time.Minute, control: "127.0.0.1:0", seed: 1,
		vcenters: []vcenterOptions{{
			name: "acme", listen: "127.0.0.1:0", user: "svc", password: "right",
			datacenter: "DC1", folders: []string{"EAF"}, templates: []string{"debian-12"},
		}},
	}
	for _, c := range change {
		c(&o)
	}
	ctx, cancel := context.WithCancel(context.Background())
	reader, writer := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, o, writer)
		writer.CloseWithError(err)
		ended <- err
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	lines := bufio.NewReader(reader)
	said := func() []string {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		return strings.Fields(line)
	}
	b := &bench{T: t, ctx: context.Background(), dir: dir, control: said()[1], address: said()[2]}
	b.client = b.login()
	return b
}

func (b *bench) login() *govmomi.Client {
	b.Helper()
	client, err := login(b.T, b.dir, b.address, "right")
	if err != nil {
		b.Fatal(err)
	}
	return client
}

// request asks the control interface and returns status and body.
func (b *bench) request(method, path, body string) (int, string) {
	b.Helper()
	r, err := http.NewRequest(method, b.control+path, strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		b.Fatal(err)
	}
	return answer.StatusCode, strings.TrimSpace(string(text))
}

// behave switches a behaviour on and returns its path.
func (b *bench) behave(behaviour string) string {
	b.Helper()
	status, body := b.request("POST", "/acme/behaviours", behaviour)
	var made struct{ ID int }
	if err := json.Unmarshal([]byte(body), &made); status != http.StatusCreated || err != nil {
		b.Fatalf("%s: %d %s", behaviour, status, body)
	}
	return fmt.Sprintf("/acme/behaviours/%d", made.ID)
}

func (b *bench) unbehave(path string) {
	b.Helper()
	if status, body := b.request("DELETE", path, ""); status != http.StatusNoContent {
		b.Fatal(status, body)
	}
}

func (b *bench) finder() *find.Finder { return find.NewFinder(b.client.Client) }

func (b *bench) vm(path string) *object.VirtualMachine {
	b.Helper()
	vm, err := b.finder().VirtualMachine(b.ctx, "/DC1/vm/"+path)
	if err != nil {
		b.Fatal(err)
	}
	return vm
}

func (b *bench) folder() *object.Folder {
	b.Helper()
	folder, err := b.finder().Folder(b.ctx, "/DC1/vm/EAF")
	if err != nil {
		b.Fatal(err)
	}
	return folder
}

// cloneTask begins a clone of the template into the folder EAF.
func (b *bench) cloneTask(name string, config *types.VirtualMachineConfigSpec) *object.Task {
	b.Helper()
	pool, err := b.finder().ResourcePool(b.ctx, "/DC1/host/Cluster1/Resources")
	if err != nil {
		b.Fatal(err)
	}
	ref := pool.Reference()
	task, err := b.vm("Templates/debian-12").Clone(b.ctx, b.folder(), name, types.VirtualMachineCloneSpec{
		Location: types.VirtualMachineRelocateSpec{Pool: &ref}, Config: config,
	})
	if err != nil {
		b.Fatal(err)
	}
	return task
}

// clone makes a machine in the folder EAF.
func (b *bench) clone(name string) *object.VirtualMachine {
	b.Helper()
	info, err := b.cloneTask(name, nil).WaitForResult(b.ctx, nil)
	if err != nil {
		b.Fatal(err)
	}
	return object.NewVirtualMachine(b.client.Client, info.Result.(types.ManagedObjectReference))
}

// read gives properties of one object as they stand in the answer.
func (b *bench) read(ref types.ManagedObjectReference, paths ...string) (*types.ObjectContent, error) {
	answer, err := property.DefaultCollector(b.client.Client).RetrieveProperties(b.ctx, types.RetrieveProperties{
		SpecSet: []types.PropertyFilterSpec{{
			ObjectSet: []types.ObjectSpec{{Obj: ref}},
			PropSet:   []types.PropertySpec{{Type: ref.Type, PathSet: paths}},
		}},
	})
	if err != nil {
		return nil, err
	}
	return &answer.Returnval[0], nil
}

// value is that of one property, or nil if the answer lacks it.
func (b *bench) value(ref types.ManagedObjectReference, path string) any {
	b.Helper()
	content, err := b.read(ref, path)
	if err != nil {
		b.Fatal(err)
	}
	for _, p := range content.PropSet {
		return p.Val
	}
	return nil
}

func (b *bench) taskInfo(task *object.Task) types.TaskInfo {
	b.Helper()
	var found mo.Task
	if err := task.Properties(b.ctx, task.Reference(), []string{"info"}, &found); err != nil {
		b.Fatal(err)
	}
	return found.Info
}

// wantFault checks that a call or task failed with a fault of this type.
func wantFault[F types.BaseMethodFault](b *bench, err error) {
	b.Helper()
	if err == nil || !faults.Is(err, *new(F)) {
		b.Errorf("expected the fault %T, got %v", *new(F), err)
	}
}
