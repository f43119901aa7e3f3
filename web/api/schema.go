package api

import (
	"path"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// schemas are the types of the answers. A type of another package is named with it, so that no two have one name.
func schemas() huma.Registry {
	r := huma.NewMapRegistry("#/components/schemas/", func(t reflect.Type, hint string) string {
		name := huma.DefaultSchemaNamer(t, hint)
		for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		if pkg := path.Base(t.PkgPath()); pkg != "." && pkg != "api" && pkg != "huma" {
			name = strings.ToUpper(pkg[:1]) + pkg[1:] + name
		}
		return name
	})
	r.RegisterTypeAlias(reflect.TypeFor[task.Value](), reflect.TypeFor[valueSchema]())
	r.RegisterTypeAlias(reflect.TypeFor[scorecard.Reason](), reflect.TypeFor[reasonSchema]())
	return r
}

// valueSchema is how a task.Value is written.
type valueSchema struct{}

// Schema implements huma.SchemaProvider.
func (valueSchema) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Description: "A value with its kind, in canonical text (dates as 2026-10-01); null where there is none.",
		OneOf: []*huma.Schema{
			{Type: "null"},
			{
				Type: huma.TypeObject, Required: []string{"kind", "value"}, AdditionalProperties: false,
				Properties: map[string]*huma.Schema{"kind": {Type: huma.TypeString}, "value": {Type: huma.TypeString}},
			},
		},
	}
}

// reasonSchema is how a scorecard.Reason is written.
type reasonSchema struct{}

// Schema implements huma.SchemaProvider.
func (reasonSchema) Schema(r huma.Registry) *huma.Schema {
	number, text, value := &huma.Schema{Type: huma.TypeInteger}, &huma.Schema{Type: huma.TypeString}, valueSchema{}.Schema(r)
	return &huma.Schema{
		Description: "Why a verdict is as it is: a code with its figures, and the same in words.",
		Type:        huma.TypeObject, Required: []string{"code", "rag", "words"}, AdditionalProperties: false,
		Properties: map[string]*huma.Schema{
			"code": text, "rag": text, "words": text, "days": number, "limit": number, "count": number, "of": number,
			"threshold": {Type: huma.TypeNumber}, "from": value, "to": value, "at": {Type: huma.TypeString, Format: "date-time"}, "what": text,
		},
	}
}
