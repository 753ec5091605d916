package main

import (
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// searchIndex leaves machines out of its answers that are hidden or inaccessible.
type searchIndex struct {
	*simulator.SearchIndex
	vcenter *vcenter
}

// hidden says whether an answer must not name this object.
func (s *searchIndex) hidden(ref types.ManagedObjectReference) bool {
	for _, a := range s.vcenter.behaviours.of("hidden", "inaccessible") {
		if a.machine == ref && (a.Index == nil || *a.Index) && s.vcenter.behaviours.fires(a) {
			return true
		}
	}
	return false
}

// one is an answer that names at most one object.
func (s *searchIndex) one(found **types.ManagedObjectReference) {
	if *found != nil && s.hidden(**found) {
		*found = nil
	}
}

func (s *searchIndex) many(found *[]types.ManagedObjectReference) {
	*found = slices.DeleteFunc(*found, s.hidden)
}

func (s *searchIndex) FindByInventoryPath(ctx *simulator.Context, r *types.FindByInventoryPath) soap.HasFault {
	answer := s.SearchIndex.FindByInventoryPath(ctx, r)
	if body, ok := answer.(*methods.FindByInventoryPathBody); ok && body.Res != nil {
		s.one(&body.Res.Returnval)
	}
	return answer
}

func (s *searchIndex) FindChild(ctx *simulator.Context, r *types.FindChild) soap.HasFault {
	answer := s.SearchIndex.FindChild(ctx, r)
	if body, ok := answer.(*methods.FindChildBody); ok && body.Res != nil {
		s.one(&body.Res.Returnval)
	}
	return answer
}

func (s *searchIndex) FindByUuid(ctx *simulator.Context, r *types.FindByUuid) soap.HasFault {
	answer := s.SearchIndex.FindByUuid(ctx, r)
	if body, ok := answer.(*methods.FindByUuidBody); ok && body.Res != nil {
		s.one(&body.Res.Returnval)
	}
	return answer
}

func (s *searchIndex) FindAllByUuid(ctx *simulator.Context, r *types.FindAllByUuid) soap.HasFault {
	answer := s.SearchIndex.FindAllByUuid(ctx, r)
	if body, ok := answer.(*methods.FindAllByUuidBody); ok && body.Res != nil {
		s.many(&body.Res.Returnval)
	}
	return answer
}
