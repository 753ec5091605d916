package main

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/types"
)

// post sends a call without a client, which would not show what stands in an odd answer.
func (b *bench) post(body string) (*http.Response, string) {
	b.Helper()
	envelope := `<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body>` + body + `</Body></Envelope>`
	request, err := http.NewRequest("POST", b.address, strings.NewReader(envelope))
	if err != nil {
		b.Fatal(err)
	}
	request.Header.Set("Accept-Encoding", "gzip")
	client := http.Client{
		Transport:     b.client.Client.Client.DefaultTransport(),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	answer, err := client.Do(request)
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	reader := io.Reader(answer.Body)
	if answer.Header.Get("Content-Encoding") == "gzip" {
		if reader, err = gzip.NewReader(answer.Body); err != nil {
			b.Fatal(err)
		}
	}
	text, err := io.ReadAll(reader)
	if err != nil {
		b.Fatal(err)
	}
	return answer, string(text)
}

const retrieveContent = `<RetrieveServiceContent xmlns="urn:vim25"><_this type="ServiceInstance">ServiceInstance</_this></RetrieveServiceContent>`

func TestTheProxyAnswersInsteadOfVCenter(t *testing.T) {
	b := newBench(t)
	vm := b.clone("web-01")
	b.behave(`{"kind": "http", "status": 503, "body": "no healthy upstream", "content_type": "text/plain", "method": "PowerOnVM_Task"}`)
	if _, err := vm.PowerOn(b.ctx); err == nil || !strings.Contains(err.Error(), "503") {
		t.Error(err)
	}
	if b.power(vm) != types.VirtualMachinePowerStatePoweredOff {
		t.Error("vCenter has seen the call")
	}
	b.unbehave("/acme/behaviours")
	b.behave(`{"kind": "http", "status": 302, "headers": {"Location": "/ui"}}`)
	if answer, _ := b.post(retrieveContent); answer.StatusCode != 302 || answer.Header.Get("Location") != "/ui" {
		t.Error(answer)
	}
}

func TestTheProxyLosesTheAnswerAfterTheEffect(t *testing.T) {
	b := newBench(t)
	vm := b.clone("web-01")
	b.behave(`{"kind": "http", "status": 502, "when": "after", "method": "PowerOnVM_Task"}`)
	if _, err := vm.PowerOn(b.ctx); err == nil {
		t.Error("the answer arrived")
	}
	b.wait(vm, "runtime.powerState", func(v any) bool { return v == types.VirtualMachinePowerStatePoweredOn })
}

func TestTheProxyCompressesWhatVCenterAnswers(t *testing.T) {
	b := newBench(t)
	b.behave(`{"kind": "http", "gzip": true}`)
	if answer, text := b.post(retrieveContent); answer.StatusCode != 200 ||
		answer.Header.Get("Content-Encoding") != "gzip" || !strings.Contains(text, "RetrieveServiceContentResponse") {
		t.Error(answer, text)
	}
}

func TestASlowVCenterAnswersLate(t *testing.T) {
	b := newBench(t)
	vm := b.clone("web-01")
	b.behave(`{"kind": "slow", "delay": "200ms", "method": "PowerOnVM_Task"}`)
	since := time.Now()
	b.power(vm)
	if quick := time.Since(since); quick > 200*time.Millisecond {
		t.Error("another call is slow too:", quick)
	}
	since = time.Now()
	b.powerOnTask(vm)
	if slow := time.Since(since); slow < 200*time.Millisecond {
		t.Error(slow)
	}
}

func TestSessionsExpireAtOnceOrBeforeACall(t *testing.T) {
	b := newBench(t)
	vm := b.clone("web-01")
	b.login()
	b.behave(`{"kind": "expire-sessions"}`)
	if _, body := b.request("GET", "/acme/sessions", ""); body != "0" {
		t.Error(body)
	}
	_, err := vm.PowerOn(b.ctx)
	wantFault[*types.NotAuthenticated](b, err)
	b.client = b.login()
	vm = b.vm("EAF/web-01")
	b.behave(`{"kind": "expire-sessions", "method": "PowerOnVM_Task", "times": 1}`)
	b.power(vm)
	_, err = vm.PowerOn(b.ctx)
	wantFault[*types.NotAuthenticated](b, err)
}
