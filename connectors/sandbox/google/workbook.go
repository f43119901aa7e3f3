package google

import (
	"maps"
	"slices"
	"time"
)

// workbook is one spreadsheet. Once it is published on the server it is never changed: a write works on a clone and
// puts that in its place, so readers need no lock and a batch that fails halfway leaves no trace.
type workbook struct {
	id       string
	title    string
	locale   string
	timeZone string
	tabs     []*tab
	meta     []*metadata
	named    []*ranged // named ranges, of all tabs
	threads  []*thread

	version   int64
	created   time.Time
	modified  time.Time
	byPerson  bool // who wrote last: a person's hands, or the API
	trashed   bool
	unshared  bool
	readOnly  bool
	spawned   int // how many ids were given out, for tabs and for what lies on them
	autoRecal string
}

// tab is one sheet of a workbook.
type tab struct {
	id         int
	title      string
	hidden     bool
	rowCount   int
	colCount   int
	frozenRows int
	frozenCols int
	props      map[string]any // the properties that are kept but mean nothing here, such as the tab's colour
	rows       []*row         // as far down as any was ever touched; never longer than rowCount
	cols       []lane         // likewise

	merges    []area
	protected []*ranged
	bands     []*ranged
	rules     []*ranged // conditional formats
	filter    *ranged   // the basic filter
	views     []*ranged // filter views
	tables    []*table
	rowGroups []group
	colGroups []group
}

// row is a row's cells, as far right as any was ever set, and its own properties.
type row struct {
	cells []*cell
	lane  lane
}

// lane is what a row or a column has besides its cells.
type lane struct {
	hidden   bool
	filtered bool // hidden by the basic filter
	size     int  // pixels; 0 is the default
}

// ranged is a thing that lies on areas of a tab and moves with them.
type ranged struct {
	id    int
	key   string // the id of a named range, which is text
	areas []area
	raw   map[string]any // the rest of it, as it was sent
}

// metadata is one developer metadata entry.
type metadata struct {
	id         int
	key        string
	value      string
	visibility string
	place      string // SPREADSHEET, SHEET, ROW or COLUMN
	tab        int
	at         span // for ROW and COLUMN
}

// span is a stretch of rows or columns, half open. A side that was not given is -1: unbounded.
type span struct{ lo, hi int }

// area is a GridRange, with the sides that were not given kept as such.
type area struct {
	tab  int
	rows span
	cols span
}

func (a area) rect(t *tab) rect {
	b := rect{0, t.rowCount, 0, t.colCount}
	if a.rows.lo > 0 {
		b.r0 = a.rows.lo
	}
	if a.rows.hi >= 0 {
		b.r1 = a.rows.hi
	}
	if a.cols.lo > 0 {
		b.c0 = a.cols.lo
	}
	if a.cols.hi >= 0 {
		b.c1 = a.cols.hi
	}
	return b
}

func areaOf(t *tab, b rect) area {
	return area{tab: t.id, rows: span{b.r0, b.r1}, cols: span{b.c0, b.c1}}
}

// json is the area as answers have it: a sheet id of 0 is left out, a bound of 0 is not.
func (a area) json() map[string]any {
	out := map[string]any{}
	if a.tab != 0 {
		out["sheetId"] = a.tab
	}
	for name, n := range map[string]int{
		"startRowIndex": a.rows.lo, "endRowIndex": a.rows.hi, "startColumnIndex": a.cols.lo, "endColumnIndex": a.cols.hi,
	} {
		if n >= 0 {
			out[name] = n
		}
	}
	return out
}

// clone copies everything but the cells, which are shared since they never change.
func (w *workbook) clone() *workbook {
	c := *w
	c.tabs = make([]*tab, len(w.tabs))
	for i, t := range w.tabs {
		c.tabs[i] = t.clone()
	}
	c.meta = make([]*metadata, len(w.meta))
	for i, m := range w.meta {
		d := *m
		c.meta[i] = &d
	}
	c.named = cloneRanged(w.named)
	c.threads = make([]*thread, len(w.threads))
	for i, th := range w.threads {
		c.threads[i] = th.clone()
	}
	return &c
}

func (t *tab) clone() *tab {
	c := *t
	c.rows = make([]*row, len(t.rows))
	// One block for all rows and one for all cells: a big tab is copied for every single edit.
	n := 0
	for _, r := range t.rows {
		if r != nil {
			n += len(r.cells)
		}
	}
	rows, cells := make([]row, len(t.rows)), make([]*cell, 0, n)
	for i, r := range t.rows {
		if r == nil {
			continue
		}
		at := len(cells)
		cells = append(cells, r.cells...)
		rows[i] = row{cells: cells[at:len(cells):len(cells)], lane: r.lane}
		c.rows[i] = &rows[i]
	}
	c.cols = slices.Clone(t.cols)
	c.merges = slices.Clone(t.merges)
	c.protected, c.bands, c.rules, c.views = cloneRanged(t.protected), cloneRanged(t.bands), cloneRanged(t.rules), cloneRanged(t.views)
	c.rowGroups, c.colGroups = slices.Clone(t.rowGroups), slices.Clone(t.colGroups)
	c.tables = make([]*table, len(t.tables))
	for i, x := range t.tables {
		c.tables[i] = x.clone()
	}
	if t.filter != nil {
		c.filter = t.filter.clone()
	}
	c.props = maps.Clone(t.props)
	return &c
}

func (x *ranged) clone() *ranged {
	c := *x
	c.areas = slices.Clone(x.areas)
	return &c
}

func cloneRanged(xs []*ranged) []*ranged {
	if len(xs) == 0 {
		return nil
	}
	out := make([]*ranged, len(xs))
	for i, x := range xs {
		out[i] = x.clone()
	}
	return out
}

// visible reports whether any tab can be seen.
func (w *workbook) visible() bool {
	return slices.ContainsFunc(w.tabs, func(t *tab) bool { return !t.hidden })
}

func (w *workbook) tabID(id int) *tab {
	for _, t := range w.tabs {
		if t.id == id {
			return t
		}
	}
	return nil
}

// nextID gives out an id that nothing in the workbook has. Like Google's they look random; unlike those they come in the
// same order on every run.
func (w *workbook) nextID() int {
	for {
		w.spawned++
		id := w.spawned*1_640_531_527%2_147_483_000 + 1
		if w.tabID(id) == nil {
			return id
		}
	}
}

// addTab puts a new tab of the default size at the end.
func (w *workbook) addTab(title string) *tab {
	t := &tab{title: title, rowCount: 1000, colCount: 26}
	if len(w.tabs) > 0 {
		t.id = w.nextID()
	}
	w.tabs = append(w.tabs, t)
	return t
}

func (w *workbook) cells() int {
	n := 0
	for _, t := range w.tabs {
		n += t.rowCount * t.colCount
	}
	return n
}

// maxCells is the limit of Sheets for a workbook.
const maxCells = 10_000_000

func (w *workbook) withinLimit() error {
	if w.cells() > maxCells {
		return invalid("This action would increase the number of cells in the workbook above the limit of %d cells.", maxCells)
	}
	return nil
}

// at is the cell at row r, column c; nil when nothing was ever put there.
func (t *tab) at(r, c int) *cell {
	if r < 0 || r >= len(t.rows) || t.rows[r] == nil || c < 0 || c >= len(t.rows[r].cells) {
		return nil
	}
	return t.rows[r].cells[c]
}

// set puts a cell at row r, column c, which must lie in the grid. A cell that carries nothing is kept as nil.
func (t *tab) set(r, c int, x *cell) {
	if x.bare() {
		x = nil
	}
	if x == nil && t.at(r, c) == nil {
		return
	}
	k := t.row(r)
	for len(k.cells) <= c {
		k.cells = append(k.cells, nil)
	}
	k.cells[c] = x
}

// row is the row r, made when there was none.
func (t *tab) row(r int) *row {
	for len(t.rows) <= r {
		t.rows = append(t.rows, nil)
	}
	if t.rows[r] == nil {
		t.rows[r] = &row{}
	}
	return t.rows[r]
}

// col is the column c's own properties, made when there were none.
func (t *tab) col(c int) *lane {
	for len(t.cols) <= c {
		t.cols = append(t.cols, lane{})
	}
	return &t.cols[c]
}

// laneAt is the properties of a row or a column, to be changed.
func (t *tab) laneAt(rows bool, i int) *lane {
	if rows {
		return &t.row(i).lane
	}
	return t.col(i)
}

func (t *tab) rowLane(r int) lane {
	if r < len(t.rows) && t.rows[r] != nil {
		return t.rows[r].lane
	}
	return lane{}
}

func (t *tab) colLane(c int) lane {
	if c < len(t.cols) {
		return t.cols[c]
	}
	return lane{}
}

// covered reports whether a cell lies under a merged one: it has no value then, and one that is written to it is lost.
func (t *tab) covered(r, c int) bool {
	for _, m := range t.merges {
		if b := m.rect(t); b.meets(rect{r, r + 1, c, c + 1}) {
			return r != b.r0 || c != b.c0
		}
	}
	return false
}

// lastRow is the number of rows down to the last one with a value in it, 0 when the tab is empty.
func (t *tab) lastRow() int {
	for r, k := range slices.Backward(t.rows) {
		if k == nil {
			continue
		}
		for _, x := range k.cells {
			if x != nil && x.v.kind != blank {
				return r + 1
			}
		}
	}
	return 0
}
