package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// observer is called after every change in an inventory. It marks the inventory as unsaved, moves
// the progress of clones, and gives guests their addresses. It is called under the changed object's
// lock, so it starts work and does not wait for it.
type observer struct {
	vcenter *vcenter
	ctx     context.Context
}

func (*observer) Reference() types.ManagedObjectReference {
	return types.ManagedObjectReference{Type: "VcsimObserver", Value: "observer"}
}

func (o *observer) PutObject(_ *simulator.Context, obj mo.Reference) {
	switch obj := obj.(type) {
	case *simulator.Task:
		if obj.Info.Name == "CloneVm" && o.vcenter.clone > 0 {
			go o.progress(obj.Self)
		}
	case *simulator.VirtualMachine, *simulator.Folder:
		o.vcenter.dirty.Store(true)
	}
}

func (o *observer) UpdateObject(ctx *simulator.Context, obj mo.Reference, changes []types.PropertyChange) {
	ref := obj.Reference()
	if ref.Type == "Task" {
		o.vcenter.taskChanged(ctx, obj, changes)
		return
	}
	if ref.Type != "VirtualMachine" && ref.Type != "Folder" {
		return
	}
	o.vcenter.dirty.Store(true)
	for _, change := range changes {
		if ref.Type == "VirtualMachine" && change.Name == "runtime.powerState" {
			go o.powerChanged(ref)
		}
	}
}

func (o *observer) RemoveObject(_ *simulator.Context, ref types.ManagedObjectReference) {
	if ref.Type == "VirtualMachine" || ref.Type == "Folder" {
		o.vcenter.dirty.Store(true)
	}
}

// progress advances a running clone from 5 to 95 percent.
func (o *observer) progress(ref types.ManagedObjectReference) {
	registry := o.vcenter.model.Map()
	ticker := time.NewTicker(o.vcenter.clone / 20)
	defer ticker.Stop()
	for percent := int32(5); percent < 100; percent += 5 {
		select {
		case <-o.ctx.Done():
			return
		case <-ticker.C:
		}
		task, ok := registry.Get(ref).(*simulator.Task)
		if !ok {
			return
		}
		ctx := o.context()
		ctx.WithLock(task, func() {
			if task.Info.State == types.TaskInfoStateRunning {
				ctx.Update(task, []types.PropertyChange{{Name: "info.progress", Val: percent}})
			}
		})
	}
}

// powerChanged sets the guest's address after a delay when a machine is switched on. The address
// stays when the machine is switched off.
func (o *observer) powerChanged(ref types.ManagedObjectReference) {
	vm, ok := o.vcenter.model.Map().Get(ref).(*simulator.VirtualMachine)
	if !ok {
		return
	}
	ctx := o.context()
	on := false
	ctx.WithLock(vm, func() {
		on = isOn(vm)
		setTools(ctx, vm, false)
		if on {
			ctx.Update(vm, []types.PropertyChange{{Name: "runtime.bootTime", Val: time.Now()}})
		}
	})
	if !on {
		return
	}
	select {
	case <-o.ctx.Done():
		return
	case <-time.After(o.vcenter.address):
	}
	ctx.WithLock(vm, func() {
		if isOn(vm) {
			setAddress(ctx, vm, addressOf(vm.Config.InstanceUuid))
			setTools(ctx, vm, true)
		}
	})
}

func isOn(vm *simulator.VirtualMachine) bool {
	return vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn
}

// context returns the context of changes that no client requested.
func (o *observer) context() *simulator.Context {
	return &simulator.Context{Context: o.ctx, Map: o.vcenter.model.Map()}
}

func setAddress(ctx *simulator.Context, vm *simulator.VirtualMachine, address string) {
	ctx.Update(vm, []types.PropertyChange{
		{Name: "guest.ipAddress", Val: address},
		{Name: "summary.guest.ipAddress", Val: address},
		{Name: "guest.net", Val: nics([]card{{Network: "VM Network", MAC: macOf(vm), Addresses: []string{address}}})},
	})
}

func setTools(ctx *simulator.Context, vm *simulator.VirtualMachine, running bool) {
	runs := types.VirtualMachineToolsRunningStatusGuestToolsNotRunning
	status := types.VirtualMachineToolsStatusToolsNotRunning
	if running {
		runs = types.VirtualMachineToolsRunningStatusGuestToolsRunning
		status = types.VirtualMachineToolsStatusToolsOk
	}
	ctx.Update(vm, []types.PropertyChange{
		{Name: "guest.toolsRunningStatus", Val: string(runs)},
		{Name: "guest.toolsStatus", Val: status},
		{Name: "summary.guest.toolsRunningStatus", Val: string(runs)},
	})
}

// macOf returns the hardware address of the machine's first network card.
func macOf(vm *simulator.VirtualMachine) string {
	for _, device := range vm.Config.Hardware.Device {
		if card, ok := device.(types.BaseVirtualEthernetCard); ok {
			return card.GetVirtualEthernetCard().MacAddress
		}
	}
	return ""
}

// addressOf returns the address of a machine, the same after each start of the simulator.
func addressOf(instanceUUID string) string {
	sum := sha256.Sum256([]byte(instanceUUID))
	return fmt.Sprintf("10.%d.%d.%d", sum[0], sum[1], 1+int(sum[2])%254)
}
