package main

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"sync"
)

// calls counts the SOAP calls by the method's name on the wire.
type calls struct {
	sync.Mutex
	byMethod map[string]int
}

func (c *calls) add(method string) {
	c.Lock()
	defer c.Unlock()
	if c.byMethod == nil {
		c.byMethod = map[string]int{}
	}
	c.byMethod[method]++
}

func (c *calls) counts() map[string]int {
	c.Lock()
	defer c.Unlock()
	counts := maps.Clone(c.byMethod)
	if counts == nil {
		counts = map[string]int{}
	}
	return counts
}

// endpoint counts each call and applies the behaviours to it, before and after vCenter.
func (v *vcenter) endpoint(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			next.ServeHTTP(w, r)
			return
		}
		envelope, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(envelope))
		method, err := methodOf(envelope)
		if err != nil {
			next.ServeHTTP(w, r) // which says what is wrong with it
			return
		}
		v.calls.add(method)
		if v.behaviours.none() {
			next.ServeHTTP(w, r)
			return
		}
		v.difficult(v.overTheNetwork(method, envelope), next, w, r)
	})
}

func answerFault(w http.ResponseWriter, f *fault) {
	content, err := f.envelope()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	w.WriteHeader(http.StatusInternalServerError)
	_, _ = w.Write(content)
}
