package jira

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// world is a Jira in memory with any workflow: it knows the few requests that moving issues takes.
type world struct {
	statuses []wireStatus
	ways     []way
	issues   map[string]*piece
	// mayMoveMany says that bulk changes are allowed; editable, that the resolution is on the edit screen.
	mayMoveMany, editable bool
	sent                  []string // requests
	tasks                 map[string]progress
	refuse                map[string]string // fields that an edit refuses, with what is said
}

// way is a transition of the world. From and to are indices of statuses.
type way struct {
	id       string
	from, to int
	fields   map[string]map[string]any // the screen, as Jira tells it
	hidden   string                    // a field without which a rule refuses the transition
	barred   map[string]bool           // ids of issues to which it is not offered
	sets     string                    // a resolution that is set on the way; "-" takes it off
	lands    int                       // where a rule takes the issue after it; -1 for nowhere else
}

// piece is an issue of the world.
type piece struct {
	id         string
	at         int
	resolution string
	fields     map[string]any
	version    int
	posts      int
}

func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	path := regexp.MustCompile(`^/rest/api/\d/`).ReplaceAllString(r.URL.Path, "")
	w.sent = append(w.sent, r.Method+" "+path)
	status, out := w.answer(r, path, body)
	text, err := json.Marshal(out)
	if err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Request: r, ProtoMajor: 1, ProtoMinor: 1,
		Body: io.NopCloser(strings.NewReader(string(text))), ContentLength: int64(len(text)),
	}, nil
}

type obj = map[string]any

func complaint(fields map[string]string, messages ...string) (int, any) {
	return http.StatusBadRequest, obj{"errorMessages": messages, "errors": fields}
}

func (w *world) answer(r *http.Request, path string, body []byte) (int, any) {
	parts := strings.Split(path, "/")
	switch {
	case path == "serverInfo":
		return 200, obj{"deploymentType": "Cloud"}
	case path == "field", path == "priority", path == "user/search":
		return 200, []any{}
	case path == "resolution":
		return 200, []any{obj{"name": "Done"}, obj{"name": "Fixed"}, obj{"name": "Won't Do"}}
	case path == "status":
		return 200, w.statuses
	case path == "mypermissions":
		return 200, obj{"permissions": obj{"BULK_CHANGE": obj{"havePermission": w.mayMoveMany}}}
	case path == "search/jql":
		return 200, obj{"issues": w.search(string(body)), "isLast": true}
	case path == "issue/bulkfetch":
		var req bulkRequest
		if err := json.Unmarshal(body, &req); err != nil {
			return complaint(nil, err.Error())
		}
		var out []any
		for _, id := range req.IDs {
			if p := w.issues[id]; p != nil {
				out = append(out, w.show(p))
			}
		}
		return 200, obj{"issues": out}
	case path == "bulk/issues/transition":
		return w.bulk(body)
	case strings.HasPrefix(path, "bulk/queue/"):
		return 200, w.tasks[parts[2]]
	case parts[0] == "issue" && len(parts) > 1 && w.issues[parts[1]] != nil:
		return w.one(r.Method, w.issues[parts[1]], parts[2:], body)
	}
	return 404, obj{"errorMessages": []string{"no such thing: " + path}}
}

func (w *world) search(body string) []any {
	m := regexp.MustCompile(`status = \\?"?(\d+)`).FindStringSubmatch(body)
	var out []any
	for _, id := range sortedKeys(w.issues) {
		if p := w.issues[id]; len(m) > 1 && w.statuses[p.at].ID == m[1] && len(out) == 0 {
			out = append(out, w.show(p))
		}
	}
	return out
}

func (w *world) show(p *piece) any {
	f := obj{
		"status": w.statuses[p.at], "resolution": nil, "summary": "S" + p.id, "labels": []string{}, "duedate": nil,
		"project": obj{"id": "10000", "key": "WASH"}, "issuetype": obj{"id": "10010", "name": "Task"},
		"updated": time.UnixMilli(1_700_000_000_000 + int64(p.version)).UTC().Format("2006-01-02T15:04:05.000-0700"),
	}
	if p.resolution != "" {
		f["resolution"] = obj{"name": p.resolution}
	}
	maps.Copy(f, p.fields)
	return obj{"id": p.id, "key": "WASH-" + p.id, "fields": f}
}

func (w *world) offered(p *piece) []way {
	var out []way
	for _, e := range w.ways {
		if e.from == p.at && !e.barred[p.id] {
			out = append(out, e)
		}
	}
	return out
}

func (w *world) one(method string, p *piece, rest []string, body []byte) (int, any) {
	what := strings.Join(append([]string{method}, rest...), " ")
	switch what {
	case "GET":
		return 200, w.show(p)
	case "GET editmeta":
		fields := obj{"summary": obj{"name": "Summary"}}
		if w.editable {
			fields["resolution"] = obj{"name": "Resolution", "allowedValues": []any{obj{"id": "1", "name": "Done"}, obj{"id": "2", "name": "Won't Do"}}}
		}
		return 200, obj{"fields": fields}
	case "GET transitions":
		out := []any{}
		for _, e := range w.offered(p) {
			out = append(out, obj{"id": e.id, "name": "go", "to": w.statuses[e.to], "fields": e.fields, "hasScreen": len(e.fields) > 0})
		}
		return 200, obj{"transitions": out}
	case "POST transitions":
		p.posts++
		var req struct {
			Transition wireNamed      `json:"transition"`
			Fields     map[string]any `json:"fields"`
			Update     map[string]any `json:"update"`
		}
		if err := json.Unmarshal(body, &req); err != nil {
			return complaint(nil, err.Error())
		}
		for k, v := range req.Update {
			if req.Fields == nil {
				req.Fields = obj{}
			}
			req.Fields[k] = v
		}
		if said := w.move(p, req.Transition.ID, req.Fields); said != nil {
			return complaint(said)
		}
		return 204, nil
	case "PUT":
		var req struct {
			Fields map[string]any `json:"fields"`
		}
		if err := json.Unmarshal(body, &req); err != nil {
			return complaint(nil, err.Error())
		}
		said := map[string]string{}
		for k := range req.Fields {
			if text, ok := w.refuse[k]; ok {
				said[k] = text
			}
		}
		if len(said) > 0 {
			return complaint(said)
		}
		for k, v := range req.Fields {
			if n, ok := v.(map[string]any); ok && k == "resolution" {
				p.resolution = fmt.Sprint(n["name"])
			} else {
				p.fields[k] = v
			}
		}
		p.version++
		return 200, w.show(p)
	}
	return 404, nil
}

// move takes an issue through a transition; what it complains of comes back, nil where it went well.
func (w *world) move(p *piece, id string, fields map[string]any) map[string]string {
	i := slices.IndexFunc(w.offered(p), func(e way) bool { return e.id == id })
	if i < 0 {
		return map[string]string{"transition": "not valid for this issue"}
	}
	e := w.offered(p)[i]
	for name := range fields {
		if _, ok := e.fields[name]; !ok {
			return map[string]string{name: "Field '" + name + "' cannot be set. It is not on the appropriate screen, or unknown."}
		}
	}
	for name, f := range e.fields {
		if _, given := fields[name]; f["required"] == true && f["hasDefaultValue"] != true && !given && p.fields[name] == nil {
			return map[string]string{name: fmt.Sprint(f["name"]) + " is required."}
		}
	}
	if _, given := fields[e.hidden]; e.hidden != "" && !given && p.fields[e.hidden] == nil {
		return map[string]string{e.hidden: "a rule asks for it"}
	}
	for name, v := range fields {
		if n, ok := v.(map[string]any); ok && name == "resolution" {
			p.resolution = fmt.Sprint(n["name"])
		} else {
			p.fields[name] = v
		}
	}
	switch e.sets {
	case "":
	case "-":
		p.resolution = ""
	default:
		p.resolution = e.sets
	}
	p.version++
	if p.at = e.to; e.lands >= 0 {
		p.at = e.lands
	}
	return nil
}

func (w *world) bulk(body []byte) (int, any) {
	if !w.mayMoveMany {
		return 403, obj{"errors": []any{obj{"message": "no"}}}
	}
	var req struct {
		Inputs []wireOrder `json:"bulkTransitionInputs"`
	}
	if err := json.Unmarshal(body, &req); err != nil {
		return complaint(nil, err.Error())
	}
	p := progress{Status: "COMPLETE", Percent: 100, Failed: map[string]json.RawMessage{}}
	for _, in := range req.Inputs {
		for _, id := range in.Issues {
			if said := w.move(w.issues[id], in.Transition, nil); said != nil {
				p.Failed[id] = json.RawMessage(`["It is refused."]`)
			}
		}
	}
	if w.tasks == nil {
		w.tasks = map[string]progress{}
	}
	id := fmt.Sprint(len(w.tasks) + 1)
	w.tasks[id] = p
	return 201, obj{"taskId": id}
}

// client is a connector to the world.
func (w *world) client(t interface{ Fatal(args ...any) }, c Config) *Connector {
	c.URL, c.Email, c.Token, c.JQL = "https://jira.example.org", "bot@example.org", "world-token-1", "project = WASH"
	out, err := New(c, Options{Source: "jira", KeyPrefix: "CW", Base: w, Wait: noWait, Rate: 100_000, InlineWait: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// patch wants an issue of the world in another status.
func (w *world) patch(c *Connector, id, want string) task.Patch {
	from, _ := c.meaning.of(w.statuses[w.issues[id].at], w.issues[id].resolution)
	return task.Patch{
		Op: task.Update, Ref: task.Ref{Source: "jira", Key: id}, Name: "WASH-" + id,
		Set: []task.Change{{Field: task.Status, From: task.EnumValue(from), To: task.EnumValue(want)}},
	}
}

// meaning is what an issue says by now.
func (w *world) meaning(c *Connector, id string) string {
	p := w.issues[id]
	got, _ := c.meaning.of(w.statuses[p.at], p.resolution)
	return got
}

// flow makes a world of statuses, written "name category", with one issue in the first of them, and of transitions written
// "from>to".
func flow(t *testing.T, statuses []string, ways ...string) *world {
	t.Helper()
	w := &world{issues: map[string]*piece{"1": {id: "1", fields: map[string]any{}}}}
	at := map[string]int{}
	for i, s := range statuses {
		cut := strings.LastIndexByte(s, ' ')
		at[s[:cut]] = i
		w.statuses = append(w.statuses, wireStatus{ID: fmt.Sprint(20000 + i), Name: s[:cut], Category: wireCategory{Key: s[cut+1:]}})
	}
	for i, s := range ways {
		from, to, ok := strings.Cut(s, ">")
		if _, known := at[from]; !ok || !known {
			t.Fatalf("no way: %s", s)
		}
		w.ways = append(w.ways, way{id: fmt.Sprint(i + 1), from: at[from], to: at[to], lands: -1})
	}
	return w
}

// screen puts a field on the screen of the transition with that number, counted from 1.
func (w *world) screen(n int, id string, field map[string]any) *world {
	if w.ways[n-1].fields == nil {
		w.ways[n-1].fields = map[string]map[string]any{}
	}
	w.ways[n-1].fields[id] = field
	return w
}
