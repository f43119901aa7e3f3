package jira

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// answers is a Jira of a few fixed answers, by method and path, such as "GET /rest/api/2/serverInfo". What is not there
// is 404.
type answers struct {
	t    *testing.T
	by   map[string]func(*http.Request, string) (int, string)
	said []string // the requests, with their query
}

func (a *answers) RoundTrip(r *http.Request) (*http.Response, error) {
	body := ""
	if r.Body != nil {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		body = string(b)
	}
	line := r.Method + " " + r.URL.Path
	if q := r.URL.RawQuery; q != "" {
		a.said = append(a.said, line+"?"+q)
	} else {
		a.said = append(a.said, line)
	}
	status, text := http.StatusNotFound, `{"errorMessages":["not here"],"errors":{}}`
	if f := a.by[line]; f != nil {
		status, text = f(r, body)
	}
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(text)), Request: r,
	}, nil
}

func always(status int, body string) func(*http.Request, string) (int, string) {
	return func(*http.Request, string) (int, string) { return status, body }
}

const (
	askFlavor   = "GET /rest/api/2/serverInfo"
	aCloud      = `{"baseUrl":"https://aqua.atlassian.net","deploymentType":"Cloud"}`
	aServer     = `{"baseUrl":"https://jira.example.org","deploymentType":"Server","version":"10.3.1"}`
	jiraExample = "https://jira.example.org"
)

func (a *answers) connect(change func(*Config, *Options)) *Connector {
	a.t.Helper()
	cfg := Config{URL: jiraExample, Token: "sandbox-token", JQL: "project = WASH"}
	o := Options{Source: "jira", KeyPrefix: "CW", Base: a, Rate: 100_000, InlineWait: 1}
	if change != nil {
		change(&cfg, &o)
	}
	c, err := New(cfg, o)
	if err != nil {
		a.t.Fatal(err)
	}
	return c
}

// aBot is who we are, by Cloud and by Data Center.
const aBot = `{"accountId":"5b10","name":"bot"}`

func TestFlavor(t *testing.T) {
	t.Parallel()
	html := func(*http.Request, string) (int, string) { return http.StatusOK, "<html><title>Log in</title></html>" }
	for name, tt := range map[string]struct {
		flavor string
		server func(*http.Request, string) (int, string)
		want   string // the path that proves who we are, or a part of the hint
		kind   fault.Kind
		reason fault.Reason
	}{
		"auto finds Cloud":                   {"", always(200, aCloud), "GET /rest/api/3/myself", "", ""},
		"auto finds Server":                  {"auto", always(200, aServer), "GET /rest/api/2/myself", "", ""},
		"auto finds Data Center":             {"auto", always(200, `{"deploymentType":"DataCenter"}`), "GET /rest/api/2/myself", "", ""},
		"auto is not told":                   {"auto", always(200, `{"baseUrl":"https://x"}`), "flavor: datacenter", fault.Permanent, fault.Invalid},
		"auto is told something else":        {"auto", always(200, `{"deploymentType":"Forge"}`), "flavor: cloud", fault.Permanent, fault.Invalid},
		"auto is answered with a page":       {"auto", html, "", fault.Permanent, fault.Invalid},
		"auto finds nothing":                 {"auto", nil, "flavor: datacenter", fault.Permanent, fault.NotFound},
		"auto is not let in":                 {"auto", always(401, ""), "personal access token on Data Center", fault.Permanent, fault.Auth},
		"auto finds it down":                 {"auto", always(503, ""), "", fault.Retryable, fault.Unavailable},
		"cloud, as configured":               {"cloud", always(200, aCloud), "GET /rest/api/3/myself", "", ""},
		"cloud, hidden by a proxy":           {"cloud", nil, "GET /rest/api/3/myself", "", ""},
		"data center, hidden by a proxy":     {"datacenter", always(403, ""), "GET /rest/api/2/myself", "", ""},
		"data center, not told":              {"datacenter", always(200, `{}`), "GET /rest/api/2/myself", "", ""},
		"data center, down":                  {"datacenter", always(503, ""), "", fault.Retryable, fault.Unavailable},
		"cloud, contradicted":                {"cloud", always(200, aServer), "flavor: datacenter or auto", fault.Permanent, fault.Invalid},
		"data center, contradicted by Cloud": {"datacenter", always(200, aCloud), "flavor: cloud or auto", fault.Permanent, fault.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := &answers{t: t, by: map[string]func(*http.Request, string) (int, string){
				askFlavor: tt.server, "GET /rest/api/2/myself": always(200, aBot), "GET /rest/api/3/myself": always(200, aBot),
			}}
			if tt.server == nil {
				delete(a.by, askFlavor)
			}
			c := a.connect(func(cfg *Config, _ *Options) { cfg.Flavor = tt.flavor })
			err := c.api.myself(t.Context())
			if tt.kind != "" {
				f := wantFault(t, err, tt.kind, tt.reason)
				if !strings.Contains(f.Hint, tt.want) {
					t.Errorf("hint %q", f.Hint)
				}
				return
			}
			if err != nil {
				t.Fatalf("%v (%s)", err, fault.Of(err).Hint)
			}
			if err := c.api.myself(t.Context()); err != nil {
				t.Fatal(err)
			}
			asked := 0
			for _, s := range a.said {
				if strings.HasSuffix(s, "serverInfo") {
					asked++
				}
			}
			if last := a.said[len(a.said)-1]; last != tt.want || asked != 1 && tt.server != nil && tt.kind == "" {
				t.Errorf("asked %v", a.said)
			}
		})
	}
}

// An answer that may be another one later is asked for again.
func TestFlavorLater(t *testing.T) {
	t.Parallel()
	a := &answers{t: t, by: map[string]func(*http.Request, string) (int, string){
		askFlavor: always(401, ""), "GET /rest/api/2/myself": always(200, aBot),
	}}
	c := a.connect(nil)
	wantFault(t, c.api.myself(t.Context()), fault.Permanent, fault.Auth)
	a.by[askFlavor] = always(200, aServer)
	if err := c.api.myself(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestCredentialHints(t *testing.T) {
	t.Parallel()
	for server, want := range map[string]string{aCloud: "new API token", aServer: "new personal access token"} {
		a := &answers{t: t, by: map[string]func(*http.Request, string) (int, string){askFlavor: always(200, server)}}
		a.by["GET /rest/api/2/myself"], a.by["GET /rest/api/3/myself"] = always(401, ""), always(401, "")
		err := a.connect(nil).api.myself(t.Context())
		if f := wantFault(t, err, fault.Permanent, fault.Auth); !strings.Contains(f.Hint, want) {
			t.Errorf("hint %q", f.Hint)
		}
	}
}

// The gateway for OAuth and scoped tokens shows no pages: links lead to the site that stands behind it, if that is one.
func TestGateway(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{
		aCloud: "https://aqua.atlassian.net",
		`{"deploymentType":"Cloud","baseUrl":"javascript:alert(1)"}`:    "https://api.atlassian.com/ex/jira/1",
		`{"deploymentType":"Cloud","baseUrl":"https://u:p@evil.com"}`:   "https://api.atlassian.com/ex/jira/1",
		`{"deploymentType":"Cloud","baseUrl":"http://[::1"}`:            "https://api.atlassian.com/ex/jira/1",
		`{"deploymentType":"Cloud","baseUrl":"https://aqua.example/x"}`: "https://aqua.example/x",
	} {
		a := &answers{t: t, by: map[string]func(*http.Request, string) (int, string){
			"GET /ex/jira/1/rest/api/2/serverInfo": always(200, said), "GET /ex/jira/1/rest/api/3/myself": always(200, aBot),
		}}
		c := a.connect(func(cfg *Config, _ *Options) { cfg.URL = "https://api.atlassian.com/ex/jira/1" })
		if err := c.api.myself(t.Context()); err != nil {
			t.Fatal(err)
		}
		r := c.record(&wireIssue{ID: "1", Key: "WASH-1"})
		if r.URL != want+"/browse/WASH-1" {
			t.Errorf("after %s the issue is at %s", said, r.URL)
		}
	}
	a := &answers{t: t, by: map[string]func(*http.Request, string) (int, string){
		askFlavor: always(200, aCloud), "GET /rest/api/3/myself": always(200, aBot),
	}}
	c := a.connect(nil)
	if err := c.api.myself(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r := c.record(&wireIssue{ID: "1", Key: "WASH-1"}); r.URL != jiraExample+"/browse/WASH-1" {
		t.Errorf("the server moved the links to %s", r.URL)
	}
}

func TestUsersOfDataCenter(t *testing.T) {
	t.Parallel()
	a := &answers{t: t, by: map[string]func(*http.Request, string) (int, string){askFlavor: always(200, aServer)}}
	a.by["GET /rest/api/2/user/search"] = func(r *http.Request, _ string) (int, string) {
		if r.URL.Query().Get("username") != "chen@example.org" || r.URL.Query().Has("query") {
			return http.StatusBadRequest, `{}`
		}
		return http.StatusOK, `[{"key":"JIRAUSER7","name":"cwei2","emailAddress":"other@example.org","displayName":"Chen Wei","active":true},
			{"key":"JIRAUSER8","name":"cwei","emailAddress":"chen@example.org","displayName":"C. Wei","active":true}]`
	}
	c := a.connect(func(cfg *Config, _ *Options) {
		cfg.People = []Person{{Name: "Chen Wei", Email: "chen@example.org"}, {Name: "Amina Diallo", AccountID: "ADiallo"}}
	})
	if err := c.lookUpPeople(t.Context()); err != nil {
		t.Fatal(err)
	}
	col, _ := c.column(task.Assignee)
	for name, want := range map[string]string{"Chen Wei": "cwei", "Amina Diallo": "ADiallo"} {
		got, err := c.encode(col, task.PersonValue(name), nil)
		if m, ok := got.(map[string]string); err != nil || !ok || m["name"] != want || len(m) != 1 {
			t.Errorf("%s is written as %v, %v", name, got, err)
		}
	}
	for user, want := range map[string]string{
		`{"name":"adiallo","displayName":"Somebody"}`: "Amina Diallo",
		`{"name":"cwei","displayName":"C. Wei"}`:      "Chen Wei",
		`{"name":"x","displayName":"Xavier"}`:         "Xavier",
		`{"key":"JIRAUSER9","name":"y"}`:              "y",
	} {
		is := &wireIssue{Fields: map[string]json.RawMessage{"assignee": json.RawMessage(user)}}
		if got, problem := c.read(col, is); got != task.PersonValue(want) || problem != nil {
			t.Errorf("%s reads %v, %v", user, got, problem)
		}
	}
	_, problem := c.Normalize(task.Assignee, task.PersonValue("Nobody"), task.Empty(task.Person))
	if problem == nil || !strings.Contains(problem.Hint, "user name") {
		t.Errorf("got %+v", problem)
	}
}
