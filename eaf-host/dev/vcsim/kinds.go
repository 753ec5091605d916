package main

import (
	"fmt"
	"maps"
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// kind describes a kind of behaviour: its members, and its effect when it is switched on or off. A
// kind without start is looked up where it has its effect.
type kind struct {
	members, required []string
	// there: the machine must be in the inventory. Other kinds may name a future machine.
	there bool
	start func(*vcenter, *active) error
	stop  func(*vcenter, *active)
}

var commonMembers = []string{"kind", "times", "skip", "probability", "vm"}

var kinds map[string]kind

// init and not the declaration, because the functions of the kinds ask for the kinds.
func init() {
	kinds = map[string]kind{
		"call-fault": {members: []string{"method", "fault"}, required: []string{"fault"}},
		"task-fault": {members: []string{"method", "fault", "after_effect"}, required: []string{"fault"}},
		"task-stuck": {members: []string{"method", "state", "for"}, start: (*vcenter).startStuck},
		"missing":    {members: []string{"type", "paths", "fault"}, required: []string{"paths"}},
		"not-found":  {required: []string{"vm"}, there: true},
		"hidden":     {members: []string{"index", "folder"}, required: []string{"vm"}, there: true},
		"inaccessible": {required: []string{"vm"}, there: true,
			start: (*vcenter).startInaccessible, stop: (*vcenter).putBack},
		"question": {members: []string{"text"}, required: []string{"vm", "text"}, there: true,
			start: (*vcenter).startQuestion, stop: (*vcenter).putBack},
		"slow": {members: []string{"delay", "method"}, required: []string{"delay"}},
		"http": {members: []string{"status", "body", "content_type", "headers", "gzip", "method", "when"},
			start: (*vcenter).startHTTP},
		"pages":           {members: []string{"size"}, required: []string{"size"}},
		"expire-sessions": {members: []string{"method"}, start: (*vcenter).startExpire},
		"forget-tasks":    {members: []string{"after"}, required: []string{"after"}},
		"late-clone":      {members: []string{"for"}},
		"no-drs":          {start: (*vcenter).startNoDRS, stop: (*vcenter).stopNoDRS},
		"privileges":      {members: []string{"missing", "on"}, required: []string{"missing"}},
		"about":           {members: []string{"instanceUuid", "apiType", "apiVersion"}},
		"set": {members: []string{"values"}, required: []string{"vm", "values"}, there: true,
			start: (*vcenter).startSet},
	}
}

func kindNames() []string { return slices.Sorted(maps.Keys(kinds)) }

// behave switches a behaviour on.
func (v *vcenter) behave(text []byte) (int, error) {
	a, err := parseBehaviour(text)
	if err != nil {
		return 0, err
	}
	kind := kinds[a.Kind]
	if kind.there {
		vm := v.machineNamed(a.VM)
		if vm == nil {
			return 0, fmt.Errorf("there is no machine %q in this vCenter", a.VM)
		}
		a.machine = vm.Self
	}
	if kind.start != nil {
		if err := kind.start(v, a); err != nil {
			return 0, err
		}
	}
	return v.behaviours.add(a), nil
}

// calm switches off the behaviour with this id, or all for 0, and returns whether there was one.
func (v *vcenter) calm(id int) bool {
	removed := v.behaviours.remove(id)
	for _, a := range removed {
		if stop := kinds[a.Kind].stop; stop != nil {
			stop(v, a)
		}
	}
	return len(removed) > 0
}

// machineNamed finds a machine or template by its name, or by its path below the datacenter's VM
// folder.
func (v *vcenter) machineNamed(name string) *simulator.VirtualMachine {
	ctx := v.observer.context()
	for _, entity := range v.model.Map().All("VirtualMachine") {
		if vm, ok := entity.(*simulator.VirtualMachine); ok && slices.Contains(v.names(ctx, vm.Self), name) {
			return vm
		}
	}
	return nil
}

func (v *vcenter) startStuck(a *active) error {
	switch a.State {
	case "":
		a.State = types.TaskInfoStateRunning
	case types.TaskInfoStateRunning, types.TaskInfoStateQueued:
	default:
		return fmt.Errorf("state is running or queued")
	}
	return nil
}

func (v *vcenter) startInaccessible(a *active) error {
	return v.change(a, map[string]any{"runtime.connectionState": types.VirtualMachineConnectionStateInaccessible})
}

const questionID = "1"

func (v *vcenter) startQuestion(a *active) error {
	button := func(key, label string) types.BaseElementDescription {
		return &types.ElementDescription{Description: types.Description{Label: label, Summary: label}, Key: key}
	}
	return v.change(a, map[string]any{"runtime.question": types.VirtualMachineQuestionInfo{
		Id:     questionID,
		Text:   a.Text,
		Choice: types.ChoiceOption{ChoiceInfo: []types.BaseElementDescription{button("0", "Cancel"), button("1", "OK")}},
	}})
}
