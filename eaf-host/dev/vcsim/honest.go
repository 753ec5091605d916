package main

import (
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// Rules of a real vCenter that the library does not know. They hold without any behaviour.

// refuse returns the fault with which vCenter would end a task without performing it. It is called
// under the lock of the task's object.
func (v *vcenter) refuse(c *call, entity mo.Reference) *fault {
	body := c.body()
	switch body := body.(type) {
	case *types.CloneVM_Task:
		if refusal := v.refuseName(c.made, body.Folder); refusal != nil {
			return refusal
		}
		if refusal := v.refuseWithoutHost(body); refusal != nil {
			return refusal
		}
	case *types.CreateVM_Task:
		return v.refuseName(c.made, body.This)
	case *types.Rename_Task:
		return wrongName(body.NewName)
	}
	if vm, ok := entity.(*simulator.VirtualMachine); ok && vm.Config != nil {
		return refuseWork(vm, body)
	}
	return nil
}

// refuseName checks the name of a machine that is to be made.
func (v *vcenter) refuseName(stored string, in types.ManagedObjectReference) *fault {
	if wrong := wrongName(stored); wrong != nil {
		return wrong
	}
	parent, ok := v.model.Map().Get(in).(*simulator.Folder)
	if !ok {
		return nil
	}
	if taken := v.model.Map().FindByName(stored, parent.ChildEntity); taken != nil {
		return faultOf(&types.DuplicateName{Name: stored, Object: taken.Reference()},
			fmt.Sprintf("The name '%s' already exists.", stored))
	}
	return nil
}

// refuseWork checks an operation on a machine.
func refuseWork(vm *simulator.VirtualMachine, body any) *fault {
	switch body := body.(type) {
	case *types.CloneVM_Task:
		if body.Spec.Config != nil {
			return refuseHardware(vm, body.Spec.Config)
		}
	case *types.ReconfigVM_Task:
		return refuseReconfigure(vm, &body.Spec)
	case *types.PowerOnVM_Task:
		return refuseState(vm)
	case *types.PowerOffVM_Task:
		if vm.Runtime.PowerState == types.VirtualMachinePowerStateSuspended {
			return wrongPower(vm, types.VirtualMachinePowerStatePoweredOn)
		}
		return refuseState(vm)
	case *types.Destroy_Task:
		return refuseDestroy(vm)
	}
	return nil
}

// refuseHardware checks the machine's hardware after a change.
func refuseHardware(vm *simulator.VirtualMachine, spec *types.VirtualMachineConfigSpec) *fault {
	cpus, cores := vm.Config.Hardware.NumCPU, int32(1)
	if spec.NumCPUs != 0 {
		cpus = spec.NumCPUs
	}
	if stored := vm.Config.Hardware.NumCoresPerSocket; stored != nil && *stored > 0 {
		cores = *stored
	}
	if given := spec.NumCoresPerSocket; given != nil {
		cores = max(*given, 1) // 0 leaves the choice to vCenter
	}
	if cpus%cores != 0 {
		return faultOf(&types.InvalidArgument{InvalidProperty: "configSpec.numCPUs"},
			fmt.Sprintf("A specified parameter was not correct: configSpec.numCPUs (%d, with %d cores per socket)",
				cpus, cores))
	}
	if spec.MemoryMB%4 != 0 {
		return faultOf(&types.InvalidArgument{InvalidProperty: "configSpec.memoryMB"},
			fmt.Sprintf("A specified parameter was not correct: configSpec.memoryMB (%d is not a multiple of 4)",
				spec.MemoryMB))
	}
	return nil
}

func refuseReconfigure(vm *simulator.VirtualMachine, spec *types.VirtualMachineConfigSpec) *fault {
	if refusal := refuseState(vm); refusal != nil {
		return refusal
	}
	if spec.Name != "" {
		if wrong := wrongName(spec.Name); wrong != nil {
			return wrong
		}
	}
	if refusal := refuseHardware(vm, spec); refusal != nil {
		return refusal
	}
	if vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOff {
		return nil
	}
	return refuseHotChange(vm, spec)
}

// refuseHotChange checks a change of a running machine.
func refuseHotChange(vm *simulator.VirtualMachine, spec *types.VirtualMachineConfigSpec) *fault {
	hardware := vm.Config.Hardware
	moreCPUs := spec.NumCPUs > hardware.NumCPU
	moreMemory := spec.MemoryMB > int64(hardware.MemoryMB)
	suspended := vm.Runtime.PowerState == types.VirtualMachinePowerStateSuspended
	switch {
	case spec.NumCPUs != 0 && spec.NumCPUs < hardware.NumCPU,
		spec.MemoryMB != 0 && spec.MemoryMB < int64(hardware.MemoryMB),
		suspended && (moreCPUs || moreMemory),
		spec.CpuHotAddEnabled != nil, spec.MemoryHotAddEnabled != nil:
		return wrongPower(vm, types.VirtualMachinePowerStatePoweredOff)
	case moreCPUs && !isTrue(vm.Config.CpuHotAddEnabled):
		return faultOf(&types.CpuHotPlugNotSupported{}, "CPU hot plug is not supported for this virtual machine.")
	case moreMemory && !isTrue(vm.Config.MemoryHotAddEnabled):
		return faultOf(&types.MemoryHotPlugNotSupported{}, "Memory hot plug is not supported for this virtual machine.")
	}
	return nil
}

func refuseDestroy(vm *simulator.VirtualMachine) *fault {
	if vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn {
		return wrongPower(vm, types.VirtualMachinePowerStatePoweredOff)
	}
	return refuseState(vm)
}

// refuseState refuses work on a machine that no host can reach.
func refuseState(vm *simulator.VirtualMachine) *fault {
	state := vm.Runtime.ConnectionState
	if state == types.VirtualMachineConnectionStateConnected || state == "" {
		return nil
	}
	return faultOf(&types.InvalidState{},
		fmt.Sprintf("The operation is not allowed in the current state (%s).", state))
}

func wrongPower(vm *simulator.VirtualMachine, wanted types.VirtualMachinePowerState) *fault {
	names := map[types.VirtualMachinePowerState]string{
		types.VirtualMachinePowerStatePoweredOn:  "Powered on",
		types.VirtualMachinePowerStatePoweredOff: "Powered off",
		types.VirtualMachinePowerStateSuspended:  "Suspended",
	}
	state := vm.Runtime.PowerState
	return faultOf(&types.InvalidPowerState{RequestedState: wanted, ExistingState: state},
		fmt.Sprintf("The attempted operation cannot be performed in the current state (%s).", names[state]))
}

func isTrue(b *bool) bool { return b != nil && *b }

// prepareClone sets the properties that a clone has from its source, and a new identity.
func prepareClone(source *simulator.VirtualMachine, clone *types.CloneVM_Task) {
	if clone.Spec.Config == nil {
		clone.Spec.Config = &types.VirtualMachineConfigSpec{}
	}
	spec := clone.Spec.Config
	if spec.InstanceUuid == "" {
		spec.InstanceUuid = uuid.NewString()
	}
	if spec.Uuid == "" {
		spec.Uuid = uuid.NewString()
	}
	if spec.CpuHotAddEnabled == nil {
		spec.CpuHotAddEnabled = source.Config.CpuHotAddEnabled
	}
	if spec.MemoryHotAddEnabled == nil {
		spec.MemoryHotAddEnabled = source.Config.MemoryHotAddEnabled
	}
	if spec.NumCoresPerSocket == nil {
		spec.NumCoresPerSocket = source.Config.Hardware.NumCoresPerSocket
	}
	var inherited []types.BaseOptionValue
	for _, option := range source.Config.ExtraConfig {
		key := option.GetOptionValue().Key
		given := slices.ContainsFunc(spec.ExtraConfig, func(o types.BaseOptionValue) bool {
			return o.GetOptionValue().Key == key
		})
		if !given && key != "govcsim" { // which every machine has from the library
			inherited = append(inherited, option)
		}
	}
	spec.ExtraConfig = append(inherited, spec.ExtraConfig...)
}

// finish sets the name of a new machine, and the parts of a clone's specification that the library
// ignores.
func (v *vcenter) finish(c *call, made types.AnyType) {
	ref, ok := made.(types.ManagedObjectReference)
	if !ok {
		return
	}
	vm, ok := v.model.Map().Get(ref).(*simulator.VirtualMachine)
	if !ok {
		return
	}
	c.ctx.WithLock(vm, func() {
		rename(c.ctx, vm, c.made)
		if clone, ok := c.body().(*types.CloneVM_Task); ok {
			finishClone(c.ctx, vm, clone.Spec.Config)
		}
	})
}

func finishClone(ctx *simulator.Context, vm *simulator.VirtualMachine, spec *types.VirtualMachineConfigSpec) {
	changes := []types.PropertyChange{{Name: "config.annotation", Val: spec.Annotation}}
	if spec.CpuHotAddEnabled != nil {
		changes = append(changes, types.PropertyChange{Name: "config.cpuHotAddEnabled", Val: *spec.CpuHotAddEnabled})
	}
	if spec.MemoryHotAddEnabled != nil {
		changes = append(changes, types.PropertyChange{Name: "config.memoryHotAddEnabled", Val: *spec.MemoryHotAddEnabled})
	}
	if cores := spec.NumCoresPerSocket; cores != nil {
		changes = append(changes, types.PropertyChange{Name: "config.hardware.numCoresPerSocket", Val: max(*cores, 1)})
	}
	ctx.Update(vm, changes)
}
