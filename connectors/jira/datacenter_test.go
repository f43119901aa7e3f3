package jira

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// result is what a query finds by now, in order, and moves while it is read.
type result struct {
	issues []int // ids, in the order of the query
	at     map[int]int64
	most   int    // of a page, by the server's choice
	meddle func() // called before each page
	pages  int
}

func (r *result) serve(_ *http.Request, body string) (int, string) {
	var in struct {
		StartAt    int
		MaxResults int
		Fields     []string
	}
	if err := json.Unmarshal([]byte(body), &in); err != nil || !slices.Contains(in.Fields, "updated") {
		return http.StatusBadRequest, `{}`
	}
	r.pages++
	if r.meddle != nil {
		r.meddle()
	}
	n := min(in.MaxResults, r.most)
	from := min(in.StartAt, len(r.issues))
	list := []any{}
	for _, id := range r.issues[from:min(from+n, len(r.issues))] {
		list = append(list, map[string]any{"id": strconv.Itoa(id), "fields": map[string]any{"updated": stamp(r.at[id])}})
	}
	out, err := json.Marshal(map[string]any{"startAt": in.StartAt, "maxResults": n, "total": len(r.issues), "issues": list})
	if err != nil {
		return http.StatusInternalServerError, ""
	}
	return http.StatusOK, string(out)
}

func stamp(ms int64) string {
	return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000-0700")
}

func (a *answers) dataCenter() {
	a.by = map[string]func(*http.Request, string) (int, string){askFlavor: always(200, aServer)}
}

func (r *result) read(t *testing.T, most int) ([]*wireIssue, error) {
	t.Helper()
	a := &answers{t: t}
	a.dataCenter()
	a.by["POST /rest/api/2/search"] = r.serve
	return a.connect(nil).readPages(t.Context(), searchRequest{JQL: "x", Fields: []string{"summary"}, Max: most})
}

// Whatever leaves the result, moves to its end or comes into it while pages are read: an issue that is there from the
// beginning to the end is read.
func TestOffsetPagesMissNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		r := &result{at: map[int]int64{}, most: rapid.IntRange(2, 12).Draw(rt, "the server's page")}
		total := rapid.IntRange(0, 80).Draw(rt, "issues")
		for id := 1; id <= total; id++ {
			r.issues = append(r.issues, id)
			r.at[id] = int64(id)
		}
		stayed := map[int]bool{}
		for _, id := range r.issues {
			stayed[id] = true
		}
		clock, budget := int64(1000), rapid.IntRange(0, 25).Draw(rt, "changes")
		r.meddle = func() {
			for range min(budget, rapid.IntRange(0, 9).Draw(rt, "changes before this page")) {
				budget--
				clock++
				if len(r.issues) == 0 {
					return
				}
				i := rapid.IntRange(0, len(r.issues)-1).Draw(rt, "which")
				id := r.issues[i]
				switch rapid.SampledFrom([]string{"leaves", "is edited", "comes"}).Draw(rt, "what") {
				case "leaves":
					r.issues = slices.Delete(r.issues, i, i+1)
					delete(stayed, id)
				case "is edited": // and so moves to the end, for the query sorts by that
					r.issues = append(slices.Delete(r.issues, i, i+1), id)
					r.at[id] = clock
				case "comes":
					r.issues = slices.Insert(r.issues, i, int(clock))
					r.at[int(clock)] = clock
				}
			}
		}
		got, err := r.read(t, rapid.IntRange(2, 20).Draw(rt, "our page"))
		if err != nil {
			rt.Fatalf("%v", err)
		}
		for _, is := range got {
			id, err := strconv.Atoi(is.ID)
			if err != nil {
				rt.Fatal(err)
			}
			delete(stayed, id)
		}
		if len(stayed) > 0 {
			rt.Fatalf("missed %v of %d in %d pages", stayed, total, r.pages)
		}
	})
}

func TestOffsetPages(t *testing.T) {
	t.Parallel()
	many := func(n, most int) *result {
		r := &result{at: map[int]int64{}, most: most}
		for id := 1; id <= n; id++ {
			r.issues, r.at[id] = append(r.issues, id), int64(id)
		}
		return r
	}
	for _, tt := range []struct{ issues, most, ask, pages int }{
		{0, 1000, 500, 1},
		{1, 1000, 500, 1},
		{500, 1000, 500, 1},
		{501, 1000, 500, 2},
		{2000, 1000, 500, 5},
		{2000, 100, 500, 21},
		{5, 1, 500, 5},
		{3, 2, 500, 2},
	} {
		r := many(tt.issues, tt.most)
		got, err := r.read(t, tt.ask)
		if err != nil || len(got) != tt.issues || r.pages != tt.pages {
			t.Errorf("%+v: read %d in %d pages, %v", tt, len(got), r.pages, err)
		}
	}
	t.Run("never at rest", func(t *testing.T) {
		t.Parallel()
		r := many(60, 10)
		clock := int64(1000)
		r.meddle = func() { // everything is edited all the time
			for id := range r.at {
				clock++
				r.at[id] = clock
			}
		}
		_, err := r.read(t, 500)
		wantFault(t, err, fault.Retryable, fault.Invalid)
		if r.pages > 200 {
			t.Errorf("%d pages", r.pages)
		}
	})
	t.Run("counts what it does not give", func(t *testing.T) {
		t.Parallel()
		a := &answers{t: t}
		a.dataCenter()
		a.by["POST /rest/api/2/search"] = always(200, `{"startAt":0,"maxResults":50,"total":7,"issues":[]}`)
		_, err := a.connect(nil).readPages(t.Context(), searchRequest{JQL: "x"})
		if f := wantFault(t, err, fault.Retryable, fault.Invalid); !strings.Contains(f.Hint, "index") {
			t.Errorf("hint %q", f.Hint)
		}
	})
}

// tracker is a Data Center with a few issues that can be edited, and an index that may lag.
type tracker struct {
	*answers
	summary map[string]string
	version map[string]int64
	lag     bool   // the index shows nothing new
	old     string // what it shows then
	admin   bool   // the account administers the project
	says    string // of that, when asked
	refuse  map[string]int
}

func newTracker(t *testing.T, n int) *tracker {
	t.Helper()
	b := &tracker{answers: &answers{t: t}, summary: map[string]string{}, version: map[string]int64{}, old: "old", refuse: map[string]int{}}
	b.dataCenter()
	b.by["GET /rest/api/2/mypermissions"] = func(r *http.Request, _ string) (int, string) {
		if r.URL.Query().Get("projectKey") != "WASH" {
			return http.StatusNotFound, `{}`
		}
		return http.StatusOK, fmt.Sprintf(`{"permissions":{"ADMINISTER_PROJECTS":{"havePermission":%s}}}`, b.says)
	}
	for _, path := range []string{"field", "priority", "resolution", "status"} {
		b.by["GET /rest/api/2/"+path] = always(200, `[]`)
	}
	b.by["POST /rest/api/2/search"] = b.search
	for i := range n {
		id := strconv.Itoa(10001 + i)
		b.summary[id], b.version[id] = "old", 1000
		b.by["GET /rest/api/2/issue/"+id] = func(*http.Request, string) (int, string) {
			if s := b.refuse[id]; s != 0 {
				return s, `{"errorMessages":["refused"],"errors":{}}`
			}
			return http.StatusOK, b.issue(id, b.summary[id], b.version[id])
		}
		b.by["PUT /rest/api/2/issue/"+id] = func(r *http.Request, body string) (int, string) { return b.edit(id, r, body) }
	}
	return b
}

func (b *tracker) issue(id, summary string, version int64) string {
	return fmt.Sprintf(`{"id":%q,"key":"WASH-%s","fields":{"summary":%q,"labels":[],"updated":%q,"project":{"id":"1","key":"WASH"},
		"status":{"id":"1","name":"To Do","statusCategory":{"key":"new"}}}}`, id, id[3:], summary, stamp(version))
}

func (b *tracker) search(_ *http.Request, body string) (int, string) {
	var in offsetRequest
	if err := json.Unmarshal([]byte(body), &in); err != nil || in.Validate == nil || *in.Validate {
		return http.StatusBadRequest, `{}`
	}
	list, _, _ := strings.Cut(strings.TrimPrefix(in.JQL, "id in ("), ")")
	var out []string
	for id := range strings.SplitSeq(list, ",") {
		if b.lag {
			out = append(out, b.issue(id, b.old, 1000))
		} else {
			out = append(out, b.issue(id, b.summary[id], b.version[id]))
		}
	}
	return http.StatusOK, fmt.Sprintf(`{"total":%d,"issues":[%s]}`, len(out), strings.Join(out, ","))
}

func (b *tracker) edit(id string, r *http.Request, body string) (int, string) {
	if r.URL.Query().Get("notifyUsers") == "false" && !b.admin {
		return http.StatusForbidden, `{"errorMessages":["To discard the user notification either admin or project admin permissions are required."],"errors":{}}`
	}
	var in struct{ Fields struct{ Summary string } }
	if err := json.Unmarshal([]byte(body), &in); err != nil {
		return http.StatusBadRequest, `{}`
	}
	b.summary[id], b.version[id] = in.Fields.Summary, b.version[id]+1
	return http.StatusNoContent, ""
}

// retitle gives all issues a title, and returns the receipts and how many requests there were of each method.
func (b *tracker) retitle(c *Connector, from, to string) ([]task.Receipt, map[string]int) {
	b.t.Helper()
	var ps []task.Patch
	for _, id := range sortedKeys(b.summary) {
		ps = append(ps, task.Patch{Op: task.Update, Ref: task.Ref{Source: "jira", Key: id}, Set: []task.Change{
			{Field: task.Title, From: task.TextValue(from), To: task.TextValue(to)},
		}})
	}
	b.said = nil
	out := c.Apply(b.t.Context(), ps)
	n := map[string]int{}
	for _, s := range b.said {
		method, path, _ := strings.Cut(s, " ")
		n[method]++
		if strings.Contains(path, "notifyUsers") {
			n["quiet"]++
		}
	}
	return out, n
}

func (b *tracker) prepared() *Connector {
	b.t.Helper()
	c := b.connect(nil)
	if err := c.prepare(b.t.Context()); err != nil {
		b.t.Fatalf("%v (%s)", err, fault.Of(err).Hint)
	}
	return c
}

// k issues cost a read and an edit each, and one read of all of them where the index is prompt.
func TestDataCenterReadBack(t *testing.T) {
	t.Parallel()
	const k = 120
	for name, tt := range map[string]struct {
		lag          bool
		old          string
		gets, search int
	}{
		"a prompt index":                    {false, "", k, 2},
		"a lagging index":                   {true, "old", k + k, 2},
		"an index that shows half the news": {false, "", k, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newTracker(t, k)
			b.says, b.lag = "false", tt.lag
			if tt.old != "" {
				b.old = tt.old
			}
			out, n := b.retitle(b.prepared(), "old", "new")
			for _, rc := range out {
				if rc.Err != nil || rc.Record == nil || rc.Record.Values[task.Title].String() != "new" || rc.Record.Version != 1001 {
					t.Fatalf("got %+v", rc)
				}
			}
			if n["PUT"] != k || n["POST"] != tt.search || n["GET"] != tt.gets+1 || n["quiet"] != 0 { // one to ask for permissions
				t.Errorf("%v", n)
			}
		})
	}
}

// An index that shows a newer state which is not what was written, such as one between two writes, is not believed.
func TestDataCenterReadBackBetween(t *testing.T) {
	t.Parallel()
	b := newTracker(t, 2)
	b.says = "false"
	b.by["POST /rest/api/2/search"] = func(*http.Request, string) (int, string) {
		return http.StatusOK, fmt.Sprintf(`{"total":2,"issues":[%s,%s]}`, b.issue("10001", "between", 1001), b.issue("10002", "new", 1001))
	}
	out, n := b.retitle(b.prepared(), "old", "new")
	for _, rc := range out {
		if rc.Err != nil || rc.Record == nil || rc.Record.Values[task.Title].String() != "new" {
			t.Errorf("got %+v", rc)
		}
	}
	if n["GET"] != 2+1+1 { // each before, the permissions, and one after
		t.Errorf("%v", n)
	}
}

func TestQuietEdits(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		admin              bool
		says               string
		quiet, edits, asks int // in the first round
		again              int // quiet ones in the second
	}{
		"an administrator":                  {true, "true", 3, 3, 1, 3},
		"nobody special":                    {false, "false", 0, 3, 1, 0},
		"an administrator by mistake":       {false, "true", 1, 4, 1, 0},
		"an administrator who is not known": {true, "false", 0, 3, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newTracker(t, 3)
			b.admin, b.says = tt.admin, tt.says
			now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
			c := b.connect(func(_ *Config, o *Options) { o.Now = func() time.Time { return now } })
			if err := c.prepare(t.Context()); err != nil {
				t.Fatal(err)
			}
			out, n := b.retitle(c, "old", "new")
			for _, rc := range out {
				if rc.Err != nil {
					t.Fatalf("%v", rc.Err)
				}
			}
			asks := len(slices.DeleteFunc(slices.Clone(b.said), func(s string) bool { return !strings.Contains(s, "mypermissions") }))
			if n["quiet"] != tt.quiet || n["PUT"] != tt.edits || asks != tt.asks {
				t.Errorf("%v, asked %d times", n, asks)
			}
			if _, n := b.retitle(c, "new", "newer"); n["quiet"] != tt.again || n["PUT"] != 3 {
				t.Errorf("the second time: %v", n)
			}
			// Rights change: after a while they are asked for again.
			now = now.Add(quietFor)
			b.admin, b.says = true, "true"
			if _, n := b.retitle(c, "newer", "newest"); n["quiet"] != 3 {
				t.Errorf("after an hour: %v", n)
			}
		})
	}
}

// A 403 that has nothing to do with e-mails stays one.
func TestForbiddenEdit(t *testing.T) {
	t.Parallel()
	b := newTracker(t, 1)
	b.says = "true"
	b.by["PUT /rest/api/2/issue/10001"] = always(403, `{}`)
	out, n := b.retitle(b.prepared(), "old", "new")
	if f := fault.Of(out[0].Err); f == nil || f.Kind != fault.Permanent || out[0].Uncertain || n["PUT"] != 2 {
		t.Errorf("got %+v, %v", f, n)
	}
}

// One issue that cannot be read keeps no other from being written.
func TestFetchEach(t *testing.T) {
	t.Parallel()
	b := newTracker(t, 6)
	b.says = "false"
	b.refuse = map[string]int{"10001": 500, "10003": 404, "10004": 403}
	out, _ := b.retitle(b.prepared(), "old", "new")
	for i, rc := range out {
		if bad := i == 0 || i == 2 || i == 3; bad != (rc.Err != nil) {
			t.Errorf("issue %d: %v", i, rc.Err)
		}
	}
	if k := fault.Of(out[0].Err).Kind; k != fault.Retryable {
		t.Errorf("the first is %s", k)
	}
	if r := fault.Of(out[2].Err).Reason; r != fault.NotFound {
		t.Errorf("the third is %s", r)
	}
}

func TestDataCenterCreateMeta(t *testing.T) {
	t.Parallel()
	a := &answers{t: t}
	a.dataCenter()
	a.by["GET /rest/api/2/issue/createmeta/WASH/issuetypes"] = always(200, `{"maxResults":50,"startAt":0,"total":1,"isLast":true,"values":[{"id":"3","name":"Task"}]}`)
	a.by["GET /rest/api/2/issue/createmeta/WASH/issuetypes/3"] = func(r *http.Request, _ string) (int, string) {
		one := map[string]string{"0": `{"fieldId":"summary","required":true}`, "1": `{"fieldId":"labels"}`}[r.URL.Query().Get("startAt")]
		return http.StatusOK, `{"maxResults":1,"total":2,"values":[` + one + `]}`
	}
	c := a.connect(func(cfg *Config, _ *Options) { cfg.Create = &Create{Project: "WASH"} })
	fm, err := c.createForm(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if fm.typeID != "3" || len(fm.fields) != 2 || !fm.fields["summary"].Required {
		t.Errorf("got %+v", fm)
	}
}
