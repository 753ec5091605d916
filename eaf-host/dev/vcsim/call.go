package main

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// call is one SOAP call of a client.
type call struct {
	method string
	// read returns the object and the arguments. It parses the call, and is used only if a
	// behaviour needs them.
	read    func() (types.ManagedObjectReference, any)
	vcenter *vcenter
	ctx     *simulator.Context

	made  string      // the name, as vCenter keeps it, of the machine that the call makes
	begun atomic.Bool // its task has been made
	// fault is the fault of the call's task, for the message.
	fault *fault
}

func (c *call) body() any {
	_, body := c.read()
	return body
}

// is returns whether a behaviour concerns this call.
func (c *call) is(a *active) bool {
	return (a.Method == "" || a.Method == c.method) && (a.VM == "" || slices.Contains(c.names(), a.VM))
}

// names returns the names of the object, and of the machine that a call creates.
func (c *call) names() []string {
	this, body := c.read()
	names := append(c.vcenter.names(c.ctx, this), c.made)
	switch body := body.(type) {
	case *types.CloneVM_Task:
		names = append(names, escaped(body.Name))
	case *types.CreateVM_Task:
		names = append(names, escaped(body.Config.Name))
	}
	return names
}

// names returns the names of an entity that a behaviour may use: its name, and its path below the
// datacenter's VM folder.
func (v *vcenter) names(ctx *simulator.Context, ref types.ManagedObjectReference) []string {
	entity, ok := v.model.Map().Get(ref).(mo.Entity)
	if !ok {
		return nil
	}
	name := ""
	var parent *types.ManagedObjectReference
	ctx.WithLock(ref, func() { name, parent = entity.Entity().Name, entity.Entity().Parent })
	names := []string{name}
	if parent != nil {
		if path, below := v.path(*parent); below {
			names = append(names, strings.Join(append(path, name), "/"))
		}
	}
	return names
}

// overTheNetwork creates a call from its HTTP request.
func (v *vcenter) overTheNetwork(method string, body []byte) *call {
	read := sync.OnceValues(func() (types.ManagedObjectReference, any) {
		decoded, err := simulator.UnmarshalBody(types.TypeFunc(), body)
		if err != nil {
			return types.ManagedObjectReference{}, nil
		}
		return decoded.This, decoded.Body
	})
	return &call{method: method, read: read, vcenter: v, ctx: v.observer.context()}
}

type callKey struct{}

// handle attaches the call to its context, where the observer finds it when the call's task begins.
func (v *vcenter) handle(ctx *simulator.Context, m *simulator.Method) (mo.Reference, types.BaseMethodFault) {
	this, body := m.This, m.Body
	c := &call{
		method:  m.Name,
		read:    func() (types.ManagedObjectReference, any) { return this, body },
		vcenter: v,
		ctx:     ctx,
	}
	ctx.Context = context.WithValue(ctx.Context, callKey{}, c)
	if v.disabled(ctx, m) {
		return nil, &types.MethodDisabled{}
	}
	c.nameAsVCenter(body)
	return v.stand(ctx, m), nil
}

// disabled returns whether a method is disabled for an object, as backup products do it. The
// library knows only the names of its own functions there.
func (v *vcenter) disabled(ctx *simulator.Context, m *simulator.Method) bool {
	entity, ok := v.model.Map().Get(m.This).(mo.Entity)
	if !ok {
		return false
	}
	off := false
	ctx.WithLock(m.This, func() { off = slices.Contains(entity.Entity().DisabledMethod, m.Name) })
	return off
}

// stand replaces the called object by another one. The library prefers its own object with the
// same reference, so the call goes to a reference that the library does not know.
func (v *vcenter) stand(ctx *simulator.Context, m *simulator.Method) mo.Reference {
	var instead mo.Reference
	switch object := v.model.Map().Get(m.This).(type) {
	case *simulator.Folder:
		if m.Name == "CreateFolder" {
			instead = &folder{Folder: object}
		}
	case *simulator.VirtualMachine:
		switch m.Name {
		case "MarkAsTemplate", "MarkAsVirtualMachine":
			instead = &markable{VirtualMachine: object}
		case "AnswerVM":
			instead = &questioner{VirtualMachine: object, vcenter: v}
		}
	case *simulator.SearchIndex:
		instead = &searchIndex{SearchIndex: object, vcenter: v}
	case *simulator.AuthorizationManager:
		instead = &authorization{AuthorizationManager: object, vcenter: v, ctx: ctx}
	case *simulator.ServiceInstance:
		instead = &serviceInstance{ServiceInstance: object, vcenter: v}
	}
	if instead != nil {
		m.This = types.ManagedObjectReference{Type: m.This.Type, Value: "instead of " + m.This.Value}
	}
	return instead
}

func callOf(ctx *simulator.Context) *call {
	if ctx.Context == nil {
		return nil
	}
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

// methodOf returns the name of the method that a SOAP envelope calls.
func methodOf(envelope []byte) (string, error) {
	decoder := xml.NewDecoder(bytes.NewReader(envelope))
	for inBody := false; ; {
		token, err := decoder.Token()
		if err != nil {
			return "", fmt.Errorf("not a SOAP call: %w", err)
		}
		if start, ok := token.(xml.StartElement); ok {
			if inBody {
				return start.Name.Local, nil
			}
			inBody = start.Name.Local == "Body"
		}
	}
}
