package jira

import (
	"net/http"
	"slices"
	"testing"

	"github.com/lockstep-sync/lockstep/connectors"
	sandbox "github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
	"github.com/lockstep-sync/lockstep/sync/task"
)

func TestDiscover(t *testing.T) {
	t.Parallel()
	for _, flavor := range []sandbox.Flavor{sandbox.Cloud, sandbox.DataCenter} {
		t.Run(string(flavor), func(t *testing.T) {
			t.Parallel()
			tl := checked(t, flavor, func(c *Config, _ *Options) { c.Status, c.Fields, c.Create = nil, nil, nil })
			tl.requests()
			d, err := tl.Discover(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range tl.srv.Panel().Requests() {
				if isWrite(r.Method, r.Path) && r.Method != http.MethodPost {
					t.Errorf("to discover writes: %s %s", r.Method, r.Path)
				}
			}
			means := map[string]string{}
			for _, s := range d.Statuses {
				means[s.Name] = s.Means
			}
			if means["Blocked"] != task.InProgress || means["Done"] != task.Done || means["To Do"] != task.NotStarted {
				t.Errorf("the statuses are %v", means)
			}
			if !slices.Equal(d.Projects, []string{tl.srv.Project()}) || d.Flavor != tl.srv.Flavor().String() {
				t.Errorf("projects %q of %q", d.Projects, d.Flavor)
			}
			if !slices.ContainsFunc(d.Fields, func(f FieldFound) bool { return f.Name == "Start date" }) ||
				slices.ContainsFunc(d.Fields, func(f FieldFound) bool { return f.ID == "summary" }) {
				t.Errorf("the fields are %+v", d.Fields)
			}
		})
	}
}

func TestDiscoverWithoutALogin(t *testing.T) {
	t.Parallel()
	tl := checked(t, sandbox.Cloud, nil)
	tl.srv.ExpireToken(sandbox.TokenRefused)
	d, err := tl.Discover(t.Context())
	if err != nil || len(d.Findings) != 1 || d.Findings[0].Level != connectors.LevelError || len(d.Projects) != 0 {
		t.Errorf("%+v, %v", d, err)
	}
}
