package google

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

type recording struct {
	Interactions []struct {
		Request  struct{ Method, URI, Body string }
		Response struct {
			Status struct{ Code int }
			Body   struct{ String string }
		}
	}
}

// recordings are calls that another client made to the real service, with the real answers. They lie beside the project.
func recordings(t *testing.T) map[string]recording {
	t.Helper()
	f, err := os.Open(filepath.Join(dataDir(t), "google", "gspread-cassettes.tar.gz"))
	if err != nil {
		t.Skipf("the recorded calls are not at hand: %v", err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]recording{}
	for in := tar.NewReader(z); ; {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return out
		} else if err != nil {
			t.Fatal(err)
		}
		var r recording
		if strings.HasSuffix(h.Name, ".json") {
			if err := json.NewDecoder(in).Decode(&r); err != nil {
				t.Fatalf("read %s: %v", h.Name, err)
			}
			out[strings.TrimSuffix(filepath.Base(h.Name), ".json")] = r
		}
	}
}

// Every recorded call to Sheets is made again, and the sandbox has to give the answer that Google gave. A file made through
// Drive is made by hand here. A recording ends early where it uses what the sandbox says that it does not speak.
func TestRecordedCallsGetTheRecordedAnswers(t *testing.T) {
	t.Parallel()
	compared := 0
	for name, rec := range recordings(t) {
		s := New(Options{Locale: "en_US", TimeZone: "Etc/GMT"})
		ids := map[string]string{} // recorded id → the sandbox's
		apply := func(x string) string {
			for from, to := range ids {
				x = strings.ReplaceAll(x, from, to)
			}
			return x
		}
		for n, i := range rec.Interactions {
			u, err := url.Parse(i.Request.URI)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(u.Path, "/drive/v3/") {
				var f struct{ ID, Name string }
				if json.Unmarshal([]byte(i.Response.Body.String), &f) == nil && i.Request.Method == http.MethodPost {
					ids[f.ID] = s.AddSpreadsheet(f.Name)
				}
				continue
			}
			id, _, _ := strings.Cut(strings.TrimPrefix(u.Path, "/v4/spreadsheets/"), "/")
			if id, _, _ = strings.Cut(id, ":"); ids[id] == "" {
				continue // a file that was there before the recording began
			}
			w := httptest.NewRecorder()
			s.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), i.Request.Method, apply(u.RequestURI()), strings.NewReader(apply(i.Request.Body))))
			if w.Code == http.StatusNotImplemented {
				break
			}
			var want, got any
			if err := errors.Join(json.Unmarshal([]byte(i.Response.Body.String), &want), json.Unmarshal(w.Body.Bytes(), &got)); err != nil {
				t.Fatal(err)
			}
			learn(want, got, ids)
			compared++
			if w.Code != i.Response.Status.Code {
				t.Errorf("%s, call %d: %s %s: answered %d, recorded %d", name, n, i.Request.Method, u.Path, w.Code, i.Response.Status.Code)
			}
			for _, d := range differences("", want, got) {
				t.Errorf("%s, call %d: %s %s: %s", name, n, i.Request.Method, u.Path, d)
			}
		}
	}
	if compared < 600 {
		t.Errorf("only %d answers were compared", compared)
	}
	t.Logf("%d answers equal the recorded ones", compared)
}

// learn notes which of the sandbox's ids stands for which recorded one.
func learn(want, got any, ids map[string]string) {
	switch w := want.(type) {
	case map[string]any:
		g := asMap(got)
		for k, v := range w {
			if from := fmt.Sprintf("%.0f", v); (k == "sheetId" || k == "protectedRangeId") && len(from) > 6 && g[k] != nil {
				ids[from] = fmt.Sprintf("%.0f", g[k])
			} else if k == "namedRangeId" {
				ids[asString(v)] = asString(g[k])
			}
			learn(v, g[k], ids)
		}
	case []any:
		for i, v := range w {
			if g := asList(got); i < len(g) {
				learn(v, g[i], ids)
			}
		}
	}
}

// differences lists where got is not want. Ids, addresses, colours of themes, accounts and widths in pixels are the
// service's own affair.
func differences(path string, want, got any) []string {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return []string{fmt.Sprintf("%s is %v, not an object", path, got)}
		}
		var out []string
		for k, v := range w {
			switch {
			case strings.HasSuffix(k, "Id"), k == "spreadsheetUrl", k == "spreadsheetTheme", k == "users", k == "pixelSize":
				v = g[k]
			}
			if _, ok := g[k]; !ok {
				out = append(out, fmt.Sprintf("%s.%s is missing", path, k))
				continue
			}
			out = append(out, differences(path+"."+k, v, g[k])...)
		}
		for k := range g {
			if _, ok := w[k]; !ok {
				if k != "commentUpdateState" { // newer than the recordings
					out = append(out, fmt.Sprintf("%s.%s is too much", path, k))
				}
			}
		}
		return out
	case []any:
		g := asList(got)
		if len(g) != len(w) {
			return []string{fmt.Sprintf("%s is %.200v, recorded %.200v", path, got, want)}
		}
		var out []string
		for i := range w {
			out = append(out, differences(fmt.Sprintf("%s[%d]", path, i), w[i], g[i])...)
		}
		return out
	}
	if want != got {
		return []string{fmt.Sprintf("%s is %v, recorded %v", path, got, want)}
	}
	return nil
}
