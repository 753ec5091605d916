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

// longestName is the maximum length of a name, including its escapes.
const longestName = 80

var (
	loosePercent = regexp.MustCompile(`(?i)%(2f|5c|25)?`)
	escapes      = strings.NewReplacer("/", "%2f", `\`, "%5c")
	unescapes    = strings.NewReplacer("%2f", "/", "%2F", "/", "%5c", `\`, "%5C", `\`, "%25", "%")
)

// escaped returns a name in vCenter's form: a percent sign is escaped unless it begins an escape.
func escaped(name string) string {
	return escapes.Replace(loosePercent.ReplaceAllStringFunc(name, func(found string) string {
		if found == "%" {
			return "%25"
		}
		return found
	}))
}

// unescaped returns the name that the library turns into the given one when it creates a folder.
func unescaped(stored string) string { return unescapes.Replace(stored) }

// wrongName returns the fault of a name that vCenter rejects.
func wrongName(stored string) *fault {
	if length := utf8.RuneCountInString(stored); length == 0 || length > longestName {
		return faultOf(&types.InvalidName{Name: stored},
			fmt.Sprintf("The name has %d characters; it may have 1 to %d, counted with its escapes.", length, longestName))
	}
	return nil
}

// plainName returns a substitute for an escaped name until the library has created the machine,
// because the library fails with a percent sign.
func plainName(stored string) string { return strings.ReplaceAll(stored, "%", "\uff05") }

// nameAsVCenter changes the names in a request so that the library stores vCenter's form of them.
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

// rename sets the requested name of a machine.
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
