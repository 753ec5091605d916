package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/types"
	"github.com/vmware/govmomi/vim25/xml"
)

// fault is a fault of the vSphere API with its message for people.
type fault struct {
	types.BaseMethodFault
	message string
}

// UnmarshalJSON reads {"type": "FileLocked", "message": "…", …fields of the type}.
func (f *fault) UnmarshalJSON(text []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return fmt.Errorf("a fault is a JSON object: %w", err)
	}
	var name string
	if err := json.Unmarshal(members["type"], &name); err != nil {
		return fmt.Errorf("a fault needs a type, such as \"FileLocked\"")
	}
	if given, ok := members["message"]; ok {
		if err := json.Unmarshal(given, &f.message); err != nil {
			return fmt.Errorf("the message of a fault is a string: %w", err)
		}
	}
	kind, known := types.TypeFunc()(name)
	if !known {
		return fmt.Errorf("the vSphere API has no fault %q", name)
	}
	made, ok := reflect.New(kind).Interface().(types.BaseMethodFault)
	if !ok {
		return fmt.Errorf("%q is no fault of the vSphere API", name)
	}
	delete(members, "type")
	delete(members, "message")
	fields, err := json.Marshal(members)
	if err != nil {
		return err
	}
	decoder := types.NewJSONDecoder(bytes.NewReader(fields))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(made); err != nil {
		return fmt.Errorf("fault %s: %w", name, err)
	}
	f.BaseMethodFault = made
	return nil
}

// faultOf is a fault of the simulator's own.
func faultOf(made types.BaseMethodFault, message string) *fault {
	return &fault{BaseMethodFault: made, message: message}
}

func (f *fault) name() string { return reflect.TypeOf(f.BaseMethodFault).Elem().Name() }

// sentence returns the message, or the one of a vCenter without a translation.
func (f *fault) sentence() string {
	if f.message != "" {
		return f.message
	}
	return "Fault cause: vim.fault." + strings.TrimSuffix(f.name(), "Fault")
}

// localized returns the form of the fault in a task or in a missingSet.
func (f *fault) localized() types.LocalizedMethodFault {
	return types.LocalizedMethodFault{Fault: f.BaseMethodFault, LocalizedMessage: f.sentence()}
}

// MarshalXML writes the detail of a SOAP fault, such as <FileLockedFault xsi:type="FileLocked">.
func (f *fault) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	start.Name.Local = f.name() + "Fault"
	start.Attr = append(start.Attr,
		xml.Attr{Name: xml.Name{Local: "xmlns"}, Value: "urn:" + vim25.Namespace},
		xml.Attr{Name: xml.Name{Local: "xsi:type"}, Value: f.name()})
	return e.EncodeElement(f.BaseMethodFault, start)
}

// envelope is the SOAP answer that holds the fault of a call.
func (f *fault) envelope() ([]byte, error) {
	type soapFault struct {
		Code   string                 `xml:"faultcode"`
		Text   string                 `xml:"faultstring"`
		Detail struct{ Fault *fault } `xml:"detail"`
	}
	answer := struct {
		XMLName xml.Name  `xml:"soapenv:Envelope"`
		Env     string    `xml:"xmlns:soapenv,attr"`
		XSD     string    `xml:"xmlns:xsd,attr"`
		XSI     string    `xml:"xmlns:xsi,attr"`
		Fault   soapFault `xml:"soapenv:Body>soapenv:Fault"`
	}{
		Env:   "http://schemas.xmlsoap.org/soap/envelope/",
		XSD:   "http://www.w3.org/2001/XMLSchema",
		XSI:   "http://www.w3.org/2001/XMLSchema-instance",
		Fault: soapFault{Code: "ServerFaultCode", Text: f.sentence()},
	}
	answer.Fault.Detail.Fault = f
	content, err := xml.Marshal(answer)
	return append([]byte(xml.Header), content...), err
}
