package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/types"
)

type vcenterOptions struct {
	name, listen   string
	user, password string
	datacenter     string
	folders        []string
	templates      []string
	hostFolder     string // the folder that holds the cluster, if not the host folder itself
	pod            string // a datastore cluster beside the datastore
}

// vcenter is one simulated vCenter: its inventory, its address and its saved state.
type vcenter struct {
	options vcenterOptions
	model   *simulator.Model
	client  *vim25.Client
	folders *object.DatacenterFolders
	pool    *object.ResourcePool
	// templates are made at every start, so they are not saved.
	templates map[types.ManagedObjectReference]bool

	clone, address time.Duration
	stateFile      string
	saver          saver
	observer       *observer
	dirty          atomic.Bool
	behaviours     *behaviours
	calls          calls
	half           sync.Map // names of machines that are listed while their clone runs
	waiting        sync.Map // of tasks that are held up, to a channel that is closed when one is cancelled
	http           *http.Server
	plain          bool
	stop           context.CancelFunc
}

func startVCenter(ctx context.Context, o options, vo vcenterOptions) (*vcenter, error) {
	model := simulator.VPX()
	model.Datacenter = 0 // ours is built below, with names that a person would choose
	model.ServiceContent.About = about(vo.name)
	if err := model.Create(); err != nil {
		return nil, err
	}
	client, err := vim25.NewClient(ctx, model.Service)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	v := &vcenter{
		options:    vo,
		model:      model,
		client:     client,
		clone:      o.clone,
		address:    o.address,
		plain:      o.plain,
		stop:       stop,
		stateFile:  filepath.Join(o.state, vo.name+".json"),
		templates:  map[types.ManagedObjectReference]bool{},
		behaviours: newBehaviours(o.seed),
	}
	kept, err := readState(v.stateFile)
	if err != nil {
		return nil, err
	}
	v.observer = &observer{vcenter: v, ctx: ctx}
	v.setIDs(kept.Starts)
	if err := v.build(ctx); err != nil {
		return nil, fmt.Errorf("inventory: %w", err)
	}
	if err := v.restore(ctx, kept); err != nil {
		return nil, fmt.Errorf("%s: %w", v.stateFile, err)
	}
	option := &types.OptionValue{Key: "config.vmacore.soap.sessionTimeout", Value: o.session.String()}
	manager := model.Map().OptionManager()
	manager.Setting = append(manager.Setting, option)
	model.Map().AddHandler(v.observer)
	v.saver.starts = kept.Starts + 1
	v.dirty.Store(true)
	if err := v.save(); err != nil {
		return nil, err
	}
	go v.saveRegularly(ctx)
	v.interpose()
	return v, nil
}

// interpose registers the simulator's own objects in place of the library's.
func (v *vcenter) interpose() {
	registry := v.model.Map()
	collector := &propertyCollector{}
	collector.Self = v.client.ServiceContent.PropertyCollector
	collectors.Store(registry, v)
	registry.Put(collector)
	registry.Handler = v.handle
	v.setDRS(true)
}

func about(name string) types.AboutInfo {
	a := simulator.VPX().ServiceContent.About
	a.Name = "VMware vCenter Server"
	a.FullName = "VMware vCenter Server 8.0.3 build-24322831"
	a.Version = "8.0.3"
	a.Build = "24322831"
	a.ApiVersion = "8.0.3.0"
	a.LicenseProductVersion = "8.0"
	a.InstanceUuid = uuid.NewSHA1(uuid.NameSpaceURL, []byte("vcsim/"+name)).String()
	return a
}

// setIDs lets object ids start beyond those of earlier starts: a real vCenter does not give an id
// twice, and a client with the id of an old task must not find another task under it.
func (v *vcenter) setIDs(starts int) {
	registry := v.model.Map()
	ref := types.ManagedObjectReference{Type: "Task", Value: fmt.Sprintf("task-%d", 1000+starts*100_000)}
	mark := &simulator.Task{}
	mark.Self = ref
	mark.Info.Entity = &v.client.ServiceContent.RootFolder
	registry.Put(mark)
	_ = registry.AlignCounter()
	registry.Remove(v.model.Service.Context, ref)
}

// listen serves the SOAP endpoint and returns its address.
func (v *vcenter) listen(certificate tls.Certificate) (string, error) {
	service := v.model.Service
	service.RegisterSDK(v.model.Map(), vim25.Path+"/vimService")
	service.ServeMux.HandleFunc(vim25.Path+"/vimServiceVersions.xml", service.ServiceVersions)
	service.ServeMux.HandleFunc("/about", service.About)

	listener, err := net.Listen("tcp", v.options.listen)
	if err != nil {
		return "", err
	}
	at := &url.URL{Scheme: "https", Host: listener.Addr().String(), Path: vim25.Path}
	if v.plain {
		at.Scheme = "http"
	} else {
		listener = tls.NewListener(listener, &tls.Config{
			Certificates: []tls.Certificate{certificate},
			MinVersion:   tls.VersionTLS12,
		})
	}
	service.Listen = &url.URL{Host: at.Host, User: url.UserPassword(v.options.user, v.options.password)}
	v.http = &http.Server{Handler: v.endpoint(v.saveBeforeAnswer(service.ServeMux)), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = v.http.Serve(listener) }()
	return at.String(), nil
}

func (v *vcenter) close() {
	v.stop()
	if v.http != nil {
		grace, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		_ = v.http.Shutdown(grace)
	}
	_ = v.save()
	collectors.Delete(v.model.Map())
	v.model.Remove()
}
