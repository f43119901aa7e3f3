package engine

import (
	"slices"
	"time"

	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/plan"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// Result is how a cycle went: a metric label.
type Result string

// The results of a cycle.
const (
	ResultOK      Result = "ok"
	ResultPartial Result = "partial" // a source sat out, or a write went wrong; the rest went on
	ResultGuarded Result = "guarded" // a guard said no: nothing was written
	ResultFailed  Result = "failed"  // nothing was decided, or what was decided could not be stored
)

// Results returns every result. The slice is the caller's.
func Results() []Result { return []Result{ResultOK, ResultPartial, ResultGuarded, ResultFailed} }

// Report is what a cycle did, or a dry run would do. It is what the commands print.
type Report struct {
	Partnership string `json:"partnership"`
	Generation  int64  `json:"generation"`
	Result      Result `json:"result"`
	// Converged says that every source was read and there was nothing to write and nothing left to find out. What the scorecard
	// shows beside the tasks does not count, unless it could not be written: it says the time, too.
	Converged bool `json:"converged"`
	Tasks     int  `json:"tasks"`
	// Edits is how many edits of people were seen: fields that they changed, tasks that they made or took away.
	Edits     int            `json:"edits"`
	Sources   []SourceReport `json:"sources"`
	Patches   []PatchReport  `json:"patches"`
	PlanHash  string         `json:"plan_hash,omitempty"`
	Trips     []plan.Trip    `json:"trips,omitempty"`
	Conflicts int            `json:"conflicts"`
	Undone    int            `json:"undone,omitempty"` // decisions that were taken back
	Holds     []task.Hold    `json:"held"`
	// Board is what became of what the scorecard shows beside the tasks.
	Board BoardReport `json:"board"`
	// Paper is what became of the report that people read.
	Paper   PaperReport `json:"report,omitzero"`
	Seconds float64     `json:"seconds"`
}

// BoardReport is what became of the computed columns and pages of the scorecard.
type BoardReport struct {
	// Differs says that something of it was not there yet, Written that it is now. A dry run writes nothing; a cycle does, unless
	// Error says why not.
	Differs bool         `json:"differs"`
	Written bool         `json:"written,omitempty"`
	Error   string       `json:"error,omitempty"`
	Reason  fault.Reason `json:"reason,omitempty"`
	Hint    string       `json:"hint,omitempty"`
}

// PaperReport is what became of the report that is kept for people to read. It is empty where none is, and where it said all of it.
type PaperReport struct {
	Written bool         `json:"written,omitempty"`
	Error   string       `json:"error,omitempty"`
	Reason  fault.Reason `json:"reason,omitempty"`
	Hint    string       `json:"hint,omitempty"`
}

// SourceReport is what happened at one source.
type SourceReport struct {
	ID      task.SourceID `json:"id"`
	Records int           `json:"records"` // items of managed tasks that the source holds
	Read    bool          `json:"read"`    // false where it sat out
	Error   string        `json:"error,omitempty"`
	Reason  fault.Reason  `json:"reason,omitempty"`
	Hint    string        `json:"hint,omitempty"`
	Landed  int           `json:"landed"`           // patches that landed
	Failed  int           `json:"failed,omitempty"` // patches that did not
}

// PatchReport is one write: planned, and in a report of a cycle, what came of it.
type PatchReport struct {
	task.Patch
	Error string `json:"error,omitempty"`
	Hint  string `json:"hint,omitempty"`
}

// Writes is how many patches landed.
func (r Report) Writes() int {
	n := 0
	for _, s := range r.Sources {
		n += s.Landed
	}
	return n
}

func (c *cycle) report() Report {
	r := Report{
		Partnership: c.Partnership, Generation: c.generation, Result: ResultOK, PlanHash: c.planned.Hash(), Trips: c.trips,
		Holds: append([]task.Hold{}, c.holds...), Seconds: c.Now().Sub(c.now).Round(time.Millisecond).Seconds(),
		Patches: []PatchReport{}, Converged: len(c.planned.Patches) == 0, Undone: c.undone,
	}
	for _, w := range c.works {
		if !w.task.Removed {
			r.Tasks++
		}
		r.Conflicts += len(w.conflicts)
		r.Edits += w.edits()
	}
	for _, h := range c.holds {
		if h.Reason == task.HoldAwaiting || h.Reason == task.HoldRetrying {
			r.Converged = false
		}
	}
	results := make(map[sideKey]*patchResult, len(c.results))
	for i := range c.results {
		p := &c.results[i]
		results[sideKey{p.patch.Task, p.patch.Ref.Source}] = p
	}
	r.Sources = c.sourceReports(results, &r)
	for _, p := range c.planned.Patches {
		pr := PatchReport{Patch: p}
		if res := results[sideKey{p.Task, p.Ref.Source}]; res != nil && res.err != nil {
			pr.Error, pr.Hint = res.err.Error(), res.err.Hint
		}
		r.Patches = append(r.Patches, pr)
	}
	r.Board.Differs, r.Board.Written = c.board.differs, c.board.written
	if err := c.board.err; err != nil {
		r.Board.Error, r.Board.Reason, r.Board.Hint = err.Error(), err.Reason, err.Hint
		r.Result, r.Converged = ResultPartial, false
	}
	if r.Paper = c.paperReport(); r.Paper.Error != "" {
		r.Result, r.Converged = ResultPartial, false
	}
	if c.guarded() {
		r.Result, r.Converged = ResultGuarded, false
	}
	return r
}

// edits is how much of the task people changed. A conflict that was open before is no news.
func (w *work) edits() int {
	n := len(w.decisions)
	for _, k := range w.conflicts {
		if !slices.ContainsFunc(w.was, func(o store.Conflict) bool {
			return o.Field == k.Field && slices.EqualFunc(o.Claims, k.Claims, sameClaim)
		}) {
			n++
		}
	}
	if w.task.Removed != w.before.Removed || n == 0 && w.born {
		n++
	}
	return n
}

type sideKey struct {
	task   task.ID
	source task.SourceID
}

func (c *cycle) sourceReports(results map[sideKey]*patchResult, r *Report) []SourceReport {
	out := make([]SourceReport, len(c.sources))
	for i, src := range c.sources {
		sr := SourceReport{ID: src.ID(), Read: c.reads[i].err == nil}
		if err := c.reads[i].err; err != nil {
			sr.Error, sr.Reason, sr.Hint = err.Error(), err.Reason, err.Hint
			r.Result, r.Converged = ResultPartial, false
		}
		for _, w := range c.works {
			if w.sides[i].linked {
				sr.Records++
			}
		}
		out[i] = sr
	}
	for k, res := range results {
		sr := &out[c.index(k.source)]
		if res.err == nil {
			sr.Landed++
			continue
		}
		sr.Failed++
		r.Result = ResultPartial
	}
	return out
}
