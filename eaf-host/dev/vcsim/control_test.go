package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/vmware/govmomi/vim25/types"
)

func TestWrongBehavioursAreRefusedWithASentence(t *testing.T) {
	b := newBench(t)
	for behaviour, sentence := range map[string]string{
		`{`:                          "JSON",
		`{"kind": "kind"}`:           "there is no kind",
		`{"kind": "set", "vm": "x"}`: `needs the member "values"`,
		`{"kind": "hidden", "vm": "debian-12", "methods": "x"}`:                       `no member "methods"`,
		`{"kind": "hidden", "vm": "web-99"}`:                                          `no machine "web-99"`,
		`{"kind": "call-fault", "fault": {"type": "NoFault"}}`:                        `no fault "NoFault"`,
		`{"kind": "call-fault", "fault": {"type": "FileLocked", "colour": 1}}`:        "colour",
		`{"kind": "call-fault", "fault": {"type": "VirtualMachineConfigSpec"}}`:       "is no fault",
		`{"kind": "set", "vm": "debian-12", "values": {"guest.colour": "red"}}`:       "no property",
		`{"kind": "set", "vm": "debian-12", "values": {"guest.ipAddress": 5}}`:        "guest.ipAddress",
		`{"kind": "task-stuck", "for": "long"}`:                                       "duration",
		`{"kind": "task-stuck", "state": "success"}`:                                  "running or queued",
		`{"kind": "call-fault", "fault": {"type": "FileLocked"}, "probability": 1.5}`: "between 0 and 1",
	} {
		if status, body := b.request("POST", "/acme/behaviours", behaviour); status != http.StatusBadRequest ||
			!strings.Contains(body, sentence) {
			t.Errorf("%s: %d %s", behaviour, status, body)
		}
	}
	if status, body := b.request("GET", "/acme/behaviours", ""); status != http.StatusOK || body != "[]" {
		t.Errorf("%d %s", status, body)
	}
	if status, _ := b.request("GET", "/umbrella/behaviours", ""); status != http.StatusNotFound {
		t.Error(status)
	}
	if status, _ := b.request("DELETE", "/acme/behaviours/7", ""); status != http.StatusNotFound {
		t.Error(status)
	}
}

func TestOnlyLoopbackMayBeControlled(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", "192.0.2.1:80", ":0", "nothing"} {
		if _, _, err := serveControl(address, nil); err == nil {
			t.Errorf("%s is served", address)
		}
	}
}

func TestSkipAndTimesCountTheCallsAndHitsAreReported(t *testing.T) {
	b := newBench(t)
	vm := b.clone("web-01")
	b.behave(`{"kind": "call-fault", "method": "PowerOnVM_Task", "skip": 1, "times": 2, "fault": {"type": "FileLocked"}}`)
	_, first := vm.PowerOn(b.ctx)
	_, second := vm.PowerOn(b.ctx)
	_, third := vm.PowerOn(b.ctx)
	_, fourth := vm.PowerOn(b.ctx)
	if first != nil || fourth != nil {
		t.Error(first, fourth)
	}
	wantFault[*types.FileLocked](b, second)
	wantFault[*types.FileLocked](b, third)
	_, body := b.request("GET", "/acme/behaviours", "")
	if !strings.Contains(body, `"id":1,"hits":2,"behaviour":{"kind":"call-fault"`) {
		t.Error(body)
	}
	b.unbehave("/acme/behaviours")
	if _, body := b.request("GET", "/acme/behaviours", ""); body != "[]" {
		t.Error(body)
	}
}

func TestProbabilityFollowsTheSeed(t *testing.T) {
	rolls := func(seed uint64) string {
		half := 0.5
		b, a, rolled := newBehaviours(seed), &active{behaviour: behaviour{Probability: &half}}, ""
		for range 40 {
			if b.fires(a) {
				rolled += "x"
			} else {
				rolled += "."
			}
		}
		return rolled
	}
	b := newBench(t)
	if status, body := b.request("PUT", "/acme/seed", "7"); status != http.StatusNoContent {
		t.Error(status, body)
	}
	if status, _ := b.request("PUT", "/acme/seed", `"seven"`); status != http.StatusBadRequest {
		t.Error(status)
	}
	if rolls(7) != rolls(7) || rolls(7) == rolls(8) || !strings.Contains(rolls(7), "x") || !strings.Contains(rolls(7), ".") {
		t.Error(rolls(7), rolls(8))
	}
}

func TestCallsAndSessionsAreCounted(t *testing.T) {
	b := newBench(t)
	second := b.login()
	if _, body := b.request("GET", "/acme/sessions", ""); body != "2" {
		t.Error(body)
	}
	if err := second.Logout(b.ctx); err != nil {
		t.Fatal(err)
	}
	if _, body := b.request("GET", "/acme/sessions", ""); body != "1" {
		t.Error(body)
	}
	b.clone("web-01")
	if _, body := b.request("GET", "/acme/calls", ""); !strings.Contains(body, `"CloneVM_Task":1`) ||
		!strings.Contains(body, `"Login":2`) || !strings.Contains(body, `"Logout":1`) {
		t.Error(body)
	}
}
