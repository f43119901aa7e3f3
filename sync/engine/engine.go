// Package engine runs the cycle: load, pull, match, merge, plan, guard, decide, apply, settle, publish. RunCycle is the
// page to read first.
package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/sync/merge"
	"github.com/lockstep-sync/lockstep/sync/plan"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
	"github.com/lockstep-sync/lockstep/sync/view"
)

// Options is what an engine needs. Everything but Location, Board, Paper, DeletedRows, Metrics, Parallel and Published must be given.
type Options struct {
	Partnership string // the partnership's id
	Key         string // task ids begin with it: "CW"
	Sources     []*connectors.Source
	Rules       merge.Rules
	Guards      plan.Guards
	Location    *time.Location // the partnership's timezone, in which a day ends; nil is UTC
	Board       *BoardOptions  // what the scorecard shows beside the tasks; nil is DefaultBoard
	Paper       *PaperOptions  // the report that is kept for people to read; nil where there is none
	DeletedRows DeletedRows    // what a row means that people deleted on the scorecard; "" is RestoreRows
	Store       store.Store
	Now         func() time.Time
	Log         *slog.Logger
	Metrics     *Metrics
	// Parallel is how many sources are read or written at once; 0 is eight.
	Parallel int
	// Published is called after every cycle that was not a dry run, with its report.
	Published func(Report)
}

const defaultParallel = 8

// Engine keeps one partnership in step. Cycles of one engine never overlap: RunCycle waits for the one before.
type Engine struct {
	Options
	sources   []*connectors.Source // sorted by id
	scorecard int                  // index in sources

	choosing choosing

	running sync.Mutex
	// rest holds until when a source asked to be left alone. Guarded by running.
	rest   map[task.SourceID]time.Time
	memory boardMemory // guarded by running, too
	// paperMemory, too.
	paperMemory paperMemory
}

// New returns an engine. There must be exactly one scorecard among the sources, and no two sources of one id.
func New(o Options) (*Engine, error) {
	e := &Engine{Options: o, sources: slices.Clone(o.Sources), scorecard: -1, rest: make(map[task.SourceID]time.Time)}
	slices.SortFunc(e.sources, func(a, b *connectors.Source) int { return strings.Compare(string(a.ID()), string(b.ID())) })
	for i, s := range e.sources {
		if i > 0 && e.sources[i-1].ID() == s.ID() {
			return nil, fmt.Errorf("set up partnership %s: two sources are called %s", o.Partnership, s.ID())
		}
		if s.Scorecard() {
			if e.scorecard >= 0 {
				return nil, fmt.Errorf("set up partnership %s: two scorecards", o.Partnership)
			}
			e.scorecard = i
		}
	}
	if e.scorecard < 0 {
		return nil, fmt.Errorf("set up partnership %s: no scorecard", o.Partnership)
	}
	if o.Paper != nil && o.Paper.Reporter == nil {
		return nil, fmt.Errorf("set up partnership %s: %w", o.Partnership, errNoReporter)
	}
	if o.Parallel <= 0 {
		e.Parallel = defaultParallel
	}
	if o.Location == nil {
		e.Location = time.UTC
	}
	if o.Board == nil {
		board := DefaultBoard(o.Partnership)
		e.Board = &board
	}
	e.memory.stories = view.NewStories(activityRows)
	if o.Metrics == nil {
		e.Metrics = NewMetrics(nil, e.Now)
	}
	return e, nil
}

// Mode says how far a cycle goes.
type Mode struct {
	// DryRun stops before anything is decided: the report holds the plan.
	DryRun bool
	// Approve is the hash of a plan that is let through although a guard says no.
	Approve string
	// Undo are decisions that the cycle takes back.
	Undo []Reversal
}

// RunCycle pulls every source, reconciles, and writes what follows. A source that fails sits the cycle out and is named
// in the report. An error means that the cycle as a whole came to nothing: nothing was decided, or what was decided could not
// be stored; the next cycle starts from what the store holds.
func (e *Engine) RunCycle(ctx context.Context, mode Mode) (Report, error) {
	e.running.Lock()
	defer e.running.Unlock()

	c, err := e.load(ctx) // agreed state, bases, links, cursors, generation
	if err != nil {
		return e.failed(mode, err)
	}
	c.takeBack(mode.Undo)
	c.pull(ctx)  // every source at once; who fails sits out
	c.match(ctx) // link, mark, rule; absences are confirmed by a direct read
	c.merge()    // per task and field, all sources at once
	c.plan()     // agreed against now
	c.guard(mode)
	if mode.DryRun {
		c.foresee(ctx)
		return c.report(), nil
	}
	if c.guarded() {
		err := c.decideNothing(ctx)
		return e.publish(c, err)
	}
	if err := c.decide(ctx); err != nil { // one transaction, before anything is written
		return e.failed(mode, err)
	}
	c.show(ctx)         // what the scorecard shows beside the tasks; it is written along
	err = c.apply(ctx)  // sources in parallel, a source's order kept; each receipt is settled
	c.publishBoard(ctx) // where nothing else was to be written there
	c.publishPaper(ctx) // the report, where it does not say all of it
	return e.publish(c, err)
}

func (e *Engine) failed(mode Mode, err error) (Report, error) {
	if !mode.DryRun && !errors.Is(err, context.Canceled) {
		e.Metrics.cycleFailed(e.Partnership)
	}
	return Report{Partnership: e.Partnership, Result: ResultFailed}, fmt.Errorf("run a cycle of %s: %w", e.Partnership, err)
}

// publish tells the world: metrics, the page, one log line.
func (e *Engine) publish(c *cycle, err error) (Report, error) {
	r := c.report()
	if err != nil {
		r.Result = ResultFailed
		err = fmt.Errorf("run a cycle of %s: %w", e.Partnership, err)
	}
	e.Metrics.observe(c, r)
	if e.Published != nil {
		e.Published(r)
	}
	return r, err
}
