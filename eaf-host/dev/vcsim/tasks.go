package main

import (
	"runtime"
	"slices"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// powerMethods wait for the answer to a question that the machine asks.
var powerMethods = []string{"PowerOnVM_Task", "PowerOffVM_Task", "SuspendVM_Task", "ResetVM_Task"}

// work is what a task does.
type work = func(*simulator.Task) (types.AnyType, types.BaseMethodFault)

// taskBegins applies the behaviours to a task. The library calls it when the task becomes running,
// under the task's lock and just before the work starts.
func (v *vcenter) taskBegins(ctx *simulator.Context, task *simulator.Task) {
	c := callOf(ctx)
	if c == nil || c.begun.Swap(true) {
		return // not of a call, or a part of another task
	}
	original := task.Execute
	stuck := v.behaviours.first("task-stuck", c)
	if stuck != nil && stuck.State == types.TaskInfoStateQueued {
		task.Info.State = types.TaskInfoStateQueued
		task.Info.StartTime = nil
	}
	task.Execute = func(task *simulator.Task) (types.AnyType, types.BaseMethodFault) {
		if stuck != nil && !v.wait(c, task, stuck, time.Duration(stuck.For)) {
			return nil, &types.RequestCanceled{}
		}
		return v.execute(c, task, original)
	}
}

func (v *vcenter) execute(c *call, task *simulator.Task, original work) (types.AnyType, types.BaseMethodFault) {
	if slices.Contains(powerMethods, c.method) {
		for _, a := range v.behaviours.of("question") {
			if a.machine == *task.Info.Entity && v.behaviours.fires(a) && !v.wait(c, task, a, 0) {
				return nil, &types.RequestCanceled{}
			}
		}
	}
	failure := v.behaviours.first("task-fault", c)
	if failure != nil && !failure.AfterEffect {
		c.fault = failure.Fault
		return nil, failure.Fault.BaseMethodFault
	}
	result, fault := v.work(c, task, original)
	if failure != nil && fault == nil {
		c.fault = failure.Fault
		return nil, failure.Fault.BaseMethodFault
	}
	return result, fault
}

// work performs the task by the rules of a real vCenter.
func (v *vcenter) work(c *call, task *simulator.Task, original work) (types.AnyType, types.BaseMethodFault) {
	entity := v.model.Map().Get(*task.Info.Entity)
	if entity == nil {
		c.fault = gone(*task.Info.Entity)
		return nil, c.fault.BaseMethodFault
	}
	if c.fault = v.refuse(c, entity); c.fault != nil {
		return nil, c.fault.BaseMethodFault
	}
	source, ofMachine := entity.(*simulator.VirtualMachine)
	if clone, ok := c.body().(*types.CloneVM_Task); ok && ofMachine {
		prepareClone(source, clone)
	}
	late := v.beginLate(c)
	result, fault := original(task)
	if c.made != "" && fault == nil {
		v.finish(c, result)
	}
	if late != nil {
		v.endLate(c, task, late)
	}
	return result, fault
}

// wait delays a task until the behaviour is removed or its time is over, and says whether the task
// may continue: not when a client has cancelled it meanwhile. The object of the task stays
// readable.
func (v *vcenter) wait(c *call, task *simulator.Task, a *active, limit time.Duration) bool {
	over := make(<-chan time.Time)
	if limit > 0 {
		over = time.After(limit)
	}
	cancelled := make(chan struct{})
	v.waiting.Store(task.Self, cancelled)
	defer v.waiting.Delete(task.Self)
	goOn := true
	v.unlocked(c, task, func() {
		select {
		case <-a.ended:
		case <-over:
		case <-cancelled:
			goOn = false
		case <-v.observer.ctx.Done():
			goOn = false
		}
	})
	if goOn && a.State == types.TaskInfoStateQueued {
		v.model.Map().AtomicUpdate(c.ctx, task, []types.PropertyChange{
			{Name: "info.startTime", Val: time.Now()},
			{Name: "info.state", Val: types.TaskInfoStateRunning},
		})
	}
	return goOn
}

// unlocked runs f without the lock on the object that a task holds while it works. The library
// returns a lock together with the function that releases it, and counts how often one holder has
// acquired it; so acquiring it a second time gives the function that releases both.
func (v *vcenter) unlocked(c *call, task *simulator.Task, f func()) {
	registry, ref := v.model.Map(), *task.Info.Entity
	release := registry.AcquireLock(c.ctx, ref)
	release()
	release()
	f()
	release = registry.AcquireLock(c.ctx, ref)
	if registry.Get(ref) != nil {
		return
	}
	// The object was destroyed meanwhile, and its lock with it: the library must not release that one,
	// so this task ends here and not there.
	release()
	c.fault = gone(ref)
	registry.AtomicUpdate(c.ctx, task, []types.PropertyChange{
		{Name: "info.completeTime", Val: time.Now()},
		{Name: "info.state", Val: types.TaskInfoStateError},
		{Name: "info.error", Val: c.fault.localized()},
	})
	runtime.Goexit()
}

func gone(ref types.ManagedObjectReference) *fault {
	return faultOf(&types.ManagedObjectNotFound{Obj: ref},
		"The object has already been deleted or has not been completely created")
}

// taskChanged is called after a change, under the task's lock.
func (v *vcenter) taskChanged(ctx *simulator.Context, obj mo.Reference, changes []types.PropertyChange) {
	for _, change := range changes {
		switch change.Name {
		case "info.state":
			if change.Val == types.TaskInfoStateRunning {
				if task, ok := v.model.Map().Get(obj.Reference()).(*simulator.Task); ok {
					v.taskBegins(ctx, task)
				}
			}
		case "info.cancelled":
			if cancelled, waits := v.waiting.LoadAndDelete(obj.Reference()); waits {
				close(cancelled.(chan struct{}))
			}
		case "info.error":
			v.nameError(ctx, obj)
		}
	}
}

// nameError sets the message of a failed task, because the library sets the name of a Go type.
func (v *vcenter) nameError(ctx *simulator.Context, obj mo.Reference) {
	task, ok := obj.(*mo.Task)
	if !ok || task.Info.Error == nil || task.Info.Cancelled {
		return
	}
	named := faultOf(task.Info.Error.Fault, "")
	if c := callOf(ctx); c != nil && c.fault != nil && c.fault.BaseMethodFault == named.BaseMethodFault {
		named = c.fault
	}
	task.Info.Error.LocalizedMessage = named.sentence()
}
