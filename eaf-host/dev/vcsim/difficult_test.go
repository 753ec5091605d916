package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

func TestAnswersComeInPagesWithAToken(t *testing.T) {
	b := newBench(t)
	b.clone("web-01")
	b.clone("web-02")
	b.clone("web-03")
	b.behave(`{"kind": "pages", "size": 2}`)
	children, err := b.folder().Children(b.ctx)
	if err != nil {
		t.Fatal(err)
	}
	spec := types.PropertyFilterSpec{PropSet: []types.PropertySpec{{Type: "VirtualMachine", PathSet: []string{"name"}}}}
	for _, child := range children {
		spec.ObjectSet = append(spec.ObjectSet, types.ObjectSpec{Obj: child.Reference()})
	}
	collector := property.DefaultCollector(b.client.Client).Reference()
	first, err := methods.RetrievePropertiesEx(b.ctx, b.client.Client, &types.RetrievePropertiesEx{
		This: collector, SpecSet: []types.PropertyFilterSpec{spec},
	})
	if err != nil || len(first.Returnval.Objects) != 2 || first.Returnval.Token == "" {
		t.Fatal(first, err)
	}
	rest, err := methods.ContinueRetrievePropertiesEx(b.ctx, b.client.Client, &types.ContinueRetrievePropertiesEx{
		This: collector, Token: first.Returnval.Token,
	})
	if err != nil || len(rest.Returnval.Objects) != 1 || rest.Returnval.Token != "" {
		t.Error(rest, err)
	}
}

func TestTasksThatEndedLongAgoAreForgotten(t *testing.T) {
	b := newBench(t)
	task := b.powerOnTask(b.clone("web-01"))
	if err := task.Wait(b.ctx); err != nil {
		t.Fatal(err)
	}
	late := b.behave(`{"kind": "forget-tasks", "after": "1h"}`)
	if _, err := b.read(task.Reference(), "info"); err != nil {
		t.Error(err)
	}
	b.unbehave(late)
	b.behave(`{"kind": "forget-tasks", "after": "0s"}`)
	_, err := b.read(task.Reference(), "info")
	wantFault[*types.ManagedObjectNotFound](b, err)
}

func TestALateCloneIsListedBeforeItHasAConfiguration(t *testing.T) {
	b := newBench(t)
	late := b.behave(`{"kind": "late-clone", "for": "1h"}`)
	task := b.cloneTask("web-01", &types.VirtualMachineConfigSpec{InstanceUuid: instance})
	var children []object.Reference
	for len(children) == 0 {
		var err error
		if children, err = b.folder().Children(b.ctx); err != nil {
			t.Fatal(err)
		}
	}
	vm := children[0].Reference()
	if b.value(vm, "config.extraConfig") != nil || b.value(vm, "config") != nil || b.value(vm, "runtime.powerState") == nil {
		t.Error("it has a configuration")
	}
	index := object.NewSearchIndex(b.client.Client)
	if found, err := index.FindAllByUuid(b.ctx, nil, instance, true, types.NewBool(true)); err != nil || len(found) != 0 {
		t.Error(found, err)
	}
	if b.taskInfo(task).State != types.TaskInfoStateRunning {
		t.Error(b.taskInfo(task).State)
	}
	b.unbehave(late)
	if err := task.Wait(b.ctx); err != nil || b.value(vm, "config.instanceUuid") != instance {
		t.Error(err, b.value(vm, "config.instanceUuid"))
	}
}

func TestAClusterWithoutDRSWantsAHost(t *testing.T) {
	b := newBench(t)
	drs := func() bool {
		cluster, err := b.finder().ClusterComputeResource(b.ctx, "/DC1/host/Cluster1")
		if err != nil {
			t.Fatal(err)
		}
		config, err := cluster.Configuration(b.ctx)
		if err != nil {
			t.Fatal(err)
		}
		return *config.DrsConfig.Enabled
	}
	if !drs() {
		t.Error("a cluster has DRS")
	}
	behaviour := b.behave(`{"kind": "no-drs"}`)
	if drs() {
		t.Error("the cluster says that it has DRS")
	}
	wantFault[*types.InvalidArgument](b, b.cloneTask("web-01", nil).Wait(b.ctx))
	host, err := b.finder().HostSystem(b.ctx, "/DC1/host/Cluster1/esx-01.example.internal")
	if err != nil {
		t.Fatal(err)
	}
	pool, err := b.finder().ResourcePool(b.ctx, "/DC1/host/Cluster1/Resources")
	if err != nil {
		t.Fatal(err)
	}
	onHost, inPool := host.Reference(), pool.Reference()
	task, err := b.vm("Templates/debian-12").Clone(b.ctx, b.folder(), "web-01", types.VirtualMachineCloneSpec{
		Location: types.VirtualMachineRelocateSpec{Host: &onHost, Pool: &inPool},
	})
	if err != nil || task.Wait(b.ctx) != nil {
		t.Error(err)
	}
	b.unbehave(behaviour)
	if !drs() {
		t.Error("DRS is not back")
	}
	b.clone("web-02")
}

func TestPrivilegesAreMissingOnOneEntity(t *testing.T) {
	b := newBench(t)
	b.behave(`{"kind": "privileges", "missing": ["VirtualMachine.Inventory.Delete"], "on": "EAF"}`)
	manager := object.NewAuthorizationManager(b.client.Client)
	folder, template := b.folder().Reference(), b.vm("Templates/debian-12").Reference()
	wanted := []string{"VirtualMachine.Inventory.Delete", "VirtualMachine.Inventory.Create"}
	held, err := manager.HasUserPrivilegeOnEntities(b.ctx, []types.ManagedObjectReference{folder, template}, "svc", wanted)
	if err != nil {
		t.Fatal(err)
	}
	granted := func(i, j int) bool { return held[i].PrivAvailability[j].IsGranted }
	if granted(0, 0) || !granted(0, 1) || !granted(1, 0) || !granted(1, 1) {
		t.Errorf("%+v", held)
	}
	session, err := methods.HasPrivilegeOnEntities(b.ctx, b.client.Client, &types.HasPrivilegeOnEntities{
		This: manager.Reference(), Entity: []types.ManagedObjectReference{folder}, SessionId: "x", PrivId: wanted,
	})
	if err != nil || session.Returnval[0].PrivAvailability[0].IsGranted || !session.Returnval[0].PrivAvailability[1].IsGranted {
		t.Error(session, err)
	}
	fetched, err := manager.FetchUserPrivilegeOnEntities(b.ctx, []types.ManagedObjectReference{folder, template}, "svc")
	if err != nil || slices.Contains(fetched[0].Privileges, wanted[0]) || !slices.Contains(fetched[1].Privileges, wanted[0]) {
		t.Error(fetched, err)
	}
}

func TestAboutSaysThatThisIsAnotherVCenter(t *testing.T) {
	b := newBench(t)
	b.behave(`{"kind": "about", "instanceUuid": "another", "apiType": "HostAgent", "apiVersion": "6.7"}`)
	_, text := b.post(retrieveContent)
	for _, said := range []string{"<instanceUuid>another<", "<apiType>HostAgent<", "<apiVersion>6.7<"} {
		if !strings.Contains(text, said) {
			t.Error(text)
		}
	}
	b.unbehave("/acme/behaviours")
	if _, text := b.post(retrieveContent); strings.Contains(text, "another") {
		t.Error(text)
	}
}

func TestTheInventoryMayHaveAFolderOfClustersAndADatastoreCluster(t *testing.T) {
	b := newBench(t, func(o *options) { o.vcenters[0].hostFolder, o.vcenters[0].pod = "Prod", "Pod1" })
	index := object.NewSearchIndex(b.client.Client)
	for path, kind := range map[string]string{
		"/DC1/host/Prod": "Folder", "/DC1/host/Prod/Cluster1": "ClusterComputeResource",
		"/DC1/datastore/Pod1": "StoragePod", "/DC1/datastore/Pod1/Pod1-a": "Datastore", "/DC1/datastore/datastore1": "Datastore",
	} {
		if found, err := index.FindByInventoryPath(b.ctx, path); err != nil || found == nil || found.Reference().Type != kind {
			t.Error(path, found, err)
		}
	}
	var pod mo.StoragePod
	found, err := index.FindByInventoryPath(b.ctx, "/DC1/datastore/Pod1")
	if err != nil {
		t.Fatal(err)
	}
	if err := property.DefaultCollector(b.client.Client).RetrieveOne(b.ctx, found.Reference(), []string{"childEntity"}, &pod); err != nil ||
		len(pod.ChildEntity) != 2 {
		t.Error(pod, err)
	}
}

func TestACalmVCenterCostsNothing(t *testing.T) {
	b := newBehaviours(1)
	if allocations := testing.AllocsPerRun(1000, func() { b.first("slow", nil) }); allocations != 0 {
		t.Error(allocations)
	}
}
