package main

import (
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// authorization reports missing privileges of the account. Calls that need them still work;
// call-fault refuses them.
type authorization struct {
	*simulator.AuthorizationManager
	vcenter *vcenter
	ctx     *simulator.Context
}

// lacking lists the privileges that are missing on an entity.
func (m *authorization) lacking(on types.ManagedObjectReference) []string {
	var lacking []string
	for _, a := range m.vcenter.behaviours.of("privileges") {
		if (a.On == "" || slices.Contains(m.vcenter.names(m.ctx, on), a.On)) && m.vcenter.behaviours.fires(a) {
			lacking = append(lacking, a.Missing...)
		}
	}
	return lacking
}

func (m *authorization) deny(answers []types.EntityPrivilege) {
	for _, answer := range answers {
		lacking := m.lacking(answer.Entity)
		for i := range answer.PrivAvailability {
			granted := &answer.PrivAvailability[i]
			granted.IsGranted = granted.IsGranted && !slices.Contains(lacking, granted.PrivId)
		}
	}
}

func (m *authorization) HasPrivilegeOnEntities(r *types.HasPrivilegeOnEntities) soap.HasFault {
	answer := m.AuthorizationManager.HasPrivilegeOnEntities(r)
	if body, ok := answer.(*methods.HasPrivilegeOnEntitiesBody); ok && body.Res != nil {
		m.deny(body.Res.Returnval)
	}
	return answer
}

func (m *authorization) HasUserPrivilegeOnEntities(r *types.HasUserPrivilegeOnEntities) soap.HasFault {
	answer := m.AuthorizationManager.HasUserPrivilegeOnEntities(r)
	if body, ok := answer.(*methods.HasUserPrivilegeOnEntitiesBody); ok && body.Res != nil {
		m.deny(body.Res.Returnval)
	}
	return answer
}

func (m *authorization) HasPrivilegeOnEntity(r *types.HasPrivilegeOnEntity) soap.HasFault {
	answer := m.AuthorizationManager.HasPrivilegeOnEntity(r)
	if body, ok := answer.(*methods.HasPrivilegeOnEntityBody); ok && body.Res != nil {
		lacking := m.lacking(r.Entity)
		for i, id := range r.PrivId {
			body.Res.Returnval[i] = body.Res.Returnval[i] && !slices.Contains(lacking, id)
		}
	}
	return answer
}

func (m *authorization) FetchUserPrivilegeOnEntities(r *types.FetchUserPrivilegeOnEntities) soap.HasFault {
	answer := m.AuthorizationManager.FetchUserPrivilegeOnEntities(r)
	if body, ok := answer.(*methods.FetchUserPrivilegeOnEntitiesBody); ok && body.Res != nil {
		for i := range body.Res.Returnval {
			held := &body.Res.Returnval[i]
			lacking := m.lacking(held.Entity)
			held.Privileges = slices.DeleteFunc(slices.Clone(held.Privileges), func(id string) bool {
				return slices.Contains(lacking, id)
			})
		}
	}
	return answer
}
