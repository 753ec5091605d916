package main

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// longestName is counted with its escapes.
const longestName = 80

var (
	loosePercent = regexp.MustCompile(`(?i)%(2f|5c|25)?`)
	escapes      = strings.NewReplacer("/", "%2f", `\`, "%5c")
	unescapes    = strings.NewReplacer("%2f", "/", "%2F", "/", "%5c", `\`, "%5C", `\`, "%25", "%")
)

// escaped is a name as vCenter keeps it: a percent sign is escaped unless it begins an escape.
func escaped(name string) string {
	return escapes.Replace(loosePercent.ReplaceAllStringFunc(name, func(found string) string {
		if found == "%" {
			return "%25"
		}
		return found
	}))
}

// unescaped is the name of which the library makes the given one when it makes a folder.
func unescaped(stored string) string { return unescapes.Replace(stored) }

// wrongName is the fault of a name that vCenter does not take.
func wrongName(stored string) *fault {
	if length := utf8.RuneCountInString(stored); length == 0 || length > longestName {
		return faultOf(&types.InvalidName{Name: stored},
			fmt.Sprintf("The name has %d characters; it may have 1 to %d, counted with its escapes.", length, longestName))
	}
	return nil
}

// plainName stands for an escaped name until the library has made a machine: with a percent sign it
// fails.
func plainName(stored string) string { return strings.ReplaceAll(stored, "%", "\uff05") }

// nameAsVCenter changes the names in a request so that the library makes of them what vCenter
// would.
func (c *call) nameAsVCenter(body any) {
	switch body := body.(type) {
	case *types.CloneVM_Task:
		c.made = escaped(body.Name)
		body.Name = plainName(c.made)
	case *types.CreateVM_Task:
		c.made = escaped(body.Config.Name)
		body.Config.Name = plainName(c.made)
	case *types.Rename_Task:
		body.NewName = escaped(body.NewName)
	case *types.ReconfigVM_Task:
		body.Spec.Name = escaped(body.Spec.Name)
	}
}

// rename gives a machine the name that it was meant to have.
func rename(ctx *simulator.Context, vm *simulator.VirtualMachine, stored string) {
	ctx.Update(vm, []types.PropertyChange{
		{Name: "name", Val: stored},
		{Name: "config.name", Val: stored},
		{Name: "summary.config.name", Val: stored},
	})
}

// folder makes folders with the names that vCenter would give them.
type folder struct{ *simulator.Folder }

func (f *folder) CreateFolder(ctx *simulator.Context, r *types.CreateFolder) soap.HasFault {
	if wrong := wrongName(escaped(r.Name)); wrong != nil {
		return &methods.CreateFolderBody{Fault_: simulator.Fault(wrong.sentence(), wrong.BaseMethodFault)}
	}
	r.Name = unescaped(escaped(r.Name))
	return f.Folder.CreateFolder(ctx, r)
}
