package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"maps"
	"net/http"
	"time"
)

// Behaviours of what stands between a client and vCenter: the network, and the proxy that vCenter
// itself has in front.

const (
	beforeEffect = "before"
	afterEffect  = "after"
)

func (v *vcenter) startHTTP(a *active) error {
	switch a.When {
	case "", beforeEffect, afterEffect:
	default:
		return fmt.Errorf("when is before or after")
	}
	if a.Status != 0 && (a.Status < 200 || a.Status > 599) {
		return fmt.Errorf("status is one of HTTP, from 200 to 599")
	}
	return nil
}

// instead returns whether the proxy answers in place of vCenter.
func (a *active) instead() bool { return a.Status != 0 && a.When != afterEffect }

// rewrites returns whether the proxy changes vCenter's answer.
func (a *active) rewrites() bool { return !a.instead() }

// rewrite changes vCenter's answer, or an empty one, into the proxy's answer.
func (a *active) rewrite(answer *bufferedAnswer) {
	if a.Status != 0 {
		answer.header, answer.status = http.Header{}, a.Status
		answer.body.Reset()
		answer.body.WriteString(a.Body)
	}
	if a.ContentType != "" {
		answer.header.Set("Content-Type", a.ContentType)
	}
	for name, value := range a.Headers {
		answer.header.Set(name, value)
	}
	if a.Gzip {
		answer.header.Set("Content-Encoding", "gzip")
		answer.body = compressed(answer.body.Bytes())
	}
}

func compressed(plain []byte) bytes.Buffer {
	var small bytes.Buffer
	writer := gzip.NewWriter(&small)
	_, _ = writer.Write(plain) // a bytes.Buffer takes everything
	_ = writer.Close()
	return small
}

func newAnswer() *bufferedAnswer {
	return &bufferedAnswer{header: http.Header{}, status: http.StatusOK}
}

// send writes a buffered answer to the client.
func (a *bufferedAnswer) send(w http.ResponseWriter) {
	maps.Copy(w.Header(), a.header)
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body.Bytes())
}

// difficult answers a call while some behaviour is switched on.
func (v *vcenter) difficult(c *call, next http.Handler, w http.ResponseWriter, r *http.Request) {
	if v.behaviours.first("expire-sessions", c, (*active).perCall) != nil {
		v.expireSessions()
	}
	slow := v.behaviours.first("slow", c)
	answer := newAnswer()
	if proxy := v.behaviours.first("http", c, (*active).instead); proxy != nil {
		proxy.rewrite(answer)
	} else if refusal := v.behaviours.first("call-fault", c); refusal != nil {
		answerFault(answer, refusal.Fault)
	} else {
		next.ServeHTTP(answer, r)
		if proxy := v.behaviours.first("http", c, (*active).rewrites); proxy != nil {
			proxy.rewrite(answer)
		}
	}
	if slow != nil {
		pause(r.Context(), slow)
	}
	answer.send(w)
}

// pause delays an answer until its time, the client's end or the behaviour's end.
func pause(ctx context.Context, a *active) {
	select {
	case <-ctx.Done():
	case <-a.ended:
	case <-time.After(time.Duration(a.Delay)):
	}
}
