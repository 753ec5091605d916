package main

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// collectors maps the reference of a propertyCollector to its vCenter. The library creates one
// collector per session by reflection, which would lose fields.
var collectors sync.Map // *simulator.Registry → *vcenter

// propertyCollector answers like the one of a vCenter with deleted objects and unreadable
// properties.
type propertyCollector struct {
	simulator.PropertyCollector
}

func (p *propertyCollector) RetrievePropertiesEx(
	ctx *simulator.Context, r *types.RetrievePropertiesEx,
) soap.HasFault {
	v := vcenterOf(ctx)
	if v == nil || v.behaviours.none() {
		return p.PropertyCollector.RetrievePropertiesEx(ctx, r)
	}
	reading := v.reading(ctx, r)
	if ref := reading.goneAmong(); ref != nil {
		missing := gone(*ref)
		return &methods.RetrievePropertiesExBody{
			Fault_: simulator.Fault(missing.sentence(), missing.BaseMethodFault),
		}
	}
	reading.cutPages(r)
	answer := p.PropertyCollector.RetrievePropertiesEx(ctx, r)
	if body, ok := answer.(*methods.RetrievePropertiesExBody); ok && body.Res != nil && body.Res.Returnval != nil {
		body.Res.Returnval.Objects = reading.spoil(body.Res.Returnval.Objects)
	}
	return answer
}

func (p *propertyCollector) ContinueRetrievePropertiesEx(
	ctx *simulator.Context, r *types.ContinueRetrievePropertiesEx,
) soap.HasFault {
	answer := p.PropertyCollector.ContinueRetrievePropertiesEx(ctx, r)
	v := vcenterOf(ctx)
	if v == nil || v.behaviours.none() {
		return answer
	}
	if body, ok := answer.(*methods.ContinueRetrievePropertiesExBody); ok && body.Res != nil {
		body.Res.Returnval.Objects = v.reading(ctx, nil).spoil(body.Res.Returnval.Objects)
	}
	return answer
}

func vcenterOf(ctx *simulator.Context) *vcenter {
	v, _ := collectors.Load(ctx.Map)
	found, _ := v.(*vcenter)
	return found
}

// reading is one answer. Each behaviour applies to the whole answer or not at all.
type reading struct {
	vcenter *vcenter
	ctx     *simulator.Context
	asked   []types.ManagedObjectReference // by the client itself, and not found on the way
	decided map[*active]bool
}

func (v *vcenter) reading(ctx *simulator.Context, r *types.RetrievePropertiesEx) *reading {
	found := &reading{vcenter: v, ctx: ctx, decided: map[*active]bool{}}
	if r != nil {
		for _, spec := range r.SpecSet {
			for _, object := range spec.ObjectSet {
				found.asked = append(found.asked, object.Obj)
			}
		}
	}
	return found
}

func (r *reading) fires(a *active) bool {
	decision, made := r.decided[a]
	if !made {
		decision = r.vcenter.behaviours.fires(a)
		r.decided[a] = decision
	}
	return decision
}

// goneAmong returns the first requested object that a behaviour declares as deleted.
func (r *reading) goneAmong() *types.ManagedObjectReference {
	for i, ref := range r.asked {
		if r.gone(ref) {
			return &r.asked[i]
		}
	}
	return nil
}

func (r *reading) gone(ref types.ManagedObjectReference) bool {
	for _, a := range r.vcenter.behaviours.of("not-found") {
		if a.machine == ref && r.fires(a) {
			return true
		}
	}
	return ref.Type == "Task" && r.forgotten(ref)
}

// forgotten says whether a task ended so long ago that vCenter no longer knows it.
func (r *reading) forgotten(ref types.ManagedObjectReference) bool {
	forgetting := r.vcenter.behaviours.of("forget-tasks")
	if len(forgetting) == 0 {
		return false
	}
	task, ok := r.ctx.Map.Get(ref).(*simulator.Task)
	if !ok {
		return false
	}
	var ended *time.Time
	r.ctx.WithLock(task, func() { ended = task.Info.CompleteTime })
	return ended != nil && slices.ContainsFunc(forgetting, func(a *active) bool {
		return time.Since(*ended) >= time.Duration(a.After) && r.fires(a)
	})
}

// cutPages limits an answer to fewer objects than the client accepts.
func (r *reading) cutPages(request *types.RetrievePropertiesEx) {
	for _, a := range r.vcenter.behaviours.of("pages") {
		if (request.Options.MaxObjects <= 0 || request.Options.MaxObjects > a.Size) && r.fires(a) {
			request.Options.MaxObjects = a.Size
		}
	}
}

// spoil removes unreadable objects and properties from an answer.
func (r *reading) spoil(objects []types.ObjectContent) []types.ObjectContent {
	var left []types.ObjectContent
	for _, object := range objects {
		if r.gone(object.Obj) || !slices.Contains(r.asked, object.Obj) && r.hidden(object.Obj) {
			continue
		}
		for i := range object.PropSet {
			r.hideChildren(&object.PropSet[i])
		}
		if r.vcenter.halfMade(r.ctx, object.Obj) {
			leaveOut(&object, []string{"config", "summary.config"}, nil)
		}
		for _, a := range r.vcenter.behaviours.of("inaccessible") {
			if a.machine == object.Obj && r.fires(a) {
				leaveOut(&object, []string{"config", "summary.config"}, nil)
			}
		}
		for _, a := range r.vcenter.behaviours.of("missing") {
			if r.concerns(a, object) && r.fires(a) {
				leaveOut(&object, a.Paths, a.Fault)
			}
		}
		left = append(left, object)
	}
	return left
}

// concerns returns whether a behaviour removes anything of this object.
func (r *reading) concerns(a *active, object types.ObjectContent) bool {
	if a.Type != "" && a.Type != object.Obj.Type {
		return false
	}
	if a.VM != "" && !slices.Contains(r.vcenter.names(r.ctx, object.Obj), a.VM) {
		return false
	}
	return slices.ContainsFunc(object.PropSet, func(p types.DynamicProperty) bool { return within(p.Name, a.Paths) })
}

func (r *reading) hidden(ref types.ManagedObjectReference) bool {
	for _, a := range r.vcenter.behaviours.of("hidden") {
		if a.machine == ref && (a.Folder == nil || *a.Folder) && r.fires(a) {
			return true
		}
	}
	return false
}

// hideChildren removes hidden machines from the list of a folder's children.
func (r *reading) hideChildren(p *types.DynamicProperty) {
	if children, ok := p.Val.(types.ArrayOfManagedObjectReference); ok && p.Name == "childEntity" {
		children.ManagedObjectReference = slices.DeleteFunc(slices.Clone(children.ManagedObjectReference), r.hidden)
		p.Val = children
	}
}

// leaveOut removes properties from an answer. With a fault, the answer names them as missing;
// without one, they are not set.
func leaveOut(object *types.ObjectContent, paths []string, f *fault) {
	var left []types.DynamicProperty
	for _, p := range object.PropSet {
		if !within(p.Name, paths) {
			left = append(left, p)
		} else if f != nil {
			object.MissingSet = append(object.MissingSet, types.MissingProperty{Path: p.Name, Fault: f.localized()})
		}
	}
	object.PropSet = left
}

// within returns whether a property is one of these paths, or a part of one.
func within(name string, paths []string) bool {
	return slices.ContainsFunc(paths, func(path string) bool {
		return name == path || strings.HasPrefix(name, path+".") || strings.HasPrefix(name, path+"[")
	})
}
