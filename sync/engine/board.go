package engine

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/task"
	"github.com/lockstep-sync/lockstep/sync/view"
)

// The pages that the scorecard has beside the tab of tasks: their names are those of the tabs.
const (
	PageSummary   = "Summary"
	PageConflicts = "Conflicts"
	PageActivity  = "Activity"
	PageQuality   = "Data quality"
)

// Pages returns the names of all pages, in order. The slice is the caller's.
func Pages() []string { return []string{PageSummary, PageConflicts, PageActivity, PageQuality} }

// DefaultHeartbeat is how often the scorecard is told at least that Lockstep is alive.
const DefaultHeartbeat = time.Hour

// BoardOptions say what the scorecard shows beside the tasks.
type BoardOptions struct {
	Name      string              // of the partnership, for people
	Partners  []scorecard.Partner // those that have a line even without a task
	Agreement task.Value          // the date of the agreement; empty where there is none
	Agreed    Agreed
	Interval  time.Duration // between cycles: a source that misses several is stale
	Rules     scorecard.Rules
	Pages     []string // of Pages, in any order
	// Heartbeat is how often it is written that Lockstep has looked, if nothing else is; 0 is never.
	Heartbeat time.Duration
}

// Agreed is what the partners agreed on beside their tasks. What they decided at gates is in the history.
type Agreed struct {
	Target      task.Value // the date by which all is to be finished; empty where none is agreed
	Workstreams []scorecard.Workstream
	Milestones  []scorecard.Milestone
	Gates       []scorecard.Gate
	Indicators  []scorecard.Indicator
}

// DefaultBoard shows every page, by the default rules.
func DefaultBoard(name string) BoardOptions {
	return BoardOptions{
		Name: name, Interval: time.Minute, Rules: scorecard.DefaultRules(), Pages: Pages(), Heartbeat: DefaultHeartbeat,
	}
}

// shows reports whether the scorecard has that page.
func (e *Engine) shows(page string) bool {
	return e.publishes() && slices.Contains(e.Board.Pages, page)
}

func (e *Engine) publishes() bool { return e.sources[e.scorecard].Publishes() }

// boardMemory is what is kept of the board from cycle to cycle, so that what did not change is not worked out again. Guarded by
// Engine.running.
type boardMemory struct {
	stories   *view.Stories
	basis     basis
	card      scorecard.Scorecard
	rows      map[task.ID]*boardRow
	cells     map[task.ID][]connectors.Cell // those of rows, as they were shown last
	overtyped []task.Overtyped              // what the last cycle that decided told the history of
	written   time.Time                     // when all of it was last known to be there; zero before the first time
}

// basis is all that the figures hang on beside what people type: as long as it stays, so do they.
type basis struct {
	event   int64  // the newest that is told
	day     string // today, where the partnership is
	sources string // which are stale, and since when
}

// boardOutcome is what became of the board in a cycle.
type boardOutcome struct {
	differs bool // something was not there yet
	written bool // it is now
	err     *fault.Error
}

// show works out what the scorecard shows beside the tasks, and hands it to the connector: the next Apply writes it along. Where
// the scorecard could not be read nobody knows what stands there, and nothing is shown.
func (c *cycle) show(ctx context.Context) { c.showWith(ctx, false) }

// foresee is show for a dry run, in which nothing was stored: what would be is told from the commit.
func (c *cycle) foresee(ctx context.Context) {
	c.prepare()
	c.showWith(ctx, true)
}

func (c *cycle) showWith(ctx context.Context, dry bool) {
	if r := &c.reads[c.scorecard]; !c.publishes() || r.err != nil {
		return
	}
	m := &c.memory
	if err := m.stories.CatchUp(ctx, c.Store, c.Partnership); err != nil {
		c.board.err = fault.Of(err)
		return
	}
	told := m.stories
	if dry {
		told = told.Foretold(c.commit.Events)
	}
	c.board.differs = c.sources[c.scorecard].Show(c.makeBoard(told, dry))
	if !c.board.differs && !dry {
		m.written = c.now
	}
}

// publishBoard writes what no Apply has written along. What goes wrong is told in the report, and tried again by the next cycle.
func (c *cycle) publishBoard(ctx context.Context) {
	id := c.sources[c.scorecard].ID()
	if !c.board.differs || ctx.Err() != nil || c.Now().Before(c.rest[id]) {
		return // a tool that asked to be left alone is asked again by the next cycle
	}
	if err := c.sources[c.scorecard].Publish(ctx); err != nil {
		if ctx.Err() != nil {
			return // the daemon was told to stop; the next one makes it good
		}
		c.board.err = fault.Of(err)
		if wait := c.board.err.RetryAfter; wait > 0 {
			c.rest[id] = c.Now().Add(wait)
		}
		return
	}
	c.board.written, c.memory.written = true, c.now
}

// makeBoard lays out the whole board.
func (c *cycle) makeBoard(told *view.Stories, dry bool) connectors.Board {
	c.figure(told, dry)
	b := connectors.Board{Columns: boardColumns(), Rows: c.memory.cells}
	for _, name := range Pages() {
		if !c.shows(name) {
			continue
		}
		p := connectors.Page{Name: name}
		switch name {
		case PageSummary:
			c.summary(&p)
		case PageConflicts:
			c.conflictsPage(&p)
		case PageActivity:
			c.activity(&p, told)
		case PageQuality:
			c.quality(&p)
		}
		b.Pages = append(b.Pages, p)
	}
	return b
}

// figure brings the figures and rows up to date.
func (c *cycle) figure(told *view.Stories, dry bool) {
	m := &c.memory
	sources := c.sourceStates()
	now := basis{event: told.Last(), day: c.today(), sources: staleness(c.Board.Rules, c.now, sources)}
	fresh := m.rows == nil || now.day != m.basis.day || now.sources != m.basis.sources
	if fresh || dry || now != m.basis {
		m.card = scorecard.Compute(c.cardInput(told, sources))
	}
	c.fillRows(told, fresh)
	m.basis = now
	if dry {
		m.basis = basis{} // nothing of it has happened
	}
}

// today is the day that it is where the partnership is: "2026-03-12".
func (c *cycle) today() string { return c.now.In(c.Location).Format(time.DateOnly) }

// moment is a time as the scorecard shows it, where the partnership is.
func (c *cycle) moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(c.Location).Format("2 Jan 2006 15:04")
}

// sourceStates is how each source was read last, this cycle included, sorted by id.
func (c *cycle) sourceStates() []scorecard.SourceState {
	out := make([]scorecard.SourceState, len(c.sources))
	for i, src := range c.sources {
		st := c.remembered(src.ID())
		out[i] = scorecard.SourceState{
			ID: src.ID(), Partner: src.Partner(), Scorecard: i == c.scorecard, LastSuccess: st.LastSuccess, Interval: c.Board.Interval,
		}
		if c.reads[i].err == nil {
			out[i].LastSuccess = c.now
		} else {
			out[i].Error = cmp.Or(c.reads[i].err.Hint, string(c.reads[i].err.Reason))
		}
	}
	return out
}

// staleness says in a text which sources are stale and since when: figures hang on nothing else of them.
func staleness(rules scorecard.Rules, now time.Time, sources []scorecard.SourceState) string {
	var b strings.Builder
	for _, s := range scorecard.Compute(scorecard.Input{Now: now, Rules: rules, Sources: sources}).Sources {
		if s.Stale {
			b.WriteString(string(s.ID) + " " + s.LastSuccess.String() + "\n")
		}
	}
	return b.String()
}

// cardInput is what the figures are worked out from.
func (c *cycle) cardInput(told *view.Stories, sources []scorecard.SourceState) scorecard.Input {
	in := scorecard.Input{
		Now: c.now, Location: c.Location, Agreement: c.Board.Agreement, Rules: c.Board.Rules, Partners: c.Board.Partners,
		Updates: told.Updates(), Target: c.Board.Agreed.Target, Workstreams: c.Board.Agreed.Workstreams, Milestones: c.Board.Agreed.Milestones,
		Gates: told.Decided(c.Board.Agreed.Gates), Indicators: c.Board.Agreed.Indicators,
		Sources: sources, Tasks: make([]scorecard.Task, 0, len(c.works)),
	}
	held := make([]task.SourceID, 0, len(c.works)*len(c.sources))
	for _, w := range c.works {
		from := len(held)
		for i := range w.sides {
			if w.sides[i].linked {
				held = append(held, c.sources[i].ID())
			}
		}
		t := &w.task
		in.Tasks = append(in.Tasks, scorecard.Task{
			ID: t.ID, Number: t.Number, Agreed: t.Agreed, Baseline: t.Baseline, Removed: t.Removed, Created: t.Created, Changed: t.Changed,
			Sources: held[from:len(held):len(held)], Story: told.Of(t.ID).Story,
		})
	}
	return in
}
