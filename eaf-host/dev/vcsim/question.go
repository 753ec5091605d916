package main

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// questioner is a machine whose questions can be answered, as a person does in the vSphere client
// or by govc vm.question.
type questioner struct {
	*simulator.VirtualMachine
	vcenter *vcenter
}

func (q *questioner) AnswerVM(r *types.AnswerVM) soap.HasFault {
	body := &methods.AnswerVMBody{}
	for _, a := range q.vcenter.behaviours.of("question") {
		if a.machine == q.Self && r.QuestionId == questionID {
			// This call locks the machine, and the end of the question changes it.
			go q.vcenter.calm(a.id)
			body.Res = &types.AnswerVMResponse{}
		}
	}
	if body.Res == nil {
		body.Fault_ = simulator.Fault("There is no such question.", &types.InvalidArgument{InvalidProperty: "questionId"})
	}
	return body
}
