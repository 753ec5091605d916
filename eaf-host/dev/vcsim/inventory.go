package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator/esx"
	"github.com/vmware/govmomi/vim25/types"
)

// inventory: one cluster of two hosts, its datastores, templates, and the connections' folders.

func (v *vcenter) build(ctx context.Context) error {
	root := object.NewRootFolder(v.client)
	dc, err := root.CreateDatacenter(ctx, v.options.datacenter)
	if err != nil {
		return err
	}
	if v.folders, err = dc.Folders(ctx); err != nil {
		return err
	}
	hosts := v.folders.HostFolder
	if v.options.hostFolder != "" {
		if hosts, err = hosts.CreateFolder(ctx, v.options.hostFolder); err != nil {
			return err
		}
	}
	if err := v.cluster(ctx, hosts); err != nil {
		return err
	}
	templates, err := v.folders.VmFolder.CreateFolder(ctx, "Templates")
	if err != nil {
		return err
	}
	for _, name := range v.options.templates {
		if err := v.template(ctx, templates, name); err != nil {
			return fmt.Errorf("template %s: %w", name, err)
		}
	}
	for _, path := range v.options.folders {
		if _, err := v.folder(ctx, strings.Split(path, "/")); err != nil {
			return err
		}
	}
	return nil
}

// cluster makes Cluster1 with its hosts, and the datastores that both see.
func (v *vcenter) cluster(ctx context.Context, in *object.Folder) error {
	cluster, err := in.CreateCluster(ctx, "Cluster1", types.ClusterConfigSpecEx{})
	if err != nil {
		return err
	}
	datastores := []string{"datastore1"}
	if v.options.pod != "" {
		datastores = append(datastores, v.options.pod+"-a", v.options.pod+"-b")
	}
	for _, name := range []string{"esx-01.example.internal", "esx-02.example.internal"} {
		if err := v.host(ctx, cluster, name, datastores); err != nil {
			return fmt.Errorf("host %s: %w", name, err)
		}
	}
	if v.options.pod != "" {
		if err := v.storagePod(ctx, v.options.pod, datastores[1:]); err != nil {
			return fmt.Errorf("datastore cluster %s: %w", v.options.pod, err)
		}
	}
	v.pool, err = cluster.ResourcePool(ctx)
	return err
}

func (v *vcenter) host(
	ctx context.Context, cluster *object.ClusterComputeResource, name string, datastores []string,
) error {
	task, err := cluster.AddHost(ctx, types.HostConnectSpec{HostName: name}, true, nil, nil)
	if err != nil {
		return err
	}
	info, err := task.WaitForResult(ctx, nil)
	if err != nil {
		return err
	}
	ref, ok := info.Result.(types.ManagedObjectReference)
	if !ok {
		return fmt.Errorf("the task has no result")
	}
	system, err := object.NewHostSystem(v.client, ref).ConfigManager().DatastoreSystem(ctx)
	if err != nil {
		return err
	}
	for _, datastore := range datastores {
		storage := filepath.Join(os.TempDir(), v.options.name, datastore)
		if err := os.MkdirAll(storage, 0o700); err != nil {
			return err
		}
		if _, err := system.CreateLocalDatastore(ctx, datastore, storage); err != nil {
			return err
		}
	}
	return nil
}

// storagePod moves datastores into a cluster of datastores.
func (v *vcenter) storagePod(ctx context.Context, name string, datastores []string) error {
	pod, err := v.folders.DatastoreFolder.CreateStoragePod(ctx, name)
	if err != nil {
		return err
	}
	index := object.NewSearchIndex(v.client)
	var members []types.ManagedObjectReference
	for _, datastore := range datastores {
		found, err := index.FindChild(ctx, v.folders.DatastoreFolder, datastore)
		if err != nil {
			return err
		}
		if found != nil {
			members = append(members, found.Reference())
		}
	}
	task, err := pod.MoveInto(ctx, members)
	if err != nil {
		return err
	}
	return task.Wait(ctx)
}

func (v *vcenter) template(ctx context.Context, folder *object.Folder, name string) error {
	vm, err := v.create(ctx, folder, types.VirtualMachineConfigSpec{
		Name:         name,
		GuestId:      guestID(name),
		InstanceUuid: uuid.NewSHA1(uuid.NameSpaceURL, []byte("vcsim/"+v.options.name+"/template/"+name)).String(),
		NumCPUs:      2,
		MemoryMB:     4096,
	})
	if err != nil {
		return err
	}
	v.templates[vm.Reference()] = true
	return vm.MarkAsTemplate(ctx)
}

func guestID(name string) string {
	switch {
	case strings.HasPrefix(name, "debian"):
		return string(types.VirtualMachineGuestOsIdentifierDebian11_64Guest)
	case strings.HasPrefix(name, "rhel"):
		return string(types.VirtualMachineGuestOsIdentifierRhel9_64Guest)
	case strings.HasPrefix(name, "windows"):
		return string(types.VirtualMachineGuestOsIdentifierWindows2019srvNext_64Guest)
	default:
		return string(types.VirtualMachineGuestOsIdentifierOtherLinux64Guest)
	}
}

// create makes a machine with a disk and a network card.
func (v *vcenter) create(
	ctx context.Context, folder *object.Folder, spec types.VirtualMachineConfigSpec,
) (*object.VirtualMachine, error) {
	spec.Files = &types.VirtualMachineFileInfo{VmPathName: "[datastore1]"}
	var devices object.VirtualDeviceList
	scsi, err := devices.CreateSCSIController("pvscsi")
	if err != nil {
		return nil, err
	}
	disk := devices.CreateDisk(scsi.(types.BaseVirtualController), types.ManagedObjectReference{}, "")
	disk.CapacityInKB = 20 * 1024 * 1024
	card := esx.EthernetCard
	devices = append(devices, scsi, disk, &card)
	if spec.DeviceChange, err = devices.ConfigSpec(types.VirtualDeviceConfigSpecOperationAdd); err != nil {
		return nil, err
	}
	task, err := folder.CreateVM(ctx, spec, v.pool, nil)
	if err != nil {
		return nil, err
	}
	info, err := task.WaitForResult(ctx, nil)
	if err != nil {
		return nil, err
	}
	return object.NewVirtualMachine(v.client, info.Result.(types.ManagedObjectReference)), nil
}

// folder finds or makes the folder with this path below the datacenter's VM folder.
func (v *vcenter) folder(ctx context.Context, names []string) (*object.Folder, error) {
	at := v.folders.VmFolder
	index := object.NewSearchIndex(v.client)
	for _, name := range names {
		if name == "" {
			continue
		}
		child, err := index.FindChild(ctx, at, name)
		if err != nil {
			return nil, err
		}
		if child != nil {
			at = object.NewFolder(v.client, child.Reference())
			continue
		}
		// The library escapes names when it makes folders; ours come from its inventory and are
		// escaped already.
		if at, err = at.CreateFolder(ctx, unescaped(name)); err != nil {
			return nil, err
		}
	}
	return at, nil
}
