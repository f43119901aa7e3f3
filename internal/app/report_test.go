package app_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/config"
	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/internal/app"
	"github.com/lockstep-sync/lockstep/internal/demo"
	"github.com/lockstep-sync/lockstep/sync/engine"
)

// reportRig is the demo's partnership on a stopped clock, with its report.
type reportRig struct {
	*demo.World
	t     *testing.T
	clock *demo.Clock
	store string
	app   *app.App
}

func newReportRig(t *testing.T) *reportRig {
	t.Helper()
	r := &reportRig{t: t, clock: &demo.Clock{}, store: filepath.Join(t.TempDir(), "lockstep.db")}
	r.clock.Set(time.Date(2026, 11, 19, 9, 0, 0, 0, time.UTC)) // a Thursday
	w, err := demo.Start(t.Context(), r.clock, demo.Options{Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	if err := w.SeedToday(); err != nil {
		t.Fatal(err)
	}
	r.World = w
	r.open()
	return r
}

func (r *reportRig) options() app.Options {
	r.t.Helper()
	cfg, err := config.Parse("demo.yaml", []byte(r.Config(r.store)), func(string) (string, bool) { return "", false })
	if err != nil {
		r.t.Fatal(err)
	}
	return app.Options{Config: cfg, Now: r.clock.Now, Version: "test"}
}

func (r *reportRig) open() {
	r.t.Helper()
	a, err := app.New(r.t.Context(), r.options())
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = a.Close() })
	r.app = a
}

// cycle runs one, two minutes after the one before, and says how many requests the report cost.
func (r *reportRig) cycle() (engine.Report, app.Counts) {
	r.t.Helper()
	r.clock.Set(r.clock.Now().Add(2 * time.Minute))
	before := r.app.Requests()["scorecard.report"]
	rep := once(r.t, r.app)
	after := r.app.Requests()["scorecard.report"]
	return rep, app.Counts{Reads: after.Reads - before.Reads, Writes: after.Writes - before.Writes}
}

func (r *reportRig) settle() {
	r.t.Helper()
	for range 10 {
		if rep, _ := r.cycle(); rep.Converged {
			return
		}
	}
	r.t.Fatal("it does not come to rest")
}

func (r *reportRig) text() string { return r.Google.DocumentText(r.ReportDoc) }

// TestReportCosts: nothing while it is quiet, one read and one write for a change, one read after a restart.
func TestReportCosts(t *testing.T) {
	t.Parallel()
	r := newReportRig(t)
	r.settle()
	for range 3 {
		if rep, cost := r.cycle(); cost != (app.Counts{}) || rep.Paper.Written {
			t.Errorf("a quiet cycle: %+v, %+v", cost, rep.Paper)
		}
	}
	if got := r.text(); !strings.Contains(got, "Publish the baseline report") || !strings.Contains(got, "As of 19 November 2026") || strings.Contains(got, "Week of") {
		t.Fatalf("the report says\n%s", got)
	}
	if err := r.TypeInHydrotech("Customs clearance of the pumps", "status", "Finished"); err != nil { // the pumps are through customs
		t.Fatal(err)
	}
	if rep, cost := r.cycle(); cost != (app.Counts{Reads: 1, Writes: 1}) || !rep.Paper.Written {
		t.Errorf("a change: %+v, %+v", cost, rep.Paper)
	}
	if got := r.text(); strings.Contains(got, "Customs clearance") {
		t.Errorf("what is done is overdue still:\n%s", got)
	}
	r.clock.Set(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC))
	if rep, cost := r.cycle(); cost != (app.Counts{Reads: 1, Writes: 1}) || !rep.Paper.Written {
		t.Errorf("a week is over: %+v, %+v", cost, rep.Paper)
	}
	once := r.text()
	if strings.Count(once, "Week of 16 to 22 November 2026") != 1 || !strings.Contains(once, "Customs clearance of the pumps (HydroTech Ltd)") {
		t.Fatalf("the report says\n%s", once)
	}
	if err := r.app.Close(); err != nil {
		t.Fatal(err)
	}
	r.open()
	if rep, cost := r.cycle(); cost != (app.Counts{Reads: 1}) || rep.Result != engine.ResultOK {
		t.Errorf("after a restart: %+v, %s", cost, rep.Result)
	}
	if diff := cmp.Diff(once, r.text()); diff != "" {
		t.Errorf("after a restart it says something else (-before +after):\n%s", diff)
	}
}

// TestReportOutOfReach: the partnership is kept in step all the same, and people are told.
func TestReportOutOfReach(t *testing.T) {
	t.Parallel()
	r := newReportRig(t)
	r.settle()
	for name, away := range map[string]func(string) error{"read only": r.Google.ReadOnly, "unshared": r.Google.Unshare} {
		if err := away(r.ReportDoc); err != nil {
			t.Fatal(err)
		}
		r.clock.Set(r.clock.Now().AddDate(0, 0, 1))
		rep, _ := r.cycle()
		if rep.Result != engine.ResultPartial || !strings.Contains(rep.Paper.Hint, "as an editor") {
			t.Errorf("%s: %s, %+v", name, rep.Result, rep.Paper)
		}
		found := r.check()
		if last := found[len(found)-1]; last.Level != connectors.LevelError || !strings.Contains(last.Hint, "as an editor") {
			t.Errorf("%s: check found %+v", name, found)
		}
		if err := r.Google.Share(r.ReportDoc); err != nil {
			t.Fatal(err)
		}
		r.clock.Set(r.clock.Now().Add(time.Hour))
		if rep, _ := r.cycle(); rep.Result != engine.ResultOK || !rep.Paper.Written {
			t.Errorf("%s, and shared again: %s, %+v", name, rep.Result, rep.Paper)
		}
	}
	if found := r.check(); len(found) != 1 || found[0].Level != connectors.LevelOK {
		t.Errorf("check found %+v", found)
	}
}

// check is what Check finds of the report.
func (r *reportRig) check() []connectors.Finding {
	r.t.Helper()
	var found []connectors.Finding
	if err := app.Check(r.t.Context(), r.options(), func(s app.SourceCheck) {
		if s.Kind == "report" {
			found = append(found, s.Findings...)
		}
	}); err != nil {
		r.t.Fatal(err)
	}
	if len(found) == 0 {
		r.t.Fatal("the report was not checked")
	}
	return found
}
