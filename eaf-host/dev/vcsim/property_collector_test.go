package main

import (
	"testing"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

func TestAMissingPropertyIsUnsetOrNamedWithAFault(t *testing.T) {
	b := newBench(t)
	vm := b.clone("web-01").Reference()
	unset := b.behave(`{"kind": "missing", "type": "VirtualMachine", "vm": "web-01", "paths": ["config", "runtime.powerState"]}`)
	content, err := b.read(vm, "name", "config.instanceUuid", "runtime.powerState", "runtime.connectionState")
	if err != nil || len(content.PropSet) != 2 || len(content.MissingSet) != 0 {
		t.Errorf("%+v %v", content, err)
	}
	b.unbehave(unset)
	b.behave(`{"kind": "missing", "paths": ["childEntity"], "times": 1, "fault": {"type": "NoPermission", "privilegeId": "System.Read"}}`)
	content, err = b.read(b.folder().Reference(), "childEntity", "name")
	if err != nil || len(content.PropSet) != 1 || len(content.MissingSet) != 1 ||
		content.MissingSet[0].Fault.Fault.(*types.NoPermission).PrivilegeId != "System.Read" {
		t.Errorf("%+v %v", content, err)
	}
	if b.value(b.folder().Reference(), "childEntity") == nil {
		t.Error("it is missing a second time")
	}
}

func TestAnObjectThatIsNotFoundCannotBeRead(t *testing.T) {
	b := newBench(t)
	vm, other := b.clone("web-01").Reference(), b.clone("web-02").Reference()
	behaviour := b.behave(`{"kind": "not-found", "vm": "web-01"}`)
	_, err := b.read(vm, "name")
	wantFault[*types.ManagedObjectNotFound](b, err)
	if _, err := b.read(other, "name"); err != nil {
		t.Error(err)
	}
	b.unbehave(behaviour)
	if _, err := b.read(vm, "name"); err != nil {
		t.Error(err)
	}
}

// seen says whether a machine is in the index and among the children of its folder.
func (b *bench) seen(uuid string) (index, folder bool) {
	b.Helper()
	search := object.NewSearchIndex(b.client.Client)
	found, err := search.FindAllByUuid(b.ctx, nil, uuid, true, types.NewBool(true))
	if err != nil {
		b.Fatal(err)
	}
	children, err := b.folder().Children(b.ctx)
	if err != nil {
		b.Fatal(err)
	}
	return len(found) > 0, len(children) > 0
}

func TestAHiddenMachineIsNeitherInTheIndexNorInItsFolder(t *testing.T) {
	b := newBench(t)
	uuid := b.value(b.clone("web-01").Reference(), "config.instanceUuid").(string)
	for _, c := range []struct {
		members       string
		index, folder bool
	}{{"", false, false}, {`, "index": false`, true, false}, {`, "folder": false`, false, true}} {
		behaviour := b.behave(`{"kind": "hidden", "vm": "web-01"` + c.members + `}`)
		if index, folder := b.seen(uuid); index != c.index || folder != c.folder {
			t.Error(c.members, index, folder)
		}
		b.unbehave(behaviour)
	}
	if index, folder := b.seen(uuid); !index || !folder {
		t.Error("it is not back")
	}
}

func TestAnInaccessibleMachineIsListedButHasNoConfiguration(t *testing.T) {
	b := newBench(t)
	vm := b.clone("web-01").Reference()
	uuid := b.value(vm, "config.instanceUuid").(string)
	behaviour := b.behave(`{"kind": "inaccessible", "vm": "web-01"}`)
	if index, folder := b.seen(uuid); index || !folder {
		t.Error(index, folder)
	}
	if b.value(vm, "config.extraConfig") != nil || b.value(vm, "config") != nil ||
		b.value(vm, "runtime.connectionState") != types.VirtualMachineConnectionStateInaccessible {
		t.Error("it is not inaccessible")
	}
	b.unbehave(behaviour)
	if b.value(vm, "config.instanceUuid") != uuid ||
		b.value(vm, "runtime.connectionState") != types.VirtualMachineConnectionStateConnected {
		t.Error("it is not back")
	}
}

func TestSetChangesPropertiesOfAnyType(t *testing.T) {
	b := newBench(t)
	vm := b.clone("web-01")
	behaviour := b.behave(`{"kind": "set", "vm": "EAF/web-01", "values": {
		"guest.ipAddress": "172.17.0.1", "config.hardware.numCoresPerSocket": 2, "runtime.connectionState": "orphaned",
		"config.cpuHotAddEnabled": true, "disabledMethod": ["Destroy_Task"], "runtime.question": null,
		"config.extraConfig": {"eaf.marker": "a/b"},
		"guest.net": [{"network": "VM Network", "mac": "00:50:56:00:00:01", "addresses": ["10.1.2.3", "fe80::1"]}]}}`)
	var got mo.VirtualMachine
	if err := vm.Properties(b.ctx, vm.Reference(), []string{"guest", "config", "runtime", "disabledMethod", "summary"},
		&got); err != nil {
		t.Fatal(err)
	}
	card := got.Guest.Net[0]
	if got.Guest.IpAddress != "172.17.0.1" || *got.Config.Hardware.NumCoresPerSocket != 2 ||
		got.Runtime.ConnectionState != "orphaned" || got.Summary.Runtime.ConnectionState != "orphaned" ||
		!*got.Config.CpuHotAddEnabled || got.DisabledMethod[0] != "Destroy_Task" || got.Runtime.Question != nil ||
		got.Config.ExtraConfig[len(got.Config.ExtraConfig)-1].GetOptionValue().Value != "a/b" ||
		card.MacAddress != "00:50:56:00:00:01" || card.IpConfig.IpAddress[1].IpAddress != "fe80::1" {
		t.Errorf("%+v", got)
	}
	b.unbehave(behaviour)
	if b.value(vm.Reference(), "guest.ipAddress") != "172.17.0.1" {
		t.Error("what was set does not stay")
	}
}
