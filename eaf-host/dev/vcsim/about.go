package main

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// serviceInstance reports another instance, another version, or another product than vCenter.
type serviceInstance struct {
	*simulator.ServiceInstance
	vcenter *vcenter
}

func (s *serviceInstance) RetrieveServiceContent(r *types.RetrieveServiceContent) soap.HasFault {
	answer := s.ServiceInstance.RetrieveServiceContent(r)
	body, ok := answer.(*methods.RetrieveServiceContentBody)
	if !ok || body.Res == nil {
		return answer
	}
	for _, a := range s.vcenter.behaviours.of("about") {
		if !s.vcenter.behaviours.fires(a) {
			continue
		}
		about := &body.Res.Returnval.About
		for _, field := range []struct {
			to   *string
			from string
		}{{&about.InstanceUuid, a.InstanceUUID}, {&about.ApiType, a.APIType}, {&about.ApiVersion, a.APIVersion}} {
			if field.from != "" {
				*field.to = field.from
			}
		}
	}
	return answer
}
