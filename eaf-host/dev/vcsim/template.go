package main

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// markable reports that a machine has become a template, or a template a machine. The library
// publishes no such change, so without the report the saved inventory and a waiting client would
// miss it.
type markable struct{ *simulator.VirtualMachine }

func (m *markable) MarkAsTemplate(ctx *simulator.Context, r *types.MarkAsTemplate) soap.HasFault {
	return m.announce(ctx, m.VirtualMachine.MarkAsTemplate(r))
}

func (m *markable) MarkAsVirtualMachine(ctx *simulator.Context, r *types.MarkAsVirtualMachine) soap.HasFault {
	return m.announce(ctx, m.VirtualMachine.MarkAsVirtualMachine(r))
}

func (m *markable) announce(ctx *simulator.Context, answer soap.HasFault) soap.HasFault {
	ctx.Update(m.VirtualMachine, []types.PropertyChange{
		{Name: "config.template", Val: m.Config.Template},
		{Name: "summary.config.template", Val: m.Config.Template},
	})
	return answer
}
