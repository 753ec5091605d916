package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// state is the part of an inventory that is saved. Templates, hosts and datastores are not saved:
// they are built at every start.
type state struct {
	// Starts counts the starts of this simulator.
	Starts   int        `json:"starts"`
	Folders  [][]string `json:"folders"`
	Machines []machine  `json:"machines"`
}

type machine struct {
	Folder       []string          `json:"folder"`
	Name         string            `json:"name"`
	UUID         string            `json:"uuid"`
	InstanceUUID string            `json:"instance_uuid"`
	GuestID      string            `json:"guest_id"`
	CPUs         int32             `json:"cpus"`
	MemoryMB     int64             `json:"memory_mb"`
	ExtraConfig  map[string]string `json:"extra_config"`
	Power        string            `json:"power"` // on, off, suspended
	PoweredOn    bool              `json:"powered_on"`
	Template     bool              `json:"template"`
	Disks        []string          `json:"disks"` // for tests; after a start a machine has one disk of its own
	Address      string            `json:"address,omitempty"`

	CoresPerSocket int32 `json:"cores_per_socket"`
	CPUHotAdd      bool  `json:"cpu_hot_add"`
	MemoryHotAdd   bool  `json:"memory_hot_add"`
}

// saver serialises writers, so that an older state never replaces a newer one.
type saver struct {
	sync.Mutex
	starts int
}

func readState(path string) (state, error) {
	var s state
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(content, &s); err != nil {
		return s, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// writeAtomically replaces a file, so that a killed process leaves the old or the new content. The
// content is not flushed to the disk: it need not survive the machine, and a flush takes seconds
// while another process writes much.
func writeAtomically(path string, content []byte) error {
	temporary, err := os.CreateTemp(filepath.Dir(path), ".writing-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name())
	_, err = temporary.Write(content)
	if err = errors.Join(err, temporary.Close()); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), path)
}

// save writes the inventory if something changed since the last time.
func (v *vcenter) save() error {
	v.saver.Lock()
	defer v.saver.Unlock()
	if !v.dirty.Swap(false) {
		return nil
	}
	content, err := json.MarshalIndent(v.snapshot(), "", " ")
	if err == nil {
		err = writeAtomically(v.stateFile, content)
	}
	if err != nil {
		v.dirty.Store(true)
	}
	return err
}

// saveRegularly saves changes that no client requested.
func (v *vcenter) saveRegularly(ctx context.Context) {
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := v.save(); err != nil {
				fmt.Fprintln(os.Stderr, "vcsim: state not saved:", err)
			}
		}
	}
}

// saveBeforeAnswer holds each answer back until the state is on disk, so that every answered change
// survives a kill.
func (v *vcenter) saveBeforeAnswer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := &bufferedAnswer{header: w.Header(), status: http.StatusOK}
		next.ServeHTTP(answer, r)
		if err := v.save(); err != nil {
			http.Error(w, "state not saved: "+err.Error(), http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(answer.status)
		_, _ = w.Write(answer.body.Bytes())
	})
}

type bufferedAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *bufferedAnswer) Header() http.Header         { return a.header }
func (a *bufferedAnswer) WriteHeader(status int)      { a.status = status }
func (a *bufferedAnswer) Write(b []byte) (int, error) { return a.body.Write(b) }

func (v *vcenter) snapshot() state {
	s := state{Starts: v.saver.starts, Folders: [][]string{}, Machines: []machine{}}
	registry := v.model.Map()
	ctx := &simulator.Context{Context: context.Background(), Map: registry}
	for _, entity := range registry.All("Folder") {
		if path, ok := v.path(entity.Reference()); ok && len(path) > 0 {
			s.Folders = append(s.Folders, path)
		}
	}
	for _, entity := range registry.All("VirtualMachine") {
		vm, ok := entity.(*simulator.VirtualMachine)
		if !ok {
			continue
		}
		ctx.WithLock(vm, func() {
			if vm.Config == nil || vm.Parent == nil || v.templates[vm.Self] {
				return
			}
			folder, ok := v.path(*vm.Parent)
			if !ok {
				return
			}
			s.Machines = append(s.Machines, machineOf(vm, folder))
		})
	}
	slices.SortFunc(s.Folders, slices.Compare)
	slices.SortFunc(s.Machines, func(a, b machine) int {
		return slices.Compare(append(a.Folder, a.Name), append(b.Folder, b.Name))
	})
	return s
}

func machineOf(vm *simulator.VirtualMachine, folder []string) machine {
	m := machine{
		Folder:       folder,
		Name:         vm.Name,
		UUID:         vm.Config.Uuid,
		InstanceUUID: vm.Config.InstanceUuid,
		GuestID:      vm.Config.GuestId,
		CPUs:         vm.Config.Hardware.NumCPU,
		MemoryMB:     int64(vm.Config.Hardware.MemoryMB),
		ExtraConfig:  map[string]string{},
		Power:        "off",
		PoweredOn:    isOn(vm),
		Template:     vm.Config.Template,
		Disks:        disksOf(vm),
		CPUHotAdd:    isTrue(vm.Config.CpuHotAddEnabled),
		MemoryHotAdd: isTrue(vm.Config.MemoryHotAddEnabled),
	}
	switch vm.Runtime.PowerState {
	case types.VirtualMachinePowerStatePoweredOn:
		m.Power = "on"
	case types.VirtualMachinePowerStateSuspended:
		m.Power = "suspended"
	}
	if cores := vm.Config.Hardware.NumCoresPerSocket; cores != nil {
		m.CoresPerSocket = *cores
	}
	if vm.Guest != nil {
		m.Address = vm.Guest.IpAddress
	}
	for _, option := range vm.Config.ExtraConfig {
		if value, ok := option.GetOptionValue().Value.(string); ok {
			m.ExtraConfig[option.GetOptionValue().Key] = value
		}
	}
	return m
}

// disksOf lists the files of the machine's disks.
func disksOf(vm *simulator.VirtualMachine) []string {
	files := []string{}
	for _, device := range vm.Config.Hardware.Device {
		disk, ok := device.(*types.VirtualDisk)
		if !ok {
			continue
		}
		if backing, ok := disk.Backing.(types.BaseVirtualDeviceFileBackingInfo); ok {
			files = append(files, backing.GetVirtualDeviceFileBackingInfo().FileName)
		}
	}
	return files
}

// path names the folders from the datacenter's VM folder down to ref; not ok if ref is not below
// it.
func (v *vcenter) path(ref types.ManagedObjectReference) ([]string, bool) {
	path := []string{}
	for ref != v.folders.VmFolder.Reference() {
		folder, ok := v.model.Map().Get(ref).(*simulator.Folder)
		if !ok || folder.Parent == nil {
			return nil, false
		}
		path = append([]string{folder.Name}, path...)
		ref = *folder.Parent
	}
	return path, true
}

// restore creates the folders and machines of the saved state.
func (v *vcenter) restore(ctx context.Context, s state) error {
	for _, path := range s.Folders {
		if _, err := v.folder(ctx, path); err != nil {
			return fmt.Errorf("folder %s: %w", strings.Join(path, "/"), err)
		}
	}
	for _, m := range s.Machines {
		if err := v.restoreMachine(ctx, m); err != nil {
			return fmt.Errorf("machine %s: %w", m.Name, err)
		}
	}
	return nil
}

func (v *vcenter) restoreMachine(ctx context.Context, m machine) error {
	folder, err := v.folder(ctx, m.Folder)
	if err != nil {
		return err
	}
	spec := types.VirtualMachineConfigSpec{
		Name:                plainName(m.Name),
		Uuid:                m.UUID,
		InstanceUuid:        m.InstanceUUID,
		GuestId:             m.GuestID,
		NumCPUs:             m.CPUs,
		NumCoresPerSocket:   types.NewInt32(max(m.CoresPerSocket, 1)),
		MemoryMB:            m.MemoryMB,
		CpuHotAddEnabled:    &m.CPUHotAdd,
		MemoryHotAddEnabled: &m.MemoryHotAdd,
	}
	for key, value := range m.ExtraConfig {
		spec.ExtraConfig = append(spec.ExtraConfig, &types.OptionValue{Key: key, Value: value})
	}
	vm, err := v.create(ctx, folder, spec)
	if err != nil {
		return err
	}
	made, ok := v.model.Map().Get(vm.Reference()).(*simulator.VirtualMachine)
	if !ok {
		return fmt.Errorf("the machine is gone")
	}
	inventory := &simulator.Context{Context: ctx, Map: v.model.Map()}
	inventory.WithLock(made, func() { rename(inventory, made, m.Name) })
	if m.Template {
		if err := vm.MarkAsTemplate(ctx); err != nil {
			return err
		}
	}
	if err := v.restorePower(ctx, vm, m); err != nil {
		return err
	}
	inventory.WithLock(made, func() { v.restoreGuest(inventory, made, m) })
	return nil
}

func (v *vcenter) restorePower(ctx context.Context, vm *object.VirtualMachine, m machine) error {
	if !m.PoweredOn && m.Power != "suspended" {
		return nil
	}
	task, err := vm.PowerOn(ctx)
	if err != nil {
		return err
	}
	if err := task.Wait(ctx); err != nil || m.PoweredOn {
		return err
	}
	if task, err = vm.Suspend(ctx); err != nil {
		return err
	}
	return task.Wait(ctx)
}

// restoreGuest lets a guest report the saved address at once, or, without a saved address, after
// some time.
func (v *vcenter) restoreGuest(ctx *simulator.Context, vm *simulator.VirtualMachine, m machine) {
	if m.Address != "" {
		setAddress(ctx, vm, m.Address)
		setTools(ctx, vm, m.PoweredOn)
	} else if m.PoweredOn {
		go v.observer.powerChanged(vm.Self)
	}
}
