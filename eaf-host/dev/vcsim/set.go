package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// startSet sets properties of a machine once; they stay when the behaviour is removed.
func (v *vcenter) startSet(a *active) error {
	values := map[string]any{}
	for path, text := range a.Values {
		value, err := v.readValue(a.machine, path, text)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		values[path] = value
	}
	a.hits = 1
	return v.change(a, values)
}

// change sets properties of the behaviour's machine, and their copies in the summary, and stores
// the former values.
func (v *vcenter) change(a *active, values map[string]any) error {
	vm, ok := v.model.Map().Get(a.machine).(*simulator.VirtualMachine)
	if !ok {
		return fmt.Errorf("there is no machine %q in this vCenter", a.VM)
	}
	a.before = map[string]any{}
	ctx := v.observer.context()
	var err error
	ctx.WithLock(vm, func() {
		var changes []types.PropertyChange
		for path, value := range values {
			for _, path := range withSummary(path) {
				var field reflect.Value
				if field, err = fieldAt(&vm.VirtualMachine, path); err != nil {
					return
				}
				a.before[path] = plain(field)
				changes = append(changes, types.PropertyChange{Name: path, Val: value})
			}
		}
		ctx.Update(vm, changes)
	})
	return err
}

// putBack restores the values from before change.
func (v *vcenter) putBack(a *active) {
	vm, ok := v.model.Map().Get(a.machine).(*simulator.VirtualMachine)
	if !ok {
		return // destroyed meanwhile
	}
	var changes []types.PropertyChange
	for path, value := range a.before {
		changes = append(changes, types.PropertyChange{Name: path, Val: value})
	}
	ctx := v.observer.context()
	ctx.WithLock(vm, func() { ctx.Update(vm, changes) })
}

// withSummary adds the path of a property's copy in the summary, if there is one.
func withSummary(path string) []string {
	if strings.HasPrefix(path, "runtime.") || strings.HasPrefix(path, "guest.") {
		if _, err := fieldAt(new(mo.VirtualMachine), "summary."+path); err == nil {
			return []string{path, "summary." + path}
		}
	}
	return []string{path}
}

// plain returns the value of a field without its pointer, the form that the library uses.
func plain(field reflect.Value) any {
	if field.Kind() == reflect.Pointer || field.Kind() == reflect.Interface {
		if field.IsNil() {
			return nil
		}
		if field.Kind() == reflect.Pointer {
			field = field.Elem()
		}
	}
	return field.Interface()
}

// fieldAt returns the field with this path, such as guest.ipAddress, and creates missing parents.
func fieldAt(vm *mo.VirtualMachine, path string) (reflect.Value, error) {
	at := reflect.ValueOf(vm).Elem()
	for _, name := range strings.Split(path, ".") {
		if at.Kind() == reflect.Pointer {
			if at.IsNil() {
				at.Set(reflect.New(at.Type().Elem()))
			}
			at = at.Elem()
		}
		if at.Kind() != reflect.Struct || name == "" {
			return reflect.Value{}, fmt.Errorf("there is no property %s of a machine", path)
		}
		at = at.FieldByName(strings.ToUpper(name[:1]) + name[1:])
		if !at.IsValid() {
			return reflect.Value{}, fmt.Errorf("there is no property %s of a machine", path)
		}
	}
	return at, nil
}

// card is the JSON form of a network card in guest.net.
type card struct {
	Network   string   `json:"network"`
	MAC       string   `json:"mac"`
	Addresses []string `json:"addresses"`
}

// readValue reads the JSON of one property: as the API's types are written in JSON, but cards with
// their addresses in guest.net, and an object of keys and values, which are merged, in
// config.extraConfig.
func (v *vcenter) readValue(machine types.ManagedObjectReference, path string, text []byte) (any, error) {
	if string(text) == "null" {
		return nil, nil
	}
	switch path {
	case "guest.net":
		var cards []card
		if err := strictly(text, &cards); err != nil {
			return nil, err
		}
		return nics(cards), nil
	case "config.extraConfig":
		var options map[string]*string
		if err := strictly(text, &options); err != nil {
			return nil, err
		}
		return v.mergedOptions(machine, options), nil
	}
	field, err := fieldAt(new(mo.VirtualMachine), path)
	if err != nil {
		return nil, err
	}
	value := reflect.New(field.Type())
	decoder := types.NewJSONDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(value.Interface()); err != nil {
		return nil, err
	}
	return plain(value.Elem()), nil
}

func strictly(text []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}

// nics returns the cards in the form in which VMware Tools report them.
func nics(cards []card) []types.GuestNicInfo {
	infos := []types.GuestNicInfo{}
	for i, c := range cards {
		info := types.GuestNicInfo{
			Network:        c.Network,
			MacAddress:     c.MAC,
			IpAddress:      c.Addresses,
			Connected:      true,
			DeviceConfigId: int32(4000 + i),
			IpConfig:       &types.NetIpConfigInfo{},
		}
		for _, address := range c.Addresses {
			prefix := int32(24)
			if strings.Contains(address, ":") {
				prefix = 64
			}
			info.IpConfig.IpAddress = append(info.IpConfig.IpAddress, types.NetIpConfigInfoIpAddress{
				IpAddress: address, PrefixLength: prefix, State: string(types.NetIpConfigInfoIpAddressStatusPreferred),
			})
		}
		infos = append(infos, info)
	}
	return infos
}

// mergedOptions are the machine's extraConfig with these keys set, or without them where the value
// is null.
func (v *vcenter) mergedOptions(
	machine types.ManagedObjectReference, options map[string]*string,
) []types.BaseOptionValue {
	merged := []types.BaseOptionValue{}
	vm, ok := v.model.Map().Get(machine).(*simulator.VirtualMachine)
	if !ok {
		return merged
	}
	v.observer.context().WithLock(vm, func() {
		for _, option := range vm.Config.ExtraConfig {
			if _, replaced := options[option.GetOptionValue().Key]; !replaced {
				merged = append(merged, option)
			}
		}
	})
	for key, value := range options {
		if value != nil {
			merged = append(merged, &types.OptionValue{Key: key, Value: *value})
		}
	}
	return merged
}
