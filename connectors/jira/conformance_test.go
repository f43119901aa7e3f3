package jira

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/connectors/connectortest"
	"github.com/lockstep-sync/lockstep/connectors/jira/richtext"
	sandbox "github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// The sandbox's two custom fields.
const (
	startField    = "customfield_10015"
	progressField = "customfield_10042"
)

func features(t *testing.T) connectortest.Features {
	t.Helper()
	text := task.TextValue
	return connectortest.Features{
		Creates: true, Increments: true,
		Fields: []task.Field{
			task.Title, task.Status, task.Assignee, task.Due, task.Start, task.Priority, task.Progress, task.Workstream, task.Labels, task.Notes,
		},
		Lossy: map[task.Field][]task.Value{
			task.Title:      {text("on\ntwo lines"), text(strings.Repeat("long ", 60) + "end"), text(strings.Repeat("😀", 200))},
			task.Status:     {task.Empty(task.Enum)},
			task.Assignee:   {task.PersonValue("Nobody Here")},
			task.Priority:   {text("high"), text("Urgent"), text("")},
			task.Labels:     {task.SetValue("two words", "x"), task.SetValue("lockstep-CW-77"), task.SetValue("tab\tand\nline")},
			task.Notes:      {text(strings.Repeat("x", 40_000))},
			task.Workstream: {text("water  POINTS"), text("No such component")},
			task.Progress:   {fraction(t, 0.123456789123)},
		},
	}
}

// spoken is a kind of Jira that the suite runs on.
type spoken struct {
	name   string
	flavor sandbox.Flavor
	api    int
}

// everyJira are all of them.
func everyJira() []spoken {
	return []spoken{{"cloud on version 3", sandbox.Cloud, 3}, {"cloud on version 2", sandbox.Cloud, 2}, {"data center", sandbox.DataCenter, 2}}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	f := features(t)
	for _, sp := range everyJira() {
		t.Run(sp.name+"/without lag", func(t *testing.T) {
			t.Parallel()
			connectortest.Run(t, f, func(t *testing.T) connectortest.Harness {
				t.Helper()
				return newHarness(t, sp, 0)
			})
		})
		t.Run(sp.name+"/with a lagging index", func(t *testing.T) {
			t.Parallel()
			wrong := connectortest.Ask(t.Context(), f, func(connectortest.T) connectortest.Harness { return newHarness(t, sp, 2*time.Minute) })
			for question, what := range wrong {
				t.Errorf("%s: %s", question, strings.Join(what, "; "))
			}
		})
	}
}

func fraction(t *testing.T, x float64) task.Value {
	t.Helper()
	v, err := task.NumberValue(x)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// harness is a person at a sandbox Jira's keyboard.
type harness struct {
	srv   *sandbox.Server
	clock *clock
	url   string
	spoken
	lag   time.Duration
	other string // an issue outside the filter
	base  http.RoundTripper

	mu    sync.Mutex
	fault connectortest.Fault
	added map[string]bool // keys of the issues that people made
}

func newHarness(t *testing.T, sp spoken, lag time.Duration) *harness {
	t.Helper()
	h := &harness{spoken: sp, lag: lag, base: direct(t), added: map[string]bool{}, clock: &clock{now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}}
	h.srv = sandbox.New(sandbox.Options{Flavor: sp.flavor, IndexLag: lag, Now: h.clock.Now})
	web := httptest.NewServer(h)
	t.Cleanup(web.Close)
	h.url = web.URL
	for _, who := range []string{"Amina Diallo", "Chen Wei", "José Núñez"} {
		h.srv.AddUser(who, strings.ToLower(strings.Fields(who)[0])+"@example.org")
	}
	key := h.srv.Add(sandbox.Seed{Summary: "Not of the partnership"})
	if err := h.srv.Set(key, map[string]any{"components": []string{"Water points", "Training", "Überwachung"}}); err != nil {
		t.Fatal(err)
	}
	moved, err := h.srv.Move(key, "OTHER")
	if err != nil {
		t.Fatal(err)
	}
	h.other = moved
	return h
}

// Connector is a client that knows people by their e-mail alone.
func (h *harness) Connector(t connectortest.T) connectors.Connector {
	email, token := h.srv.Credentials()
	if h.flavor == sandbox.DataCenter {
		email = "" // the token is a personal access token
	}
	c, err := New(Config{
		URL: h.url, Email: email, Token: token, JQL: "project = " + h.srv.Project(), Create: &Create{Project: h.srv.Project()},
		Status: map[string][]string{"blocked": {"Blocked"}, "cancelled": {"Won't Do"}},
		Fields: map[task.Field]string{task.Start: "Start date", task.Progress: progressField, task.Workstream: "component", task.Notes: "description"},
		People: []Person{
			{Name: "Amina Diallo", Email: "amina@example.org"}, {Name: "Chen Wei", Email: "chen@example.org"}, {Name: "José Núñez", Email: "josé@example.org"},
		},
	}, Options{Source: "jira", KeyPrefix: "CW", Now: h.clock.Now, InlineWait: time.Millisecond, Timeout: time.Minute, Rate: 10_000, Base: impatient{h}, CloudAPI: h.api, Wait: noWait})
	if err != nil {
		t.Fatalf("%v", err)
	}
	return c
}

func (h *harness) Settle(connectortest.T) {
	if h.lag > 0 {
		h.clock.pass(h.lag + time.Second)
	}
}

func (h *harness) Add(t connectortest.T, v task.Values) string {
	key := h.srv.Add(sandbox.Seed{Summary: v[task.Title].String()})
	for f, x := range v {
		if field := task.Field(f); !x.IsNone() && field != task.Title {
			h.Edit(t, h.id(t, key), field, x)
		}
	}
	h.mu.Lock()
	h.added[key] = true
	h.mu.Unlock()
	return h.id(t, key)
}

// id is an issue's lasting name: its key would change if it moved.
func (h *harness) id(t connectortest.T, key string) string {
	v, ok := h.srv.Issue(key)
	if !ok {
		t.Fatalf("Jira has no %s", key)
	}
	return v.ID
}

func (h *harness) view(t connectortest.T, id string) sandbox.View {
	t.Helper()
	v, ok := h.srv.Issue(id)
	if !ok {
		t.Fatalf("Jira has no issue %s", id)
	}
	return v
}

func (h *harness) Edit(t connectortest.T, id string, f task.Field, v task.Value) {
	view := h.view(t, id)
	fields := map[string]any{}
	orNil := func(x any) any {
		if v.IsEmpty() {
			return nil
		}
		return x
	}
	switch f {
	case task.Title:
		fields["summary"] = v.String()
	case task.Status:
		name, ok := map[string]string{
			task.NotStarted: "To Do", task.InProgress: "In Progress", task.Blocked: "Blocked", task.Done: "Done", task.Cancelled: "Won't Do",
		}[v.String()]
		if !ok {
			return // a person cannot take the status off an issue
		}
		if fields["status"] = name; name == "Done" {
			fields["resolution"] = "Done"
		}
	case task.Assignee:
		fields["assignee"] = orNil(v.String())
	case task.Due:
		fields["duedate"] = orNil(v.String())
	case task.Start:
		fields[startField] = orNil(v.String())
	case task.Priority:
		fields["priority"] = orNil(v.String())
	case task.Progress:
		n, _ := v.Float()
		fields[progressField] = orNil(percent(n))
	case task.Workstream:
		fields["components"] = orNil([]string{v.String()})
	case task.Labels:
		labels := v.Items()
		for _, l := range view.Labels {
			if strings.HasPrefix(l, labelPrefix) {
				labels = append(labels, l) // people leave our marks alone
			}
		}
		fields["labels"] = labels
	case task.Notes:
		h.describe(t, view.Key, v.String())
		return
	case task.Partner, task.QuickWin:
		t.Fatalf("%s is not mapped", f)
	}
	if err := h.srv.Set(view.Key, fields); err != nil {
		t.Fatalf("edit %s: %v", f, err)
	}
}

// Type types raw text.
func (h *harness) Type(t connectortest.T, id string, f task.Field, raw string) {
	if f == task.Notes {
		h.describe(t, h.view(t, id).Key, raw)
		return
	}
	if err := h.srv.Set(h.view(t, id).Key, map[string]any{"summary": raw}); err != nil {
		t.Fatalf("type %s: %v", f, err)
	}
}

// describe types a description: Cloud's editor makes a paragraph of each line, Data Center's a text.
func (h *harness) describe(t connectortest.T, key, text string) {
	if h.api == 2 || text == "" {
		text = richtext.NewWiki(text).Wiki() // as the editor does with what is no layout
		if err := h.srv.Set(key, map[string]any{"description": text}); err != nil {
			t.Fatalf("describe: %v", err)
		}
		return
	}
	content := []any{}
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		p := map[string]any{"type": "paragraph"}
		if line != "" {
			p["content"] = []any{map[string]any{"type": "text", "text": line}}
		}
		content = append(content, p)
	}
	if err := h.srv.SetDocument(key, map[string]any{"type": "doc", "version": 1, "content": content}); err != nil {
		t.Fatalf("describe: %v", err)
	}
}

// description is what people see, a line for each paragraph.
func (h *harness) description(v sandbox.View) string {
	if h.api == 2 {
		return richtext.ParseWiki(v.Description).Text()
	}
	var lines []string
	blocks, _ := h.srv.Document(v.Key)["content"].([]any)
	for _, block := range blocks {
		line := ""
		words, _ := block.(map[string]any)["content"].([]any)
		for _, w := range words {
			s, _ := w.(map[string]any)["text"].(string)
			line += s
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// Copy clones an issue as Jira does: with its labels, our mark among them.
func (h *harness) Copy(t connectortest.T, id string) string {
	v := h.view(t, id)
	key := h.srv.Add(sandbox.Seed{Summary: v.Summary, Labels: v.Labels, Due: v.Due, Description: v.Description, Priority: v.Priority})
	h.mu.Lock()
	h.added[key] = true
	h.mu.Unlock()
	return h.id(t, key)
}

// Garble does nothing: Jira checks what people type.
func (*harness) Garble(connectortest.T, string, task.Field) (string, bool) { return "", false }

func (h *harness) Delete(t connectortest.T, id string) {
	key := h.view(t, id).Key
	if err := h.srv.Delete(key); err != nil {
		t.Fatalf("delete: %v", err)
	}
	h.mu.Lock()
	delete(h.added, key)
	h.mu.Unlock()
}

func (h *harness) Names(t connectortest.T) []string {
	var out []string
	for _, key := range h.srv.Keys() {
		if key != h.other {
			out = append(out, h.id(t, key))
		}
	}
	return out
}

// Show reads the sandbox's own view, by rules of its own.
func (h *harness) Show(t connectortest.T, id string) task.Values {
	v := h.view(t, id)
	day := func(s any) task.Value {
		text, _ := s.(string)
		d, err := task.Parse(task.Date, text)
		if err != nil {
			t.Fatalf("%v", err)
		}
		return d
	}
	status := map[string]string{"To Do": task.NotStarted, "In Progress": task.InProgress, "In Review": task.InProgress, "Blocked": task.Blocked, "Done": task.Done}[v.Status]
	if v.Resolution == "Won't Do" {
		status = task.Cancelled
	}
	out := task.Values{
		task.Title: task.TextValue(v.Summary), task.Status: task.EnumValue(status), task.Assignee: task.PersonValue(v.Assignee), task.Due: day(v.Due),
		task.Start: day(v.Custom[startField]), task.Priority: task.TextValue(v.Priority), task.Progress: task.Empty(task.Number),
		task.Workstream: task.Empty(task.Text), task.Labels: task.SetValue(slices.DeleteFunc(slices.Clone(v.Labels), func(l string) bool {
			return strings.HasPrefix(l, labelPrefix)
		})...), task.Notes: task.TextValue(h.description(v)),
	}
	if n, ok := v.Custom[progressField].(float64); ok {
		x, err := task.NumberValue(n / 100)
		if err != nil {
			t.Fatalf("%v", err)
		}
		out[task.Progress] = x
	}
	if len(v.Components) > 0 {
		out[task.Workstream] = task.TextValue(v.Components[0])
	}
	return out
}

// Untouched is the issue outside the filter, and of people's issues what is not mapped.
func (h *harness) Untouched(t connectortest.T) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []string
	for _, key := range h.srv.Keys() {
		v := h.view(t, key)
		if key == h.other {
			b, err := json.Marshal(v)
			if err != nil {
				t.Fatalf("%v", err)
			}
			out = append(out, string(b))
		} else if h.added[key] {
			out = append(out, fmt.Sprint(v.ID, v.Key, v.Type, v.Created, v.Properties, v.Comments, v.Links))
		}
	}
	return strings.Join(out, "\n")
}

func (h *harness) Requests(connectortest.T) (reads, writes int, ok bool) {
	for _, r := range h.srv.Panel().Requests() {
		if isWrite(r.Method, r.Path) {
			writes++
		} else {
			reads++
		}
	}
	return reads, writes, true
}
