package gdocs

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/connectors/cells"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

var _ connectors.Checker = (*Connector)(nil)

const (
	checkRows   = 10 // shown as they would be read
	checkDoubts = 50 // cells that are named one by one
)

// Check tries what the source needs against the live document: see connectors.Checker. It only reads, in one request and one of
// Drive.
func (c *Connector) Check(ctx context.Context) ([]connectors.Finding, error) {
	k := &checkup{c: c}
	k.run(ctx)
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("check the document: %w", err)
	}
	return k.out, nil
}

// checkup is one Check.
type checkup struct {
	c    *Connector
	out  []connectors.Finding
	t    *table
	recs []task.Record
}

func (k *checkup) ok(topic, format string, args ...any) {
	k.out = append(k.out, connectors.Finding{Level: connectors.LevelOK, Topic: topic, Text: fmt.Sprintf(format, args...)})
}

func (k *checkup) warn(topic, hint, format string, args ...any) {
	k.out = append(k.out, connectors.Finding{Level: connectors.LevelWarning, Topic: topic, Text: fmt.Sprintf(format, args...), Hint: hint})
}

// bad is what went wrong when something was tried.
func (k *checkup) bad(topic string, f *fault.Error) {
	k.out = append(k.out, connectors.Finding{Level: connectors.LevelError, Topic: topic, Text: f.Error(), Hint: f.Hint})
}

func (k *checkup) run(ctx context.Context) {
	c := k.c
	p, f := c.get(ctx, "read the document")
	if f != nil {
		k.bad("access", f)
		return
	}
	k.ok("access", "the document %s can be read", cells.Quote(p.title))
	if f := c.bin.Look(ctx, c.o.Drive, c.cfg.Document, c.faults()); f != nil {
		k.bad("access", f)
	}
	k.rights()
	g, l, f := c.find(p)
	if f != nil {
		k.bad("table", f)
		return
	}
	k.t = c.understand(p, g, l)
	c.last = k.t
	var held []task.Hold
	k.recs, held = c.records(k.t)
	heading := g.caption
	if heading == "" {
		heading = g.heading
	}
	k.ok("table", "the table under %s is it; row %d holds its headers", cells.Quote(heading), l.header+1)
	k.columns(held)
	k.rows()
	k.words(task.Status, "statuses")
	k.words(task.Partner, "partners")
	k.people()
	k.doubts()
	k.sample()
}

// rights tells, without writing, whether we may.
func (k *checkup) rights() {
	switch c := k.c; {
	case c.cfg.ReadOnly:
		k.ok("rights", "nothing is written there: read_only is set")
	case c.viewer:
		k.warn("rights", readOnlyHint, "the document is shared for reading only, so nothing is written back there")
	case c.cfg.Suggest:
		k.ok("rights", "the document can be edited; what Lockstep changes there it suggests")
	default:
		k.ok("rights", "the document can be edited")
	}
}

// columns says where each field is, and which columns are not read.
func (k *checkup) columns(held []task.Hold) {
	t := k.t
	header := t.texts(&t.rows[t.header])
	for _, f := range k.c.cfg.fields() {
		if col := t.column[f]; col >= 0 {
			k.ok("columns", "%s is column %d, %s", f, col+1, cells.Quote(header[col]))
		}
	}
	for _, h := range held {
		k.warn("columns", h.Hint, "%s: there is no single column %s", h.Field, cells.Quote(h.Raw))
	}
	var rest []string
	for col, h := range header {
		if strings.TrimSpace(h) != "" && !slices.Contains(t.column[:], col) {
			rest = append(rest, h)
		}
	}
	if len(rest) > 0 {
		k.ok("columns", "not read, and never touched: %s", cells.QuoteAll(rest))
	}
}

func (k *checkup) rows() {
	marked := 0
	for _, x := range k.t.items {
		if x.id != "" {
			marked++
		}
	}
	k.ok("rows", "%d rows are tasks, of which %d are marked by Lockstep", len(k.recs), marked)
}

// wordCount is a text of a column: how often it stands there, and in which row first.
type wordCount struct {
	text   string
	n, row int
}

// count counts the texts in a field's column, in their order in the alphabet.
func (k *checkup) count(f task.Field) []wordCount {
	seen := map[string]*wordCount{}
	for _, x := range k.t.items {
		c, _ := k.t.cell(x.at, f)
		if c == nil {
			continue
		}
		s := strings.Join(strings.Fields(k.t.said(f, c)), " ")
		if key := cells.FoldName(s); s != "" {
			if seen[key] == nil {
				seen[key] = &wordCount{text: s, row: x.at + 1}
			}
			seen[key].n++
		}
	}
	var out []wordCount
	for _, key := range slices.Sorted(maps.Keys(seen)) {
		out = append(out, *seen[key])
	}
	return out
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// words says what each word in the column of an enumeration stands for.
func (k *checkup) words(f task.Field, topic string) {
	by := map[string][]string{}
	for _, w := range k.count(f) {
		v, problem := k.t.reader.read(f, w.text)
		if problem != nil {
			k.warn(topic, problem.Hint, "%s means nothing (%s, first in row %d)", cells.Quote(w.text), times(w.n), w.row)
			continue
		}
		by[v.Display()] = append(by[v.Display()], w.text)
	}
	for _, means := range slices.Sorted(maps.Keys(by)) {
		name := means
		if f == task.Status {
			name = task.StatusDisplay(means)
		}
		k.ok(topic, "%s is %s", name, cells.QuoteAll(by[means]))
	}
}

// people says who is meant.
func (k *checkup) people() {
	var names []string
	for _, p := range k.c.cfg.People {
		names = append(names, p.Name)
	}
	known := 0
	for _, w := range k.count(task.Assignee) {
		if k.c.words.PersonOf(w.text) != "" {
			known++
			continue
		}
		hint := "if it is somebody of the partnership, add the name under people:, or under aliases of whoever is meant" + cells.DidYouMean(w.text, names)
		k.warn("people", hint, "%s is nobody of the configuration (%s, first in row %d)", cells.Quote(w.text), times(w.n), w.row)
	}
	if known > 0 {
		k.ok("people", "%d names of people are known", known)
	}
}

// doubts names the cells that cannot be read, and those that are not written.
func (k *checkup) doubts() {
	n := 0
	for _, r := range k.recs {
		for _, f := range task.AllFields() {
			p, ok := r.Problems[f]
			if !ok || p.Reason == task.HoldUnmappedStatus || p.Reason == task.HoldUnknownPartner {
				continue
			}
			if n++; n > checkDoubts {
				continue
			}
			if r.Values[f].IsUnreadable() {
				k.warn("values", p.Hint, "%s of %s cannot be read: %s", f, r.Name, cells.Quote(r.Values[f].String()))
			} else {
				k.warn("values", p.Hint, "%s of %s is read, and not written", f, r.Name)
			}
		}
		if title := r.Values[task.Title]; !title.IsUnreadable() && title.IsEmpty() {
			k.warn("values", "give it a title: a task cannot be without one", "%s has no title", r.Name)
		}
	}
	if n > checkDoubts {
		k.warn("values", "correct the ones above, and check again", "%d more cells are in doubt", n-checkDoubts)
	}
}

// sample shows rows as they would be read.
func (k *checkup) sample() {
	for _, r := range k.recs[:min(len(k.recs), checkRows)] {
		var parts []string
		for _, f := range task.AllFields() {
			switch v := r.Values[f]; {
			case v.IsNone() || !v.IsUnreadable() && v.IsEmpty():
			case v.IsUnreadable():
				parts = append(parts, fmt.Sprintf("%s ? %s", f, cells.Quote(v.String())))
			case f == task.Status:
				parts = append(parts, fmt.Sprintf("%s %s", f, v))
			default:
				parts = append(parts, fmt.Sprintf("%s %s", f, cells.Quote(v.Display())))
			}
		}
		k.ok("sample", "%s: %s", r.Name, strings.Join(parts, ", "))
	}
}
