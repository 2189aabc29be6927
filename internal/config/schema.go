package config

import (
	"encoding/json"
	"net/netip"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Schema returns the JSON Schema (draft 2020-12) of config.yaml, made from
// the types of this package. Editors complete and check with it.
func Schema() []byte {
	s := schemaOf(reflect.TypeFor[Config](), reflect.ValueOf(Default()), "")
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = "Newswire: config.yaml"
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		panic(err) // maps, slices, strings and numbers always have a JSON form
	}
	return append(data, '\n')
}

// An object is a JSON object. Its members are written in alphabetical order.
type object = map[string]any

// schemaOf describes a type. Defaults is a value of it with the defaults in
// place, or the zero Value where there are none.
func schemaOf(t reflect.Type, defaults reflect.Value, tag reflect.StructTag) object {
	s := object{}
	if doc := tag.Get("doc"); doc != "" {
		s["description"] = doc
	}
	switch t {
	case reflect.TypeFor[Secret](), reflect.TypeFor[netip.Prefix]():
		s["type"] = "string"
		return s
	case reflect.TypeFor[time.Duration]():
		s["type"] = "string"
		s["pattern"] = `^([0-9.]+(d|h|m|s|ms))+$|^0$`
		if defaults.IsValid() {
			s["default"] = shortDuration(time.Duration(defaults.Int()))
		}
		return s
	}
	switch t.Kind() {
	case reflect.Pointer:
		s = schemaOf(t.Elem(), reflect.ValueOf(defaultNewsletter()), tag)
	case reflect.Struct:
		structSchema(s, t, defaults)
	case reflect.Slice:
		s["type"] = "array"
		s["items"] = schemaOf(t.Elem(), elementDefaults(t.Elem()), "")
	case reflect.Map:
		s["type"] = "object"
		s["additionalProperties"] = object{"type": "string"}
	default:
		scalarSchema(s, t.Kind(), defaults, tag)
	}
	return s
}

func structSchema(s object, t reflect.Type, defaults reflect.Value) {
	properties, required := object{}, []string{}
	for f := range t.Fields() {
		key := f.Tag.Get("yaml")
		if key == "" || key == "-" {
			continue
		}
		var value reflect.Value
		if defaults.IsValid() {
			value = defaults.FieldByIndex(f.Index)
		}
		property := schemaOf(f.Type, value, f.Tag)
		if f.Tag.Get("required") != "" {
			required = append(required, key)
			delete(property, "default")
		}
		properties[key] = property
	}
	s["type"], s["properties"], s["additionalProperties"] = "object", properties, false
	if len(required) > 0 {
		s["required"] = required
	}
}

func scalarSchema(s object, kind reflect.Kind, defaults reflect.Value, tag reflect.StructTag) {
	s["type"] = map[reflect.Kind]string{
		reflect.String: "string", reflect.Bool: "boolean", reflect.Int: "integer", reflect.Float64: "number",
	}[kind]
	for _, limit := range [][2]string{{"min", "minimum"}, {"max", "maximum"}} {
		if n, err := strconv.ParseFloat(tag.Get(limit[0]), 64); err == nil {
			s[limit[1]] = n
		}
	}
	if enum := tag.Get("enum"); enum != "" {
		s["enum"] = strings.Split(enum, ",")
	}
	if defaults.IsValid() && tag.Get("doc") != "" {
		s["default"] = defaults.Interface()
	}
}

func elementDefaults(t reflect.Type) reflect.Value {
	switch t {
	case reflect.TypeFor[Source]():
		return reflect.ValueOf(defaultSource())
	case reflect.TypeFor[Channel]():
		return reflect.ValueOf(defaultChannel(""))
	}
	return reflect.Value{}
}

// shortDuration writes 15m0s as 15m.
func shortDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
