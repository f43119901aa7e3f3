package gsheets

import (
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/connectors/google"
	"github.com/lockstep-sync/lockstep/connectors/transport"
	"github.com/lockstep-sync/lockstep/sync/engine"
	"github.com/lockstep-sync/lockstep/sync/merge"
	"github.com/lockstep-sync/lockstep/sync/plan"
	"github.com/lockstep-sync/lockstep/sync/store/storetest"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// reading is a partnership of one sheet that is only read and a scorecard in another spreadsheet.
type reading struct {
	*book
	store *storetest.Memory
	eng   *engine.Engine
}

func openReading(t *testing.T, configured bool, lines ...string) *reading {
	t.Helper()
	cfg := columns("title", "Action", "status", "Status", "due", "Deadline", "notes", "Comments")
	cfg.Create, cfg.ReadOnly = !configured, configured
	r := &reading{book: open(t, cfg, append([]string{"Action|Status|Deadline|Comments"}, lines...)...), store: storetest.NewMemory()}
	r.must(r.srv.ReadOnly(r.id))
	card := r.srv.AddSpreadsheet("Scorecard", tab)
	svc, err := NewService(t.Context(), google.Credentials{Endpoint: r.web.URL}, transport.Options{Retries: -1, Base: r.checked})
	r.must(err)
	cards, err := New(Config{Spreadsheet: card, Tab: tab, Scorecard: true, Partners: []Partner{{ID: "riverton", Name: "Riverton"}}}, svc,
		Options{Source: "scorecard", KeyPrefix: "CW", Now: noon})
	r.must(err)
	r.eng, err = engine.New(engine.Options{
		Partnership: "p", Key: "CW", Rules: merge.DefaultRules(), Guards: plan.DefaultGuards(), Store: r.store, Now: noon, Log: noLog, Parallel: 1,
		Sources: []*connectors.Source{connectors.NewSource("sheet", "riverton", nil, r.c), connectors.NewSource("scorecard", "", nil, cards)},
	})
	r.must(err)
	return r
}

func (r *reading) cycle() engine.Report {
	r.Helper()
	rep, err := r.eng.RunCycle(r.Context(), engine.Mode{})
	r.must(err)
	return rep
}

func (r *reading) agreed(id task.ID, f task.Field) string {
	return r.store.Tasks[id].Agreed[f].String()
}

// A sheet that is only read keeps its tasks through every kind of edit, quietly, and nothing is written to it.
func TestReadOnlySheet(t *testing.T) {
	t.Parallel()
	r := openReading(t, true, "Pump|Open|12/03/2026|ordered", "Pipe|Open|13/03/2026|", "Tank|Done||rusty")
	before := r.srv.Rows(r.id, tab)
	for range 3 {
		r.cycle()
	}
	if rep := r.cycle(); !rep.Converged || len(rep.Holds) > 0 || rep.Tasks != 3 {
		t.Fatalf("at rest %v with %d tasks, held %+v, planned %+v", rep.Converged, rep.Tasks, rep.Holds, rep.Patches)
	}
	if after := r.srv.Rows(r.id, tab); len(after) != len(before) || len(after[0]) != 4 {
		t.Errorf("the sheet was written to: %v", after)
	}
	r.asked()
	r.cycle()
	if reads, writes := r.asked(); reads != 2 || writes != 0 {
		t.Errorf("an idle cycle of two sheets took %d reads and %d writes", reads, writes)
	}
	r.typed("B2", "Done")       // the title stays
	r.typed("A3", "Water pipe") // the title goes, all else stays
	r.must(r.srv.SortRange(r.id, tab, 2, 4, 1, 0, 1, true))
	r.must(r.srv.MoveColumn(r.id, tab, 4, 1))
	r.cycle()
	rep := r.cycle()
	if rep.Tasks != 3 || len(r.store.Tasks) != 3 || !rep.Converged || len(rep.Holds) > 0 {
		t.Errorf("%d tasks of %d, at rest %v, held %+v", rep.Tasks, len(r.store.Tasks), rep.Converged, rep.Holds)
	}
	if r.agreed("CW-1", task.Status) != task.Done || r.agreed("CW-2", task.Title) != "Water pipe" || r.agreed("CW-3", task.Title) != "Tank" {
		t.Errorf("agreed is %+v", r.store.Tasks)
	}
	r.must(r.srv.DeleteRow(r.id, tab, 2)) // Water pipe
	r.cycle()
	if !r.store.Tasks["CW-2"].Removed {
		t.Error("a row that was deleted is still a task")
	}
}

// A sheet that refuses a write is read from then on, says so, and is tried again after a while.
func TestSheetThatRefusesWrites(t *testing.T) {
	t.Parallel()
	r := openReading(t, false, "Pump|Open|12/03/2026|ordered")
	r.cycle()
	r.cycle() // the scorecard's page of data quality tells of it
	r.asked()
	rep := r.cycle()
	_, writes := r.asked()
	if writes != 0 || rep.Tasks != 1 || len(rep.Holds) != 1 || rep.Holds[0].Reason != task.HoldUnsupported || rep.Holds[0].Key != "" {
		t.Errorf("%d writes, %d tasks, held %+v", writes, rep.Tasks, rep.Holds)
	}
	r.must(r.srv.Share(r.id))
	r.c.share.refused = noon().Add(-2 * time.Hour)
	r.cycle()
	r.cycle()
	if rep := r.cycle(); len(rep.Holds) > 0 || !rep.Converged {
		t.Errorf("shared again: held %+v", rep.Holds)
	}
	r.is("E2", "CW-1")
}
