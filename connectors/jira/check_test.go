package jira

import (
	"net/http"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/connectors/sandbox/dials"
	sandbox "github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// checked is a Jira with a few issues and all rights.
func checked(t *testing.T, flavor sandbox.Flavor, change func(*Config, *Options)) *tool {
	t.Helper()
	tl := start(t, setup{jira: sandbox.Options{Flavor: flavor}, change: func(c *Config, o *Options) {
		c.Fields = map[task.Field]string{task.Start: "Start date"}
		c.People = []Person{{Name: "Amina Diallo", Email: "amina@example.org"}}
		c.Status = map[string][]string{"blocked": {"Blocked"}, "cancelled": {"Won't Do"}}
		if change != nil {
			change(c, o)
		}
	}})
	tl.srv.AddUser("Amina Diallo", "amina@example.org")
	tl.srv.Allow("ADMINISTER_PROJECTS", "BULK_CHANGE")
	for _, status := range []string{"To Do", "In Progress", "In Review", "Blocked", "Done"} {
		tl.srv.Add(sandbox.Seed{Summary: "Task", Status: status, Assignee: "Amina Diallo"})
	}
	return tl
}

func (tl *tool) findings() []connectors.Finding {
	tl.t.Helper()
	tl.requests()
	found, err := tl.Check(tl.t.Context())
	if err != nil {
		tl.t.Fatal(err)
	}
	for _, r := range tl.srv.Panel().Requests() {
		if isWrite(r.Method, r.Path) && !strings.HasSuffix(r.Path, "/search") && !strings.HasSuffix(r.Path, "/approximate-count") {
			tl.t.Errorf("a check writes: %s %s", r.Method, r.Path)
		}
	}
	return found
}

// wrong are the findings that are not ok, as "level topic: text (hint)".
func (tl *tool) wrong() []string {
	tl.t.Helper()
	var out []string
	for _, f := range tl.findings() {
		if f.Level != connectors.LevelOK {
			out = append(out, string(f.Level)+" "+f.Topic+": "+f.Text+" ("+f.Hint+")")
		}
	}
	return out
}

func TestCheckOfASoundJira(t *testing.T) {
	t.Parallel()
	for _, flavor := range []sandbox.Flavor{sandbox.Cloud, sandbox.DataCenter} {
		t.Run(string(flavor), func(t *testing.T) {
			t.Parallel()
			tl := checked(t, flavor, nil)
			if wrong := tl.wrong(); len(wrong) > 0 {
				t.Errorf("a sound Jira has\n%s", strings.Join(wrong, "\n"))
			}
			said := map[string]string{}
			for _, f := range tl.findings() {
				said[f.Topic] += f.Text + "\n"
			}
			for topic, want := range map[string]string{
				"login": "“Lockstep”", "filter": "5 issues", "fields": "start is “Start date” (customfield_10015)", "permissions": "EDIT_ISSUES",
				"statuses": "In progress is “In Progress”, “In Review”", "screens": "WASH Task", "transitions": "ways", "create": "“Task”",
				"people": "1 of 1", "webhook": "next interval",
			} {
				if !strings.Contains(said[topic], want) {
					t.Errorf("%s says %q, want %q", topic, said[topic], want)
				}
			}
			if n := len(tl.requests()); n > 30 {
				t.Errorf("a check takes %d requests", n)
			}
		})
	}
}

func TestCheckFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*Config, *Options)
		spoil  func(*testing.T, *tool)
		want   []string // parts of the one finding
	}{
		"a refused token": {nil, func(_ *testing.T, tl *tool) { tl.srv.ExpireToken(sandbox.TokenRefused) }, []string{"error login", "token"}},
		"a silent token":  {nil, func(_ *testing.T, tl *tool) { tl.srv.ExpireToken(sandbox.TokenSilent) }, []string{"error login", "token"}},
		"a web page": {nil, func(_ *testing.T, tl *tool) {
			tl.srv.Panel().Inject(dials.Fault{Path: "/myself", Effect: dials.Reply, Status: 200, Times: -1, Header: http.Header{"Content-Type": {"text/html"}}, Body: "<title>Log in</title>"})
		}, []string{"error login", "Log in"}},
		"a query that Jira does not understand": {func(c *Config, _ *Options) { c.JQL = "colour = red" }, nil, []string{"error filter", "colour"}},
		"a query that finds nothing":            {func(c *Config, _ *Options) { c.JQL = "project = WASH AND labels = nothing" }, nil, []string{"warning filter", "no issue"}},
		"a permission":                          {nil, func(_ *testing.T, tl *tool) { tl.srv.Deny("TRANSITION_ISSUES") }, []string{"error permissions", "Transition Issues"}},
		"no bulk changes":                       {nil, func(_ *testing.T, tl *tool) { tl.srv.Deny("BULK_CHANGE") }, []string{"warning permissions", "one by one"}},
		"e-mails":                               {nil, func(_ *testing.T, tl *tool) { tl.srv.Deny("ADMINISTER_PROJECTS") }, []string{"warning permissions", "e-mails"}},
		"a field that is not there":             {func(c *Config, _ *Options) { c.Fields[task.Start] = "Begin" }, nil, []string{"warning fields", "Begin"}},
		"a field off the screen": {nil, func(t *testing.T, tl *tool) {
			t.Helper()
			if err := tl.srv.SetScreen("edit", "duedate", false); err != nil {
				t.Fatal(err)
			}
		}, []string{"warning screens", "duedate", "WASH Task"}},
		"a status of the configuration that is not there": {func(c *Config, _ *Options) { c.Status["blocked"] = []string{"Stuck"} }, nil, []string{"warning statuses", "Stuck"}},
		"an issue type that is not there":                 {func(c *Config, _ *Options) { c.Create.IssueType = "Chore" }, nil, []string{"error create", "Chore"}},
		"somebody unknown":                                {func(c *Config, _ *Options) { c.People[0] = Person{Name: "Nobody", Email: "nobody@example.org"} }, nil, []string{"warning people", "Nobody", "jira: {jira: …}"}},
		"levels":                                          {nil, func(_ *testing.T, tl *tool) { tl.srv.OpenLevel("Board", true) }, []string{"warning permissions", "security levels"}},
		"a status that cannot be left": {nil, func(t *testing.T, tl *tool) {
			t.Helper()
			flow := []sandbox.TransitionSpec{
				{Name: "Go", From: []string{"To Do"}, To: "In Progress"},
				{Name: "Look", From: []string{"In Progress"}, To: "In Review"},
				{Name: "Stop", From: []string{"In Progress", "In Review"}, To: "Blocked"},
				{Name: "On", From: []string{"Blocked"}, To: "In Progress"},
				{Name: "Back", From: []string{"In Progress", "In Review", "Blocked"}, To: "To Do"},
				{Name: "End", From: []string{"In Review"}, To: "Done", Screen: true, Resolutions: []string{"Done", "Won't Do"}},
			}
			if err := tl.srv.SetWorkflow("WASH", flow); err != nil {
				t.Fatal(err)
			}
		}, []string{"warning transitions", "“Done”"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tl := checked(t, sandbox.Cloud, tc.change)
			if tc.spoil != nil {
				tc.spoil(t, tl)
			}
			wrong := tl.wrong()
			hit := false
			for _, w := range wrong {
				all := true
				for _, part := range tc.want {
					all = all && strings.Contains(w, part)
				}
				hit = hit || all
				if strings.HasSuffix(w, "()") {
					t.Errorf("no word of what to do: %s", w)
				}
			}
			if !hit {
				t.Errorf("want %q, got\n%s", tc.want, strings.Join(wrong, "\n"))
			}
		})
	}
}
