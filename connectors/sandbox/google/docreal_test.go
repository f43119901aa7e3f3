package google

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"
)

// realDocuments are answers of the real service to documents.get. They lie beside the project.
func realDocuments(t *testing.T) map[string]map[string]any {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dataDir(t), "google", "doc-*.json.gz"))
	if err != nil || len(paths) == 0 {
		t.Skipf("the real documents are not at hand (%v)", err)
	}
	out := map[string]map[string]any{}
	for _, p := range paths {
		out[strings.TrimSuffix(filepath.Base(p), ".json.gz")] = realDocument(t, p)
	}
	return out
}

func realDocument(t *testing.T, path string) map[string]any {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var d map[string]any
	if err := json.NewDecoder(z).Decode(&d); err != nil {
		t.Fatalf("read %s: %v", path, err)
	}
	return d
}

// segments are the contents of a document with their names.
func segments(t map[string]any, name string, out map[string][]any) {
	dt := asMap(t["documentTab"])
	out[name+" body"] = asList(asMap(dt["body"])["content"])
	for _, kind := range []string{"headers", "footers", "footnotes"} {
		for id, x := range asMap(dt[kind]) {
			out[name+" "+kind+" "+id] = asList(asMap(x)["content"])
		}
	}
	for i, c := range asList(t["childTabs"]) {
		segments(asMap(c), fmt.Sprintf("%s.%d", name, i), out)
	}
}

// Real documents are read into units and given again: what comes out is what went in, every index included.
func TestRealDocumentsComeOutAsTheyWentIn(t *testing.T) {
	t.Parallel()
	indexes := 0
	for name, d := range realDocuments(t) {
		parts := map[string][]any{}
		for i, tab := range asList(d["tabs"]) {
			segments(asMap(tab), fmt.Sprint(name, " tab ", i), parts)
		}
		for part, content := range parts {
			n := mend(content)
			units, err := loadContent(content)
			if err != nil {
				t.Errorf("%s: %v", part, err)
				continue
			}
			got := buildContent(units)
			if diff := firstDifference("", got, any(content)); diff != "" {
				t.Errorf("%s: %s", part, diff)
			}
			indexes += n
		}
	}
	t.Logf("%d elements with their indexes are as the real service gave them", indexes)
}

// mend undoes what was done to the recordings: addresses were replaced by others of another length, and one recorder left out
// where section breaks start. It returns how many elements there are.
func mend(content []any) int {
	n := 0
	for i, x := range content {
		e := asMap(x)
		n++
		if has(e, "sectionBreak") && i > 0 && !has(e, "startIndex") {
			e["startIndex"] = e["endIndex"].(float64) - 1
		}
		for _, y := range asList(asMap(e["paragraph"])["elements"]) {
			n++
			el := asMap(y)
			run := asMap(el["textRun"])
			size := asInt(el["endIndex"]) - asInt(el["startIndex"])
			if text := asString(run["content"]); run != nil && strings.Contains(text, "@example.org") {
				for len(utf16.Encode([]rune(text))) < size {
					text = "x" + text
				}
				run["content"] = text
			}
		}
		for _, r := range asList(asMap(e["table"])["tableRows"]) {
			n++
			for _, c := range asList(asMap(r)["tableCells"]) {
				n += 1 + mend(asList(asMap(c)["content"]))
			}
		}
	}
	return n
}

// firstDifference is where two JSON values differ first, "" where they do not.
func firstDifference(at string, got, want any) string {
	switch want := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return fmt.Sprintf("%s is %v, want an object", at, got)
		}
		for k, w := range want {
			if d := firstDifference(at+"."+k, g[k], w); d != "" {
				return d
			}
		}
		for k := range g {
			if _, ok := want[k]; !ok {
				return fmt.Sprintf("%s.%s is there and should not be", at, k)
			}
		}
		return ""
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(want) {
			return fmt.Sprintf("%s has %d items, want %d", at, len(g), len(want))
		}
		for i := range want {
			if d := firstDifference(fmt.Sprintf("%s[%d]", at, i), g[i], want[i]); d != "" {
				return d
			}
		}
		return ""
	}
	if got != want {
		return fmt.Sprintf("%s is %v, want %v", at, got, want)
	}
	return ""
}
