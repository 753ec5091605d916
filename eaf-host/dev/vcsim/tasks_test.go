package main

import (
	"testing"
	"time"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/task"
	"github.com/vmware/govmomi/vim25/types"
)

func (b *bench) power(vm *object.VirtualMachine) types.VirtualMachinePowerState {
	b.Helper()
	state, err := vm.PowerState(b.ctx)
	if err != nil {
		b.Fatal(err)
	}
	return state
}

func (b *bench) powerOnTask(vm *object.VirtualMachine) *object.Task {
	b.Helper()
	task, err := vm.PowerOn(b.ctx)
	if err != nil {
		b.Fatal(err)
	}
	return task
}

func TestACallFaultHasNoEffectAndCarriesTypeFieldsAndMessage(t *testing.T) {
	b := newBench(t)
	vm := b.clone("web-01")
	b.behave(`{"kind": "call-fault", "method": "PowerOnVM_Task", "vm": "web-01", "fault":
		{"type": "InvalidPowerState", "message": "It sleeps.", "existingState": "suspended", "requestedState": "poweredOn"}}`)
	_, err := vm.PowerOn(b.ctx)
	wantFault[*types.InvalidPowerState](b, err)
	if err == nil || err.Error() != "ServerFaultCode: It sleeps." {
		t.Error(err)
	}
	if b.power(vm) != types.VirtualMachinePowerStatePoweredOff {
		t.Error("it is on all the same")
	}
	if _, err := b.clone("web-02").PowerOn(b.ctx); err != nil {
		t.Error("another machine is refused too:", err)
	}
}

func TestATaskFaultEndsTheTaskWithoutOrAfterItsEffect(t *testing.T) {
	b := newBench(t)
	vm := b.clone("web-01")
	b.behave(`{"kind": "task-fault", "method": "PowerOnVM_Task", "times": 1,
		"fault": {"type": "FileLocked", "file": "[datastore1] web-01.vmdk", "message": "Unable to access file."}}`)
	failed := b.powerOnTask(vm)
	err := failed.Wait(b.ctx)
	wantFault[*types.FileLocked](b, err)
	if failed, ok := err.(task.Error); !ok || failed.LocalizedMessage != "Unable to access file." ||
		failed.Fault().(*types.FileLocked).File != "[datastore1] web-01.vmdk" {
		t.Errorf("%#v", err)
	}
	if b.power(vm) != types.VirtualMachinePowerStatePoweredOff {
		t.Error("it is on all the same")
	}
	b.behave(`{"kind": "task-fault", "method": "PowerOnVM_Task", "after_effect": true, "fault": {"type": "SystemError"}}`)
	wantFault[*types.SystemError](b, b.powerOnTask(vm).Wait(b.ctx))
	if b.power(vm) != types.VirtualMachinePowerStatePoweredOn {
		t.Error("it is not on")
	}
}

func TestATaskFaultOfACloneIsFoundByTheNameOfTheNewMachine(t *testing.T) {
	b := newBench(t)
	b.behave(`{"kind": "task-fault", "method": "CloneVM_Task", "vm": "web-02", "fault": {"type": "FileLocked"}}`)
	b.clone("web-01")
	wantFault[*types.FileLocked](b, b.cloneTask("web-02", nil).Wait(b.ctx))
}

func TestAStuckTaskDoesItsWorkWhenTheBehaviourEnds(t *testing.T) {
	b := newBench(t)
	vm := b.clone("web-01")
	for _, state := range []types.TaskInfoState{types.TaskInfoStateRunning, types.TaskInfoStateQueued} {
		behaviour := b.behave(`{"kind": "task-stuck", "method": "PowerOnVM_Task", "state": "` + string(state) + `"}`)
		stuck := b.powerOnTask(vm)
		// The machine can be read meanwhile.
		if b.power(vm) != types.VirtualMachinePowerStatePoweredOff || b.taskInfo(stuck).State != state {
			t.Error(b.power(vm), b.taskInfo(stuck).State)
		}
		b.unbehave(behaviour)
		if err := stuck.Wait(b.ctx); err != nil {
			t.Error(err)
		}
		if off, err := vm.PowerOff(b.ctx); err != nil || off.Wait(b.ctx) != nil {
			t.Error(err)
		}
	}
}

func TestAStuckTaskGoesOnAfterItsTime(t *testing.T) {
	b := newBench(t)
	vm := b.clone("web-01")
	b.behave(`{"kind": "task-stuck", "method": "PowerOnVM_Task", "for": "150ms"}`)
	since := time.Now()
	if err := b.powerOnTask(vm).Wait(b.ctx); err != nil || time.Since(since) < 150*time.Millisecond {
		t.Error(err, time.Since(since))
	}
}

func TestAStuckTaskThatIsCancelledDoesNothing(t *testing.T) {
	b := newBench(t)
	vm := b.clone("web-01")
	b.behave(`{"kind": "task-stuck", "method": "PowerOnVM_Task"}`)
	stuck := b.powerOnTask(vm)
	if err := stuck.Cancel(b.ctx); err != nil {
		t.Fatal(err)
	}
	wantFault[*types.RequestCanceled](b, stuck.Wait(b.ctx))
	if b.power(vm) != types.VirtualMachinePowerStatePoweredOff {
		t.Error("it is on all the same")
	}
}

func TestAStuckTaskOfAMachineThatIsDestroyedMeanwhileFails(t *testing.T) {
	b := newBench(t)
	vm := b.clone("web-01")
	behaviour := b.behave(`{"kind": "task-stuck", "method": "Destroy_Task", "times": 1}`)
	stuck, err := vm.Destroy(b.ctx)
	if err != nil {
		t.Fatal(err)
	}
	second, err := vm.Destroy(b.ctx)
	if err != nil || second.Wait(b.ctx) != nil {
		t.Fatal(err)
	}
	b.unbehave(behaviour)
	wantFault[*types.ManagedObjectNotFound](b, stuck.Wait(b.ctx))
	_, err = b.read(vm.Reference(), "name")
	wantFault[*types.ManagedObjectNotFound](b, err)
}

func TestAQuestionHoldsPowerTasksUpUntilItIsAnswered(t *testing.T) {
	b := newBench(t)
	vm := b.clone("web-01")
	behaviour := b.behave(`{"kind": "question", "vm": "web-01", "text": "Did you move it or copy it?"}`)
	question, ok := b.value(vm.Reference(), "runtime.question").(types.VirtualMachineQuestionInfo)
	if !ok || question.Text != "Did you move it or copy it?" {
		t.Error(b.value(vm.Reference(), "runtime.question"))
	}
	waits := b.powerOnTask(vm)
	if b.taskInfo(waits).State != types.TaskInfoStateRunning {
		t.Error(b.taskInfo(waits).State)
	}
	if err := b.powerOnTask(b.clone("web-02")).Wait(b.ctx); err != nil {
		t.Error("another machine waits too:", err)
	}
	b.unbehave(behaviour)
	if err := waits.Wait(b.ctx); err != nil || b.value(vm.Reference(), "runtime.question") != nil {
		t.Error(err, b.value(vm.Reference(), "runtime.question"))
	}
}

func TestAQuestionCanBeAnsweredByAPerson(t *testing.T) {
	b := newBench(t)
	vm := b.clone("web-01")
	b.behave(`{"kind": "question", "vm": "web-01", "text": "Did you move it or copy it?"}`)
	waits := b.powerOnTask(vm)
	if err := vm.Answer(b.ctx, "2", "0"); err == nil {
		t.Error("a question that was not asked is answered")
	}
	if err := vm.Answer(b.ctx, "1", "0"); err != nil {
		t.Fatal(err)
	}
	if err := waits.Wait(b.ctx); err != nil {
		t.Error(err)
	}
}
