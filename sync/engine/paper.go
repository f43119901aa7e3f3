package engine

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/store"
)

// PaperOptions say which report is kept for people to read, and how often it gets a section.
type PaperOptions struct {
	Reporter connectors.Reporter
	Every    Every
}

// How long the report is left alone after it could not be written: at first, and at most.
const (
	paperPause     = time.Minute
	longPaperPause = time.Hour
)

// paperMemory is what is kept of the report from cycle to cycle, so that one that says all of it already is not asked. Guarded by
// Engine.running.
type paperMemory struct {
	read    bool              // newest is known
	newest  string            // id of the latest section that is there; "" where there is none
	began   time.Time         // when the history begins; zero where that is not known
	said    [sha256.Size]byte // what the summary said last
	failed  int               // how often it could not be written since it could
	rest    time.Time         // until when it is left alone
	problem *fault.Error      // of the last try
}

// paperOutcome is what became of the report in a cycle.
type paperOutcome struct {
	written bool
	err     *fault.Error
}

// publishPaper brings the report up to date. What goes wrong there disturbs nothing else: it is told in the cycle's report, and tried
// again after a pause that grows.
func (c *cycle) publishPaper(ctx context.Context) {
	if c.Paper == nil || ctx.Err() != nil {
		return
	}
	m := &c.paperMemory
	if c.now.Before(m.rest) {
		c.paper.err = m.problem
		return
	}
	err := c.keepPaper(ctx)
	if err == nil {
		m.failed, m.problem = 0, nil
		return
	}
	if ctx.Err() != nil {
		return
	}
	m.problem = fault.Of(err)
	wait := longPaperPause
	if m.failed < 6 {
		wait = paperPause << m.failed
	}
	m.failed++
	m.rest = c.now.Add(max(wait, m.problem.RetryAfter))
	m.read, m.said = false, [sha256.Size]byte{} // it is looked at again: who knows what is there
	c.paper.err = m.problem
}

// keepPaper asks nobody for anything where the report says all of it already.
func (c *cycle) keepPaper(ctx context.Context) error {
	if err := c.bringUpToDate(ctx); err != nil {
		return err
	}
	m := &c.paperMemory
	if !m.read {
		ids, err := c.Paper.Reporter.Sections(ctx)
		if err != nil {
			return err //nolint:wrapcheck // a fault that says what was tried
		}
		m.newest, m.read = c.Paper.Every.newest(ids), true
	}
	due, err := c.duePeriods(ctx)
	if err != nil {
		return err
	}
	summary := c.paperSummary()
	sum, err := sumOf(summary)
	if err != nil {
		return err
	}
	if sum == m.said && len(due) == 0 {
		return nil
	}
	r := connectors.Report{Summary: summary}
	if r.Sections, err = c.sections(ctx, due); err != nil {
		return err
	}
	if err := c.Paper.Reporter.Report(ctx, r); err != nil {
		return err //nolint:wrapcheck // a fault that says what was tried
	}
	m.said, c.paper.written = sum, true
	if n := len(r.Sections); n > 0 {
		m.newest = r.Sections[n-1].ID
	}
	return nil
}

// bringUpToDate works out the figures, where the board did not need them.
func (c *cycle) bringUpToDate(ctx context.Context) error {
	if c.publishes() && c.reads[c.scorecard].err == nil && c.board.err == nil {
		return nil
	}
	if err := c.memory.stories.CatchUp(ctx, c.Store, c.Partnership); err != nil {
		return err
	}
	c.figure(c.memory.stories, false)
	return nil
}

func sumOf(blocks []connectors.ReportBlock) ([sha256.Size]byte, error) {
	text, err := json.Marshal(blocks)
	if err != nil {
		return [sha256.Size]byte{}, fmt.Errorf("sum the report up: %w", err)
	}
	return sha256.Sum256(text), nil
}

// duePeriods are the periods that ended and have no section, the oldest first. In a report that has none, it is the last one that the
// history covers at least in part, and no earlier one.
func (c *cycle) duePeriods(ctx context.Context) ([]period, error) {
	m, every := &c.paperMemory, c.Paper.Every
	last := every.before(every.around(c.now, c.Location, c.Board.Rules.FirstDay))
	if m.newest != "" {
		return every.since(m.newest, last), nil
	}
	if m.began.IsZero() {
		first, err := c.Store.History(ctx, c.Partnership, store.Query{Oldest: true, Limit: 1})
		if err != nil {
			return nil, fmt.Errorf("read where the history begins: %w", err)
		}
		if len(first) == 0 {
			return nil, nil
		}
		m.began = first[0].At
	}
	if !m.began.Before(last.end) {
		return nil, nil
	}
	return []period{last}, nil
}

// paperReport is what the cycle's report says of it.
func (c *cycle) paperReport() PaperReport {
	r := PaperReport{Written: c.paper.written}
	if err := c.paper.err; err != nil {
		r.Error, r.Reason, r.Hint = err.Error(), err.Reason, err.Hint
	}
	return r
}

// errNoReporter is what New says of options without one.
var errNoReporter = errors.New("the report has no document")
