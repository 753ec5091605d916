package main

import (
	"cmp"
	"slices"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// lateAtLeast is the time for which an incomplete clone is listed, if the clone has no duration.
const lateAtLeast = time.Second

// beginLate marks the machine of a clone as incomplete: it is listed without its configuration.
func (v *vcenter) beginLate(c *call) *active {
	if c.method != "CloneVM_Task" {
		return nil
	}
	late := v.behaviours.first("late-clone", c)
	if late != nil {
		v.half.Store(c.made, true)
		v.half.Store(plainName(c.made), true)
	}
	return late
}

// endLate completes the machine after a delay.
func (v *vcenter) endLate(c *call, task *simulator.Task, late *active) {
	v.wait(c, task, late, cmp.Or(time.Duration(late.For), v.clone, lateAtLeast))
	v.half.Delete(c.made)
	v.half.Delete(plainName(c.made))
}

// halfMade returns whether a machine is listed while its clone still runs.
func (v *vcenter) halfMade(ctx *simulator.Context, ref types.ManagedObjectReference) bool {
	if ref.Type != "VirtualMachine" {
		return false
	}
	return slices.ContainsFunc(v.names(ctx, ref), func(name string) bool {
		_, half := v.half.Load(name)
		return half
	})
}
