package memory

import (
	"context"
	"slices"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// board is what the tool holds beside its items' fields. It is never changed in place: what was read stays as it was.
type board struct {
	columns []connectors.BoardColumn
	cells   map[int][]connectors.Cell // by item number
	pages   []page
}

// page is one page as it stands in the tool.
type page struct {
	connectors.Page
	beside []string // what people wrote outside our area
	over   []task.Overtyped
}

var _ connectors.Publisher = (*Tool)(nil)

// Show says what is to be shown: see connectors.Publisher. A tool without Options.Board shows nothing.
func (t *Tool) Show(b connectors.Board) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.opts.Board {
		return false
	}
	t.wanted = &b
	return t.differs(t.known)
}

// Publish writes what was shown and is not there yet: see connectors.Publisher.
func (t *Tool) Publish(ctx context.Context) error {
	t.mu.Lock()
	idle := t.wanted == nil || !t.differs(t.known)
	t.mu.Unlock()
	if idle {
		return nil
	}
	return t.publish(ctx)
}

// Published is how often a board was written.
func (t *Tool) Published() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.published
}

// publishAlong writes the board in the same request as patches. What goes wrong is left to Publish.
func (t *Tool) publishAlong(ctx context.Context) {
	t.mu.Lock()
	due := t.wanted != nil && t.differs(t.known)
	t.mu.Unlock()
	if due {
		_ = t.publish(ctx)
	}
}

// publish writes the board: the columns first, then the pages.
func (t *Tool) publish(ctx context.Context) error {
	effect := t.ask(StepPublish, nil)
	if err := ctx.Err(); err != nil {
		return fault.Of(err)
	}
	if effect == Hang {
		<-ctx.Done()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if effect == Pass || effect == FailAfter || effect == Partial {
		t.writeColumns()
		if effect != Partial {
			t.writePages()
		}
		t.published++
	}
	f := effect.fault()
	if f == nil {
		t.known = t.board
		return nil
	}
	f.Op = string(StepPublish)
	return f
}

func (t *Tool) writeColumns() {
	next := *t.board
	next.columns = t.wanted.Columns
	next.cells = make(map[int][]connectors.Cell, len(t.items))
	for n, it := range t.items {
		cells, ok := t.wanted.Rows[it.mark]
		if !ok {
			cells = t.board.cells[n]
		}
		if cells != nil {
			next.cells[n] = cells
		}
	}
	t.board = &next
}

// writePages writes every page that is not there as it should be. What people wrote beside it stays, and a page that they typed
// over since the last Pull stays as it is until the next has told of that.
func (t *Tool) writePages() {
	next := *t.board
	next.pages = slices.Clone(next.pages)
	for _, want := range t.wanted.Pages {
		if t.left(want.Name) {
			continue
		}
		want = t.keepChoices(want)
		if i := pageAt(next.pages, want.Name); i >= 0 {
			next.pages[i].Page, next.pages[i].over = want, nil
		} else {
			next.pages = append(next.pages, page{Page: want})
		}
	}
	t.board = &next
}

// left reports whether people typed over a page since the last Pull.
func (t *Tool) left(name string) bool {
	i := pageAt(t.board.pages, name)
	if i < 0 {
		return false
	}
	var seen []task.Overtyped
	if k := pageAt(t.pulled.pages, name); k >= 0 {
		seen = t.pulled.pages[k].over
	}
	return slices.ContainsFunc(t.board.pages[i].over, func(o task.Overtyped) bool { return !slices.Contains(seen, o) })
}

// keepChoices puts into a page what people chose since it was read: nobody has seen that yet.
func (t *Tool) keepChoices(want connectors.Page) connectors.Page {
	now, seen := t.board.choices(want.Name), t.known.choices(want.Name)
	want.Rows = slices.Clone(want.Rows)
	for i, row := range want.Rows {
		text := now[row.Key]
		if row.Key == "" || text == "" || text == seen[row.Key] {
			continue
		}
		want.Rows[i].Cells = slices.Clone(row.Cells)
		for k := range row.Cells {
			if len(row.Cells[k].Options) > 0 {
				want.Rows[i].Cells[k].Value = task.TextValue(text)
			}
		}
	}
	return want
}

// choices are what stands in the cells of a page in which people choose, by row.
func (b *board) choices(name string) map[string]string {
	i := pageAt(b.pages, name)
	if i < 0 {
		return nil
	}
	out := make(map[string]string)
	for _, row := range b.pages[i].Rows {
		for _, c := range row.Cells {
			if row.Key != "" && len(c.Options) > 0 && !c.Value.IsEmpty() {
				out[row.Key] = c.Value.String()
			}
		}
	}
	return out
}

// overtyped is what people typed over pages, as a Pull tells it.
func (t *Tool) overtyped() []task.Overtyped {
	var out []task.Overtyped
	for _, p := range t.board.pages {
		out = append(out, p.over...)
	}
	return out
}

// chosen is what people chose, as a Pull tells it.
func (t *Tool) chosen() []task.Choice {
	var out []task.Choice
	for _, p := range t.board.pages {
		texts := t.board.choices(p.Name)
		for _, row := range p.Rows {
			if text, ok := texts[row.Key]; ok {
				out = append(out, task.Choice{Page: p.Name, Key: row.Key, Text: text})
				delete(texts, row.Key)
			}
		}
	}
	return out
}

func pageAt(pages []page, name string) int {
	return slices.IndexFunc(pages, func(p page) bool { return p.Name == name })
}

// differs reports whether something that is to be shown is not in b.
func (t *Tool) differs(b *board) bool {
	if !slices.EqualFunc(b.columns, t.wanted.Columns, sameColumn) {
		return true
	}
	for n, it := range t.items {
		if want, ok := t.wanted.Rows[it.mark]; ok && !sameCells(want, b.cells[n]) {
			return true
		}
	}
	for _, want := range t.wanted.Pages {
		if t.left(want.Name) {
			continue
		}
		if i := pageAt(b.pages, want.Name); i < 0 || !samePage(want, b.pages[i].Page) {
			return true
		}
	}
	return false
}

func samePage(a, b connectors.Page) bool {
	return slices.EqualFunc(a.Lines, b.Lines, sameCell) && slices.EqualFunc(a.Columns, b.Columns, sameColumn) &&
		slices.EqualFunc(a.Rows, b.Rows, func(a, b connectors.PageRow) bool { return a.Key == b.Key && sameCells(a.Cells, b.Cells) })
}

func sameColumn(a, b connectors.BoardColumn) bool {
	return a.Name == b.Name && a.Kind == b.Kind && a.Wide == b.Wide && slices.Equal(a.Words, b.Words)
}

func sameCells(a, b []connectors.Cell) bool {
	if len(a) == len(b) && len(a) > 0 && &a[0] == &b[0] {
		return true // the same row, shown again
	}
	return slices.EqualFunc(a, b, sameCell)
}

func sameCell(a, b connectors.Cell) bool {
	return a.Value.Same(b.Value) && a.Tone == b.Tone && a.Bold == b.Bold && a.Formula == b.Formula &&
		slices.Equal(a.Links, b.Links) && slices.Equal(a.Options, b.Options)
}
