package main

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// sessions lists the clients that are logged in.
func (v *vcenter) sessions() []types.UserSession {
	view := simulator.Session{Registry: simulator.NewRegistry(), Map: v.model.Map()}
	manager, ok := view.Get(v.model.Map().SessionManager().Self).(*simulator.SessionManager)
	if !ok {
		return nil
	}
	return manager.SessionList
}

// expireSessions ends every session, as vCenter does with those that were idle for too long.
func (v *vcenter) expireSessions() {
	ctx := v.observer.context()
	ctx.Session = &simulator.Session{} // not one of those that end
	for _, session := range v.sessions() {
		v.model.Map().SessionManager().TerminateSession(ctx, &types.TerminateSession{SessionId: []string{session.Key}})
	}
}

// perCall returns whether sessions expire before each call, and not only when the behaviour is
// switched on.
func (a *active) perCall() bool {
	return a.Probability != nil || a.Method != "" || a.Skip > 0 || a.Times > 0
}

func (v *vcenter) startExpire(a *active) error {
	if !a.perCall() {
		v.expireSessions()
		a.hits = 1
	}
	return nil
}
