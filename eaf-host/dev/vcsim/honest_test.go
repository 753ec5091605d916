package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

func settings(pairs ...string) []types.BaseOptionValue {
	var options []types.BaseOptionValue
	for i := 0; i < len(pairs); i += 2 {
		options = append(options, &types.OptionValue{Key: pairs[i], Value: pairs[i+1]})
	}
	return options
}

func (b *bench) machine(vm *object.VirtualMachine) mo.VirtualMachine {
	b.Helper()
	var found mo.VirtualMachine
	if err := vm.Properties(b.ctx, vm.Reference(), []string{"name", "config", "guest", "runtime"}, &found); err != nil {
		b.Fatal(err)
	}
	return found
}

func (b *bench) extra(vm *object.VirtualMachine) map[string]string {
	b.Helper()
	found := map[string]string{}
	for _, option := range b.machine(vm).Config.ExtraConfig {
		found[option.GetOptionValue().Key], _ = option.GetOptionValue().Value.(string)
	}
	return found
}

// copyOf clones a machine as a person would, without a specification.
func (b *bench) copyOf(vm *object.VirtualMachine, name string) *object.VirtualMachine {
	b.Helper()
	task, err := vm.Clone(b.ctx, b.folder(), name, types.VirtualMachineCloneSpec{})
	if err != nil {
		b.Fatal(err)
	}
	info, err := task.WaitForResult(b.ctx, nil)
	if err != nil {
		b.Fatal(err)
	}
	return object.NewVirtualMachine(b.client.Client, info.Result.(types.ManagedObjectReference))
}

func (b *bench) reconfigure(vm *object.VirtualMachine, spec types.VirtualMachineConfigSpec) error {
	b.Helper()
	task, err := vm.Reconfigure(b.ctx, spec)
	if err != nil {
		return err
	}
	return task.Wait(b.ctx)
}

// wait waits until a property satisfies a condition.
func (b *bench) wait(vm *object.VirtualMachine, path string, is func(any) bool) {
	b.Helper()
	err := property.Wait(b.ctx, property.DefaultCollector(b.client.Client), vm.Reference(), []string{path},
		func(changes []types.PropertyChange) bool { return is(changes[0].Val) })
	if err != nil {
		b.Fatal(err)
	}
}

func (b *bench) waitTools(vm *object.VirtualMachine, status types.VirtualMachineToolsRunningStatus) {
	b.Helper()
	b.wait(vm, "guest.toolsRunningStatus", func(value any) bool { return value == string(status) })
}

func TestACopyCarriesTheSettingsOfItsSourceAndAnIdentityOfItsOwn(t *testing.T) {
	b := newBench(t)
	if err := b.cloneTask("web-01", &types.VirtualMachineConfigSpec{
		InstanceUuid: instance, ExtraConfig: settings("eaf.marker", "a/b", "eaf.key", "1"),
	}).Wait(b.ctx); err != nil {
		t.Fatal(err)
	}
	source := b.vm("EAF/web-01")
	first := b.copyOf(source, "copy")
	extra, identity := b.extra(first), b.machine(first).Config.InstanceUuid
	if extra["eaf.marker"] != "a/b" || extra["eaf.key"] != "1" || identity == instance || identity == "" {
		t.Error(extra, identity)
	}
	if destroy, err := first.Destroy(b.ctx); err != nil || destroy.Wait(b.ctx) != nil {
		t.Fatal(err)
	}
	if b.machine(b.copyOf(source, "copy")).Config.InstanceUuid == identity {
		t.Error("another machine of the same name has the same identity")
	}
	task, err := source.Clone(b.ctx, b.folder(), "web-02", types.VirtualMachineCloneSpec{
		Config: &types.VirtualMachineConfigSpec{ExtraConfig: settings("eaf.marker", "c/d")},
	})
	if err != nil || task.Wait(b.ctx) != nil {
		t.Fatal(err)
	}
	if extra := b.extra(b.vm("EAF/web-02")); extra["eaf.marker"] != "c/d" || extra["eaf.key"] != "1" {
		t.Error(extra)
	}
}

func TestCPUsAreAMultipleOfTheCoresPerSocketAndMemoryOfFourMegabytes(t *testing.T) {
	b := newBench(t)
	b.behave(`{"kind": "set", "vm": "debian-12", "values": {"config.hardware.numCoresPerSocket": 2}}`)
	wantFault[*types.InvalidArgument](b, b.cloneTask("web-01", &types.VirtualMachineConfigSpec{NumCPUs: 3}).Wait(b.ctx))
	for i, cores := range []int32{1, 3, 0} {
		name := string(rune('a' + i))
		if err := b.cloneTask(name, &types.VirtualMachineConfigSpec{NumCPUs: 3, NumCoresPerSocket: &cores}).Wait(b.ctx); err != nil {
			t.Error(cores, err)
		}
		if got := *b.machine(b.vm("EAF/" + name)).Config.Hardware.NumCoresPerSocket; got != max(cores, 1) {
			t.Error(cores, got)
		}
	}
	vm := b.clone("web-02")
	wantFault[*types.InvalidArgument](b, b.reconfigure(vm, types.VirtualMachineConfigSpec{NumCPUs: 5}))
	wantFault[*types.InvalidArgument](b, b.reconfigure(vm, types.VirtualMachineConfigSpec{MemoryMB: 1022}))
	if err := b.reconfigure(vm, types.VirtualMachineConfigSpec{NumCPUs: 6, MemoryMB: 1024}); err != nil {
		t.Error(err)
	}
}

func TestNamesAreEscapedOnceAndCountedEscaped(t *testing.T) {
	b := newBench(t)
	for given, stored := range map[string]string{
		"a/b": "a%2fb", `c\d`: "c%5cd", "50%": "50%25", "e%2ff": "e%2ff", "25%25": "25%25", "%5C%": "%5C%25",
	} {
		vm := b.clone(given)
		if name := b.machine(vm).Name; name != stored {
			t.Errorf("%s is stored as %s", given, name)
		}
		wantFault[*types.DuplicateName](b, b.cloneTask(given, nil).Wait(b.ctx))
		folder, err := b.folder().CreateFolder(b.ctx, "folder "+given)
		if err != nil {
			t.Fatal(given, err)
		}
		if name := b.value(folder.Reference(), "name"); !strings.EqualFold(name.(string), "folder "+stored) {
			t.Errorf("%s is stored as %s", given, name)
		}
	}
	wantFault[*types.InvalidName](b, b.cloneTask(strings.Repeat("/", 27), nil).Wait(b.ctx))
	_, err := b.folder().CreateFolder(b.ctx, strings.Repeat("ä", 81))
	wantFault[*types.InvalidName](b, err)
	if _, err := b.folder().CreateFolder(b.ctx, strings.Repeat("ä", 80)); err != nil {
		t.Error(err)
	}
}

func TestARunningMachineTakesOnlyWhatItCanHotAdd(t *testing.T) {
	b := newBench(t)
	vm := b.clone("web-01")
	if err := b.powerOnTask(vm).Wait(b.ctx); err != nil {
		t.Fatal(err)
	}
	spec := func(cpus int32, memory int64) types.VirtualMachineConfigSpec {
		return types.VirtualMachineConfigSpec{NumCPUs: cpus, MemoryMB: memory}
	}
	wantFault[*types.CpuHotPlugNotSupported](b, b.reconfigure(vm, spec(4, 0)))
	wantFault[*types.MemoryHotPlugNotSupported](b, b.reconfigure(vm, spec(0, 8192)))
	wantFault[*types.InvalidPowerState](b, b.reconfigure(vm, spec(1, 0)))
	wantFault[*types.InvalidPowerState](b, b.reconfigure(vm, spec(0, 2048)))
	b.behave(`{"kind": "set", "vm": "web-01", "values": {"config.cpuHotAddEnabled": true, "config.memoryHotAddEnabled": true}}`)
	if err := b.reconfigure(vm, spec(4, 8192)); err != nil {
		t.Error(err)
	}
	wantFault[*types.InvalidPowerState](b, b.reconfigure(vm, spec(2, 0)))
	if err := b.reconfigure(vm, types.VirtualMachineConfigSpec{ExtraConfig: settings("a", "b")}); err != nil {
		t.Error("settings can be changed at any time:", err)
	}
}

func TestPowerStatesThatDoNotFitAreRefused(t *testing.T) {
	b := newBench(t)
	vm := b.clone("web-01")
	if err := b.powerOnTask(vm).Wait(b.ctx); err != nil {
		t.Fatal(err)
	}
	destroy, err := vm.Destroy(b.ctx)
	if err != nil {
		t.Fatal(err)
	}
	wantFault[*types.InvalidPowerState](b, destroy.Wait(b.ctx))
	suspend, err := vm.Suspend(b.ctx)
	if err != nil || suspend.Wait(b.ctx) != nil {
		t.Fatal(err)
	}
	off, err := vm.PowerOff(b.ctx)
	if err != nil {
		t.Fatal(err)
	}
	wantFault[*types.InvalidPowerState](b, off.Wait(b.ctx))
	if err := b.powerOnTask(vm).Wait(b.ctx); err != nil {
		t.Error("a suspended machine goes on:", err)
	}
}

func TestAMachineThatNoHostReachesCannotBeDestroyed(t *testing.T) {
	b := newBench(t)
	vm := b.clone("web-01")
	b.behave(`{"kind": "set", "vm": "web-01", "values": {"runtime.connectionState": "orphaned"}}`)
	destroy, err := vm.Destroy(b.ctx)
	if err != nil {
		t.Fatal(err)
	}
	wantFault[*types.InvalidState](b, destroy.Wait(b.ctx))
}

func TestADisabledMethodIsRefusedByItsNameOnTheWire(t *testing.T) {
	b := newBench(t)
	vm := b.clone("web-01")
	b.behave(`{"kind": "set", "vm": "web-01", "values": {"disabledMethod": ["Destroy_Task"]}}`)
	_, err := vm.Destroy(b.ctx)
	wantFault[*types.MethodDisabled](b, err)
}

func TestAnAddressOutlivesPowerOffAndIsReportedSomeTimeAfterPowerOn(t *testing.T) {
	b := newBench(t, func(o *options) { o.address = 100 * time.Millisecond })
	vm := b.clone("web-01")
	if b.value(vm.Reference(), "guest.ipAddress") != nil {
		t.Error("an address before the first start")
	}
	if err := b.powerOnTask(vm).Wait(b.ctx); err != nil {
		t.Fatal(err)
	}
	b.waitTools(vm, types.VirtualMachineToolsRunningStatusGuestToolsRunning)
	running := b.machine(vm)
	if running.Guest.IpAddress != addressOf(running.Config.InstanceUuid) ||
		running.Guest.Net[0].IpConfig.IpAddress[0].IpAddress != running.Guest.IpAddress ||
		running.Guest.Net[0].MacAddress == "" || running.Runtime.BootTime == nil {
		t.Errorf("%+v", running.Guest)
	}
	if off, err := vm.PowerOff(b.ctx); err != nil || off.Wait(b.ctx) != nil {
		t.Fatal(err)
	}
	b.waitTools(vm, types.VirtualMachineToolsRunningStatusGuestToolsNotRunning)
	if b.machine(vm).Guest.IpAddress != running.Guest.IpAddress {
		t.Error("the address is gone")
	}
	b.behave(`{"kind": "set", "vm": "web-01", "values": {"guest.ipAddress": "10.9.9.9"}}`)
	if err := b.powerOnTask(vm).Wait(b.ctx); err != nil || b.machine(vm).Guest.IpAddress != "10.9.9.9" {
		t.Error("the old address is not there until the guest reports:", err)
	}
	b.waitTools(vm, types.VirtualMachineToolsRunningStatusGuestToolsRunning)
	if b.machine(vm).Guest.IpAddress != running.Guest.IpAddress {
		t.Error("the guest has not reported")
	}
}

func TestTemplatesSuspendedMachinesAndTheirHardwareOutliveARestart(t *testing.T) {
	dir := t.TempDir()
	b := newBench(t, func(o *options) { o.state = dir })
	suspended := b.clone("web-01")
	b.behave(`{"kind": "set", "vm": "web-01", "values": {"config.hardware.numCoresPerSocket": 2, "config.cpuHotAddEnabled": true}}`)
	if err := b.powerOnTask(suspended).Wait(b.ctx); err != nil {
		t.Fatal(err)
	}
	b.wait(suspended, "guest.ipAddress", func(value any) bool { return value != nil })
	if task, err := suspended.Suspend(b.ctx); err != nil || task.Wait(b.ctx) != nil {
		t.Fatal(err)
	}
	if err := b.clone("a/b").MarkAsTemplate(b.ctx); err != nil {
		t.Fatal(err)
	}
	before, err := readState(filepath.Join(dir, "acme.json"))
	if err != nil {
		t.Fatal(err)
	}
	again := newBench(t, func(o *options) { o.state = dir })
	after, err := readState(filepath.Join(dir, "acme.json"))
	if err != nil || len(before.Machines) != 2 || len(after.Machines) != 2 {
		t.Fatal(before, after, err)
	}
	if !before.Machines[0].Template || before.Machines[0].Name != "a%2fb" || before.Machines[1].Power != "suspended" ||
		len(before.Machines[1].Disks) != 1 || before.Machines[1].CoresPerSocket != 2 || !before.Machines[1].CPUHotAdd {
		t.Errorf("%+v", before.Machines)
	}
	if again.power(again.vm("EAF/web-01")) != types.VirtualMachinePowerStateSuspended {
		t.Error(again.power(again.vm("EAF/web-01")))
	}
	for i := range after.Machines {
		a, z := before.Machines[i], after.Machines[i]
		a.Disks, z.Disks = nil, nil
		if a.Name != z.Name || a.Power != z.Power || a.Template != z.Template || a.Address != z.Address ||
			a.CoresPerSocket != z.CoresPerSocket || a.CPUHotAdd != z.CPUHotAdd || a.InstanceUUID != z.InstanceUUID {
			t.Errorf("%+v became %+v", a, z)
		}
	}
}
