package google

import (
	"encoding/json"
	"flag"
	"go/build"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// apiDir is where the official client's module lies, with the discovery documents in it.
func apiDir(t *testing.T) string {
	t.Helper()
	p, err := build.Import("google.golang.org/api/googleapi", ".", build.FindOnly)
	if err != nil {
		t.Skipf("the discovery documents cannot be found: %v", err)
	}
	return filepath.Dir(p.Dir)
}

type discoveryNode struct {
	Ref        string                    `json:"$ref"`
	Type       string                    `json:"type"`
	Format     string                    `json:"format"`
	Enum       []string                  `json:"enum"`
	Items      *discoveryNode            `json:"items"`
	Properties map[string]*discoveryNode `json:"properties"`
	Additional *discoveryNode            `json:"additionalProperties"`
}

// shortSchema writes a discovery document's messages the way schema/*.txt has them.
func shortSchema(t *testing.T, path string, roots ...string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Schemas map[string]*discoveryNode `json:"schemas"`
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	var visit func(name string, n *discoveryNode)
	var spec func(owner, field string, n *discoveryNode) string
	spec = func(owner, field string, n *discoveryNode) string {
		switch {
		case n.Ref != "":
			visit(n.Ref, doc.Schemas[n.Ref])
			return n.Ref
		case n.Type == "array":
			return "[]" + spec(owner, field, n.Items)
		case n.Type == "object" && n.Additional != nil:
			return "{}" + spec(owner, field, n.Additional)
		case n.Type == "object" && len(n.Properties) > 0:
			visit(owner+"."+field, n)
			return owner + "." + field
		case len(n.Enum) > 0:
			return "enum " + strings.Join(n.Enum, "|")
		case n.Type == "boolean":
			return "bool"
		case n.Type == "integer" || n.Type == "string" && n.Format == "int64":
			if n.Format == "int64" {
				return "int64"
			}
			return "int32"
		case n.Type == "number":
			return "double"
		case n.Type == "string":
			return "string"
		}
		return "any"
	}
	visit = func(name string, n *discoveryNode) {
		if _, ok := out[name]; ok {
			return
		}
		out[name] = ""
		var b strings.Builder
		b.WriteString(name + "\n")
		for _, f := range slices.Sorted(maps.Keys(n.Properties)) {
			b.WriteString(" " + f + " " + spec(name, f, n.Properties[f]) + "\n")
		}
		out[name] = b.String()
	}
	for _, r := range roots {
		visit(r, doc.Schemas[r])
	}
	var all strings.Builder
	for _, name := range slices.Sorted(maps.Keys(out)) {
		all.WriteString(out[name])
	}
	return all.String()
}

var update = flag.Bool("update", false, "write schema/*.txt anew from the discovery documents")

func TestSchemasEqualTheDiscoveryDocuments(t *testing.T) {
	t.Parallel()
	dir := apiDir(t)
	for name, c := range map[string]struct {
		path  string
		roots []string
	}{
		"sheets": {"sheets/v4/sheets-api.json", []string{
			"Spreadsheet", "BatchUpdateSpreadsheetRequest", "BatchUpdateSpreadsheetResponse", "ValueRange", "AppendValuesResponse",
			"UpdateValuesResponse", "BatchUpdateValuesRequest", "BatchUpdateValuesResponse", "BatchGetValuesResponse", "ClearValuesRequest",
			"ClearValuesResponse", "BatchClearValuesRequest", "BatchClearValuesResponse", "SearchDeveloperMetadataRequest",
			"SearchDeveloperMetadataResponse", "GetSpreadsheetByDataFilterRequest", "BatchGetValuesByDataFilterRequest",
			"BatchGetValuesByDataFilterResponse", "BatchUpdateValuesByDataFilterRequest", "BatchUpdateValuesByDataFilterResponse",
			"BatchClearValuesByDataFilterRequest", "BatchClearValuesByDataFilterResponse",
		}},
		"docs":  {"docs/v1/docs-api.json", []string{"Document", "BatchUpdateDocumentRequest", "BatchUpdateDocumentResponse"}},
		"drive": {"drive/v3/drive-api.json", []string{"File", "FileList", "Permission", "PermissionList", "Channel"}},
	} {
		want := shortSchema(t, filepath.Join(dir, filepath.FromSlash(c.path)), c.roots...)
		file := filepath.Join("schema", name+".txt")
		if *update {
			if err := os.WriteFile(file, []byte(want), 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != want {
			t.Errorf("%s differs from Google's document: run go test -run %s -update", file, t.Name())
		}
	}
}
