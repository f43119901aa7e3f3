package google

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
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

// Every recorded call, to Sheets and to Drive, is made again, and the answers are held against those that Google gave. The
// share that agrees may not fall; what does not agree is listed by the kind of request, with what is different.
func TestRecordedCallsGetTheRecordedAnswers(t *testing.T) {
	t.Parallel()
	agree, all := 0, 0
	kinds, good := map[string]int{}, map[string]int{}
	var wrong []string
	recs := recordings(t)
	for _, name := range slices.Sorted(maps.Keys(recs)) {
		p := &player{t: t, s: New(Options{Locale: "en_US", TimeZone: "Etc/GMT"}), ids: map[string]string{}}
		p.seed(recs[name])
		for n, i := range recs[name].Interactions {
			u, err := url.Parse(i.Request.URI)
			if err != nil {
				t.Fatal(err)
			}
			kind := requestKind(i.Request.Method, u.Path, i.Request.Body)
			all++
			kinds[kind]++
			if why := p.play(i.Request.Method, u, i.Request.Body, i.Response.Status.Code, i.Response.Body.String); len(why) > 0 {
				wrong = append(wrong, fmt.Sprintf("%s: call %d of %s: %s", kind, n, name, strings.Join(why, "; ")))
				continue
			}
			agree++
			good[kind]++
		}
	}
	if all == 0 {
		t.Fatal("nothing was recorded")
	}
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		t.Logf("%4d of %4d  %s", good[kind], kinds[kind], kind)
	}
	for _, w := range wrong {
		t.Log("differs: ", w)
	}
	t.Logf("%d of %d recorded answers agree: %.1f %%", agree, all, 100*float64(agree)/float64(all))
	if agree*1000 < all*leastAgreement {
		t.Errorf("only %d of %d recorded answers agree", agree, all)
	}
}

// leastAgreement is what share of the recorded answers has to agree, in thousandths. The two that do not are lists of all the
// files of an account in which others were at work between the recorded sessions.
const leastAgreement = 998

// requestKind says what sort of request it is, a batchUpdate by the requests in it.
func requestKind(method, path, body string) string {
	path = fileID.ReplaceAllString(path, "{id}")
	if i := strings.Index(path, "/values/"); i >= 0 {
		verb := ""
		if j := strings.LastIndexByte(path, ':'); j > i && verbs[path[j+1:]] {
			verb = path[j:]
		}
		path = path[:i] + "/values/{range}" + verb
	}
	var b struct{ Requests []map[string]any }
	if json.Unmarshal([]byte(body), &b) == nil && len(b.Requests) > 0 {
		names := map[string]bool{}
		for _, r := range b.Requests {
			for k := range r {
				names[k] = true
			}
		}
		path += " " + strings.Join(slices.Sorted(maps.Keys(names)), "+")
	}
	return method + " " + path
}

var fileID = regexp.MustCompile(`\b1[A-Za-z0-9_-]{43}\b`)

// player makes recorded calls to a sandbox.
type player struct {
	t   *testing.T
	s   *Server
	ids map[string]string // recorded id → the sandbox's
}

// seed makes the files that were there before the recording began: those that it lists or opens but does not make. One that
// answers 403 was not shared.
func (p *player) seed(rec recording) {
	made := map[string]bool{}
	type old struct{ id, name string }
	var olds []old
	seen := map[string]bool{}
	note := func(id, name string) {
		if id != "" && !made[id] && !seen[id] {
			seen[id] = true
			olds = append(olds, old{id, name})
		}
	}
	for _, i := range rec.Interactions {
		var f struct {
			ID, Name string
			Files    []struct{ ID, Name string }
		}
		_ = json.Unmarshal([]byte(i.Response.Body.String), &f)
		if i.Request.Method == http.MethodPost && f.ID != "" {
			made[f.ID] = true
			continue
		}
		for _, x := range f.Files {
			note(x.ID, x.Name)
		}
		for _, id := range fileID.FindAllString(i.Request.URI, -1) {
			note(id, f.Name)
		}
	}
	for _, o := range slices.Backward(olds) { // lists begin with what was changed last
		p.ids[o.id] = p.s.AddSpreadsheet(o.name)
		for _, i := range rec.Interactions {
			if strings.Contains(i.Request.URI, o.id) && i.Response.Status.Code == http.StatusForbidden {
				if err := p.s.Unshare(p.ids[o.id]); err != nil {
					p.t.Fatal(err)
				}
			}
		}
	}
}

func (p *player) apply(x string) string {
	for from, to := range p.ids {
		x = strings.ReplaceAll(x, from, to)
	}
	return x
}

// play makes one call and says in what the answer is not the recorded one.
func (p *player) play(method string, u *url.URL, body string, code int, answer string) []string {
	w := httptest.NewRecorder()
	p.s.ServeHTTP(w, httptest.NewRequestWithContext(p.t.Context(), method, p.apply(u.RequestURI()), strings.NewReader(p.apply(body))))
	if w.Code == http.StatusNotImplemented {
		return []string{"not spoken: " + w.Body.String()}
	}
	if w.Code != code {
		return []string{fmt.Sprintf("answered %d, recorded %d: %.300s", w.Code, code, w.Body.String())}
	}
	var want, got any
	if err := json.Unmarshal([]byte(answer), &want); err != nil { // text, or nothing at all
		if text := w.Body.String(); text != answer {
			return []string{fmt.Sprintf("is %.200q, recorded %.200q", text, answer)}
		}
		return nil
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		return []string{err.Error()}
	}
	if id := asString(asMap(want)["id"]); id != "" && method == http.MethodPost {
		p.ids[id] = asString(asMap(got)["id"])
	}
	learn(want, got, p.ids)
	return differences("", want, got)
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

var ownAffairs = []string{"id", "spreadsheetUrl", "spreadsheetTheme", "users", "pixelSize", "createdTime", "modifiedTime"}

// differences lists where got is not want. Left out by name are the service's own affairs: ids, addresses, times, colours of
// themes, accounts, widths in pixels, and what is newer than the recordings.
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
			case strings.HasSuffix(k, "Id"), slices.Contains(ownAffairs, k):
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
