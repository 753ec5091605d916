package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// control is the interface by which tests and `eaf dev vcenter` ask for difficult behaviour. It has
// no password, so it listens on loopback only.
type control struct {
	vcenters map[string]*vcenter
}

// serveControl listens at this address and returns the URL and what ends it.
func serveControl(address string, vcenters []*vcenter) (string, func(), error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return "", nil, fmt.Errorf("--control: %w", err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return "", nil, fmt.Errorf("--control: %s is not a loopback address", host)
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return "", nil, err
	}
	c := &control{vcenters: map[string]*vcenter{}}
	for _, v := range vcenters {
		c.vcenters[v.options.name] = v
	}
	server := &http.Server{Handler: c.routes(), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }()
	return "http://" + listener.Addr().String(), func() { _ = server.Close() }, nil
}

func (c *control) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /{vcenter}/behaviours", c.of(post))
	mux.HandleFunc("GET /{vcenter}/behaviours", c.of(func(v *vcenter, w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, v.behaviours.reports())
	}))
	mux.HandleFunc("DELETE /{vcenter}/behaviours", c.of(func(v *vcenter, w http.ResponseWriter, _ *http.Request) {
		v.calm(0)
		w.WriteHeader(http.StatusNoContent)
	}))
	mux.HandleFunc("DELETE /{vcenter}/behaviours/{id}", c.of(remove))
	mux.HandleFunc("PUT /{vcenter}/seed", c.of(putSeed))
	mux.HandleFunc("GET /{vcenter}/calls", c.of(func(v *vcenter, w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, v.calls.counts())
	}))
	mux.HandleFunc("GET /{vcenter}/sessions", c.of(func(v *vcenter, w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, len(v.sessions()))
	}))
	return mux
}

// of finds the vCenter that a request is about.
func (c *control) of(handle func(*vcenter, http.ResponseWriter, *http.Request)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, known := c.vcenters[r.PathValue("vcenter")]
		if !known {
			http.Error(w, fmt.Sprintf("there is no vCenter %q here", r.PathValue("vcenter")), http.StatusNotFound)
			return
		}
		handle(v, w, r)
	}
}

func post(v *vcenter, w http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	id, err := v.behave(text)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	answer(w, http.StatusCreated, map[string]int{"id": id})
}

func remove(v *vcenter, w http.ResponseWriter, r *http.Request) {
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil || id < 1 || !v.calm(id) {
		http.Error(w, fmt.Sprintf("there is no behaviour %q", r.PathValue("id")), http.StatusNotFound)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// putSeed begins the random numbers of a vCenter's behaviours again.
func putSeed(v *vcenter, w http.ResponseWriter, r *http.Request) {
	var seed uint64
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<10)).Decode(&seed); err != nil {
		http.Error(w, "a seed is a number: "+err.Error(), http.StatusBadRequest)
		return
	}
	v.behaviours.seed(seed)
	w.WriteHeader(http.StatusNoContent)
}

func answer(w http.ResponseWriter, status int, content any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(content)
}
