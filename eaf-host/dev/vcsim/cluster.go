package main

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// setDRS switches Distributed Resource Scheduler on or off in every cluster.
func (v *vcenter) setDRS(enabled bool) {
	ctx := v.observer.context()
	for _, entity := range v.model.Map().All("ClusterComputeResource") {
		cluster, ok := entity.(*simulator.ClusterComputeResource)
		if !ok {
			continue
		}
		ctx.WithLock(cluster, func() {
			current, ok := cluster.ConfigurationEx.(*types.ClusterConfigInfoEx)
			if !ok {
				return
			}
			changed := *current // another reader may hold the one before
			changed.DrsConfig.Enabled = &enabled
			changed.DrsConfig.DefaultVmBehavior = types.DrsBehaviorFullyAutomated
			ctx.Update(cluster, []types.PropertyChange{
				{Name: "configurationEx", Val: &changed},
				{Name: "configuration.drsConfig", Val: changed.DrsConfig},
			})
		})
	}
}

func (v *vcenter) startNoDRS(*active) error {
	v.setDRS(false)
	return nil
}

func (v *vcenter) stopNoDRS(*active) {
	v.setDRS(len(v.behaviours.of("no-drs")) == 0)
}

// refuseWithoutHost refuses a clone into a cluster that cannot choose a host by itself.
func (v *vcenter) refuseWithoutHost(clone *types.CloneVM_Task) *fault {
	if clone.Spec.Location.Host != nil {
		return nil
	}
	for _, a := range v.behaviours.of("no-drs") {
		if v.behaviours.fires(a) {
			return faultOf(&types.InvalidArgument{InvalidProperty: "spec.location.host"},
				"A specified parameter was not correct: spec.location.host")
		}
	}
	return nil
}
