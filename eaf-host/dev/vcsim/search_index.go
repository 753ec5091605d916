package main

import (
	"path"
	"slices"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// searchIndex omits hidden and inaccessible machines from its answers.
type searchIndex struct {
	*simulator.SearchIndex
	vcenter *vcenter
}

// hidden returns whether a behaviour of one of these kinds hides this object.
func (s *searchIndex) hidden(ref types.ManagedObjectReference, kinds ...string) bool {
	if s.vcenter.behaviours.none() {
		return false
	}
	for _, a := range s.vcenter.behaviours.of(kinds...) {
		if a.machine == ref && (a.Index == nil || *a.Index) && s.vcenter.behaviours.fires(a) {
			return true
		}
	}
	return false
}

// one creates an answer with at most one object.
func (s *searchIndex) one(found **types.ManagedObjectReference) {
	if *found != nil && s.hidden(**found, "hidden") {
		*found = nil
	}
}

// withoutUUID finds machines that are hidden, or whose configuration, which holds the UUID, cannot
// be read.
func (s *searchIndex) withoutUUID(ctx *simulator.Context) func(types.ManagedObjectReference) bool {
	return func(ref types.ManagedObjectReference) bool {
		return s.hidden(ref, "hidden", "inaccessible") || !s.vcenter.behaviours.none() && s.vcenter.halfMade(ctx, ref)
	}
}

func (s *searchIndex) FindByInventoryPath(ctx *simulator.Context, r *types.FindByInventoryPath) soap.HasFault {
	answer := s.SearchIndex.FindByInventoryPath(ctx, r)
	if body, ok := answer.(*methods.FindByInventoryPathBody); ok && body.Res != nil {
		if body.Res.Returnval == nil {
			body.Res.Returnval = s.inPod(ctx, r.InventoryPath)
		}
		s.one(&body.Res.Returnval)
	}
	return answer
}

// inPod finds a datastore in a datastore cluster by its path, which the library does not.
func (s *searchIndex) inPod(ctx *simulator.Context, at string) *types.ManagedObjectReference {
	above, name := path.Split(strings.TrimSuffix(at, "/"))
	search := &types.FindByInventoryPath{InventoryPath: above}
	answer, ok := s.SearchIndex.FindByInventoryPath(ctx, search).(*methods.FindByInventoryPathBody)
	if !ok || answer.Res == nil || answer.Res.Returnval == nil {
		return nil
	}
	pod, ok := ctx.Map.Get(*answer.Res.Returnval).(*simulator.StoragePod)
	if !ok {
		return nil
	}
	found := ctx.Map.FindByName(name, pod.ChildEntity)
	if found == nil {
		return nil
	}
	ref := found.Reference()
	return &ref
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
		if found := body.Res.Returnval; found != nil && s.withoutUUID(ctx)(*found) {
			body.Res.Returnval = nil
		}
	}
	return answer
}

func (s *searchIndex) FindAllByUuid(ctx *simulator.Context, r *types.FindAllByUuid) soap.HasFault {
	answer := s.SearchIndex.FindAllByUuid(ctx, r)
	if body, ok := answer.(*methods.FindAllByUuidBody); ok && body.Res != nil {
		body.Res.Returnval = slices.DeleteFunc(body.Res.Returnval, s.withoutUUID(ctx))
	}
	return answer
}
