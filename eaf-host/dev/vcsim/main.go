// Command vcsim simulates one or several vCenters in one process, for `eaf dev` and for tests. It
// adds to govmomi's simulator a realistic inventory, checks of passwords, a certificate that
// clients can verify, tasks with a duration and a progress, addresses of guests, and an inventory
// that survives a restart.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/vmware/govmomi/simulator"
)

type options struct {
	state    string
	certs    string
	clone    time.Duration
	address  time.Duration
	session  time.Duration
	plain    bool
	vcenters []vcenterOptions
	verbose  bool
	control  string
	seed     uint64
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("vcsim: ")
	o, err := parse(os.Args[1:])
	if err != nil {
		log.Fatal(err)
	}
	if !o.verbose {
		// The library logs each request for a missing object; here that is a normal answer.
		log.SetOutput(io.Discard)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "vcsim:", err)
		os.Exit(1)
	}
}

func parse(args []string) (options, error) {
	var o options
	f := flag.NewFlagSet("vcsim", flag.ContinueOnError)
	f.StringVar(&o.state, "state", "", "directory that keeps the inventory across restarts (required)")
	f.StringVar(&o.certs, "cert-dir", "", "directory of ca.pem, server.pem, server-key.pem; made if missing (required)")
	f.DurationVar(&o.clone, "clone-duration", 0, "how long a clone takes, such as 4s")
	f.DurationVar(&o.address, "address-delay", 0, "from power-on until the guest has an address, such as 3s")
	f.DurationVar(&o.session, "session-timeout", 30*time.Minute, "idle time after which a session expires")
	f.BoolVar(&o.plain, "plain-http", false, "serve without TLS")
	f.BoolVar(&o.verbose, "verbose", false, "log to stderr")
	f.StringVar(&o.control, "control", "", "loopback host:port at which difficult behaviour can be asked for")
	f.Uint64Var(&o.seed, "seed", 0, "of the random numbers in behaviours; 0 takes one and prints it")
	f.Func("vcenter", "one simulated vCenter; may be repeated: comma-separated name=, listen=host:port, user=, "+
		"password= or password-file=, datacenter= (DC1), folder=a+b (EAF), templates=a+b+c, "+
		"host-folder= (the cluster stands in it), pod= (a datastore cluster of that name)", func(text string) error {
		v, err := parseVCenter(text)
		o.vcenters = append(o.vcenters, v)
		return err
	})
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if o.state == "" || o.certs == "" || len(o.vcenters) == 0 {
		return o, fmt.Errorf("--state, --cert-dir and at least one --vcenter are required")
	}
	return o, nil
}

func parseVCenter(text string) (vcenterOptions, error) {
	v := vcenterOptions{
		datacenter: "DC1",
		folders:    []string{"EAF"},
		templates:  []string{"debian-12", "rhel-9", "windows-server-2022"},
	}
	for _, part := range strings.Split(text, ",") {
		key, value, found := strings.Cut(part, "=")
		if !found {
			return v, fmt.Errorf("%q is not key=value", key)
		}
		switch key {
		case "name":
			v.name = value
		case "listen":
			v.listen = value
		case "user":
			v.user = value
		case "password":
			v.password = value
		case "password-file":
			content, err := os.ReadFile(value)
			if err != nil {
				return v, err
			}
			v.password = strings.TrimSpace(string(content))
		case "datacenter":
			v.datacenter = value
		case "folder":
			v.folders = strings.Split(value, "+")
		case "host-folder":
			v.hostFolder = value
		case "pod":
			v.pod = value
		case "templates":
			v.templates = strings.Split(value, "+")
		default:
			return v, fmt.Errorf("unknown key %q", key)
		}
	}
	if v.name == "" || v.listen == "" || v.user == "" || v.password == "" {
		return v, fmt.Errorf("name, listen, user and a password are required")
	}
	return v, nil
}

// run serves until the context ends. It writes to out the address of the control interface, if
// there is one, and then one line per vCenter with the address at which it is ready.
func run(ctx context.Context, o options, out io.Writer) error {
	remove, err := scratch(o.state)
	if err != nil {
		return err
	}
	defer remove()
	certificate, err := certificates(o.certs, time.Now())
	if err != nil {
		return fmt.Errorf("certificates: %w", err)
	}
	var running []*vcenter
	defer func() {
		for _, v := range running {
			v.close()
		}
	}()
	for _, options := range o.vcenters {
		v, err := startVCenter(ctx, o, options)
		if err != nil {
			return fmt.Errorf("%s: %w", options.name, err)
		}
		running = append(running, v)
	}
	if o.control != "" {
		url, closeControl, err := serveControl(o.control, running)
		if err != nil {
			return err
		}
		defer closeControl()
		fmt.Fprintf(out, "control %s\n", url)
	}
	// Delays hold for the whole process, so they begin after every inventory has been built. Without
	// the hand-off of the lock a template stays readable while it is cloned.
	simulator.TaskDelay.MethodDelay = map[string]int{
		"CloneVm":     int(o.clone.Milliseconds()),
		"LockHandoff": 0,
	}
	for _, v := range running {
		url, err := v.listen(certificate)
		if err != nil {
			return fmt.Errorf("%s: %w", v.options.name, err)
		}
		fmt.Fprintf(out, "ready %s %s\n", v.options.name, url)
	}
	<-ctx.Done()
	return nil
}

// scratch makes the temporary directory for the library's datastore files and returns the function
// that removes it. Files of a killed process are not needed.
func scratch(state string) (func(), error) {
	state, err := filepath.Abs(state)
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(state, "scratch")
	if err := os.RemoveAll(dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return func() { _ = os.RemoveAll(dir) }, os.Setenv("TMPDIR", dir)
}
