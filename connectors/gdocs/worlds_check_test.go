package gdocs

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"time"

	"google.golang.org/api/docs/v1"

	tool "github.com/lockstep-sync/lockstep/connectors/memory"
	sandbox "github.com/lockstep-sync/lockstep/connectors/sandbox/google"
	"github.com/lockstep-sync/lockstep/sync/engine"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// look asks the sandbox for the document, past everything that goes wrong.
func (d *paperOfPeople) look() *docs.Document {
	rec := httptest.NewRecorder()
	u := "/v1/documents/" + d.id + "?includeTabsContent=true&fields=tabs(documentTab(namedRanges,body(content(table(tableRows(tableCells(startIndex,endIndex)))))))"
	d.w.srv.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, u, nil))
	doc := &docs.Document{}
	if err := json.Unmarshal(rec.Body.Bytes(), doc); err != nil || rec.Code != http.StatusOK {
		d.w.t.Fatalf("look at the document: %s", rec.Body)
	}
	return doc
}

// tables are the document's tables as the API gives them.
func tablesOf(doc *docs.Document) []*docs.Table {
	var out []*docs.Table
	for _, e := range doc.Tabs[0].DocumentTab.Body.Content {
		if e.Table != nil {
			out = append(out, e.Table)
		}
	}
	return out
}

// placeOf is where a cell's content begins.
func (d *paperOfPeople) placeOf(row, col int) int64 {
	return tablesOf(d.look())[worldTable].TableRows[row].TableCells[col].StartIndex + 1
}

// picture is the document as it stands.
type picture struct {
	rows   map[string]sandbox.DocumentRow // by tag
	header []string
	other  string // the other table, what people wrote around, and what they suggest
}

func (d *paperOfPeople) picture() picture {
	p := picture{rows: map[string]sandbox.DocumentRow{}, header: d.w.srv.DocumentRows(d.id, worldTable)[0].Now}
	for _, row := range d.rows() {
		p.rows[row.Now[worldTag]] = row
	}
	text := d.w.srv.DocumentText(d.id)
	var paras []string
	for _, s := range d.paras {
		if strings.Contains(text, s) {
			paras = append(paras, s)
		}
	}
	var open []string
	for _, id := range d.w.srv.DocumentSuggestions(d.id) {
		if d.theirs[id] {
			open = append(open, id)
		}
	}
	p.other = fmt.Sprint(d.w.srv.DocumentTable(d.id, 0), paras, open)
	return p
}

// written looks at what a write of ours did to the document. It was made for the revision that it found, so nothing excuses it.
func (d *paperOfPeople) written(before picture) {
	w, after := d.w, d.picture()
	spoiled := func(format string, args ...any) {
		w.t.Fatalf("invariant 11: %s\n%s", fmt.Sprintf(format, args...), w.dump())
	}
	if before.other != after.other || !slices.Equal(before.header, after.header) {
		spoiled("around the rows it was %s %q, and is %s %q", before.other, before.header, after.other, after.header)
	}
	for tag, old := range before.rows {
		now, there := after.rows[tag]
		if !there || old.Added != now.Added || old.Removed != now.Removed {
			spoiled("the row %s was %+v, and is %+v (there: %v)", tag, old, now, there)
		}
		for k := range old.Now {
			if k >= worldFirst && old.Then[k] != now.Then[k] {
				d.wrote(tag, d.fields[k-worldFirst], now.Then)
			}
			switch {
			case old.Now[k] == now.Now[k]:
			case k < worldFirst:
				spoiled("people's own cell %d of the row %s was %q and is %q", k, tag, old.Now[k], now.Now[k])
			case d.cfg.Suggest:
				spoiled("cell %d of the row %s was %q and is %q, which was to be suggested", k, tag, old.Now[k], now.Now[k])
			case old.Now[k] != "":
				f := d.fields[k-worldFirst]
				w.gone[f.String()+" "+asValue(f, old.Now[k]).String()] = true
			}
		}
	}
	d.tagAll()
	for _, row := range d.rows() {
		tag := row.Now[worldTag]
		if before.rows[tag].Now != nil {
			continue
		}
		if d.cfg.Suggest && !row.Added {
			spoiled("the row %s is new, and was to be suggested: %+v", tag, row)
		}
		// Should its mark get lost, and people call it otherwise at once, it is a new task's row, and this its values.
		for k, f := range d.fields {
			w.typed(tag, f, asValue(f, row.Then[worldFirst+k]))
		}
	}
	d.bindMarks()
}

// wrote notes what we wrote into a row of that title's task, which may not be marked yet: it is the row's from then on.
func (d *paperOfPeople) wrote(tag string, f task.Field, cells []string) {
	v, title := asValue(f, cells[worldFirst+slices.Index(d.fields, f)]), task.TextValue(cells[worldFirst])
	for _, k := range d.w.store.Tasks {
		if k.Agreed[f] == v && k.Agreed[task.Title] == title {
			d.w.typed(tag, f, v)
		}
	}
}

// asValue is a cell's text as the history has it.
func asValue(f task.Field, s string) task.Value {
	switch f { //nolint:exhaustive // the rest is text
	case task.Status:
		for _, x := range task.Statuses() {
			if task.StatusDisplay(x) == s {
				return task.EnumValue(x)
			}
		}
	case task.Due:
		if at, err := time.Parse(time.DateOnly, s); err == nil {
			return task.DateValue(at)
		}
		if at, err := time.Parse("Jan 2, 2006", s); err == nil { // a chip of ours
			return task.DateValue(at)
		}
	}
	return task.TextValue(s)
}

func (w *world) bindTo(where string, id task.ID) {
	if w.bound[where] == nil {
		w.bound[where] = map[task.ID]bool{}
	}
	w.bound[where][id] = true
}

// bind notes which row and which item is which task.
func (w *world) bind() {
	for k, l := range w.store.Links {
		switch k.Source {
		case jiraSource:
			w.bindTo("jira "+l.Key, k.Task)
		case cardSource:
			w.bindTo("card "+l.Key, k.Task)
		}
	}
	w.doc.bindMarks()
}

// bindMarks notes the marks that lie where they were put.
func (d *paperOfPeople) bindMarks() {
	marks := d.marks()
	for tag, ids := range marks {
		for _, id := range ids {
			if _, known := d.w.store.Tasks[id]; known {
				d.w.bindTo(tag, id)
			}
		}
	}
	// What came into a row from its own task is the row's, also when its mark gets lost, and its title is another by then: it is a
	// new task's row then.
	for _, row := range d.rows() {
		tag := row.Now[worldTag]
		for k, f := range d.fields {
			v := asValue(f, row.Then[worldFirst+k])
			for where := range d.w.origins[v.String()] {
				if unique(f) && slices.ContainsFunc(marks[tag], func(id task.ID) bool { return d.w.bound[where][id] }) {
					d.w.typed(tag, f, v)
				}
			}
		}
	}
}

// marks are the tasks whose marks lie on the newline of the title's cell, by tag.
func (d *paperOfPeople) marks() map[string][]task.ID {
	doc := d.look()
	out := map[string][]task.ID{}
	rows := d.rows()
	table := tablesOf(doc)[worldTable]
	if d.shut { // then nothing that is suggested is told, and rows do not lie side by side
		return out
	}
	for i, r := range table.TableRows[1:] {
		end := r.TableCells[worldFirst].EndIndex
		for name, all := range doc.Tabs[0].DocumentTab.NamedRanges {
			for _, n := range all.NamedRanges {
				for _, at := range n.Ranges {
					if id, ours := strings.CutPrefix(name, markPrefix); ours && at.StartIndex == end-1 && at.EndIndex == end {
						out[rows[i].Now[worldTag]] = append(out[rows[i].Now[worldTag]], task.ID(id))
					}
				}
			}
		}
	}
	return out
}

// check holds after every cycle.
func (w *world) check() {
	kept := w.kept()
	for v := range w.gone {
		if !kept[v] {
			w.t.Fatalf("invariant 3: %q was written over, and is nowhere in the document, the state, or the history\n%s", v, w.dump())
		}
	}
	w.crosstalk()
}

// kept is every value that the document, the state or the history hold.
func (w *world) kept() map[string]bool {
	kept := map[string]bool{}
	keep := func(f task.Field, v string) { kept[f.String()+" "+v] = true }
	for _, k := range w.store.Tasks {
		for f, v := range k.Agreed {
			keep(task.Field(f), v.String())
		}
	}
	for _, e := range w.store.Events {
		f, ok := task.ParseField(e.Field)
		if !ok {
			continue
		}
		keep(f, e.From.String())
		keep(f, e.To.String())
		for _, l := range e.Losers {
			keep(f, l.Value.String())
		}
	}
	for _, k := range w.store.Conflicts {
		for _, c := range k.Claims {
			keep(k.Field, c.Value.String())
		}
	}
	for _, h := range w.store.Holds {
		if f, ok := task.ParseField(h.Field); ok {
			keep(f, h.Raw)
		}
	}
	for _, row := range w.doc.rows() {
		for k, f := range w.doc.fields {
			keep(f, asValue(f, row.Now[worldFirst+k]).String())
			keep(f, asValue(f, row.Then[worldFirst+k]).String())
		}
	}
	return kept
}

// crosstalk: what a person typed into a row or an item is nobody's but that row's task.
func (w *world) crosstalk() {
	see := func(id task.ID, f task.Field, v task.Value, how string) {
		if !unique(f) || v.IsEmpty() {
			return
		}
		known, right := false, false
		for where := range w.origins[v.String()] {
			known = known || len(w.bound[where]) > 0
			right = right || len(w.bound[where]) == 0 || w.bound[where][id]
		}
		if known && !right {
			w.t.Fatalf("%s of %s is %v (%s), which was typed into %v, and that is %v\n%s", f, id, v, how, w.origins[v.String()], w.bound, w.dump())
		}
	}
	marked := map[task.ID]bool{}
	for where, ids := range w.bound {
		for id := range ids {
			marked[id] = marked[id] || strings.HasPrefix(where, "#")
		}
	}
	// A row that was moved or edited before it could be marked may be another task's by now, and what it was first gets removed.
	born := map[task.ID]bool{}
	for _, e := range w.store.Events {
		born[e.Task] = born[e.Task] || e.Kind == store.EventBorn && e.Source == docSource
	}
	passed := func(id task.ID) bool { return born[id] && !marked[id] }
	for _, k := range w.store.Tasks {
		for f, v := range k.Agreed {
			if !passed(k.ID) {
				see(k.ID, task.Field(f), v, "agreed")
			}
		}
	}
	for _, e := range w.store.Events {
		if f, ok := task.ParseField(e.Field); ok && e.Kind == store.EventDecided && !passed(e.Task) {
			see(e.Task, f, e.To, "decided")
		}
	}
}

// end has people come to rest, lets the world do so too, and holds what must be true then.
func (w *world) end() {
	w.note("the end")
	r := rand.New(rand.NewPCG(uint64(w.count), 2))
	w.doc.heal(r)
	report := w.rest()
	for round := range 6 {
		if !slices.ContainsFunc(report.Holds, func(h task.Hold) bool { return h.Source == docSource && h.Reason == task.HoldAmbiguous }) {
			break
		}
		w.doc.retitle(r, report.Holds, round >= 2)
		report = w.rest()
	}
	w.agree(report)
	w.quiet(r)
}

// rest runs cycles until there is nothing to do.
func (w *world) rest() engine.Report {
	var r engine.Report
	for calm, n := 0, 0; calm < 2; n++ {
		w.now = w.now.Add(7 * time.Hour) // longer than any pause
		r = w.cycle(script{})
		if calm++; !r.Converged {
			calm = 0
		}
		if n > 25 {
			w.t.Fatalf("invariant 1: it does not come to rest; the last cycle planned %+v, held %+v\n%s", r.Patches, r.Holds, w.dump())
		}
	}
	return r
}

// agree: every row and item shows what is agreed on, each task is where it belongs once, and every row is some task's or held.
func (w *world) agree(r engine.Report) {
	held := map[string]bool{}
	for _, h := range r.Holds {
		held[string(h.Source)+" "+string(h.Task)+" "+h.Field] = true
		held[string(h.Source)+" "+h.Raw] = true
		held[string(h.Source)] = held[string(h.Source)] || h.Reason == task.HoldAmbiguous
	}
	marks := w.doc.marks()
	seen := map[task.ID]int{}
	for i, row := range w.doc.rows() {
		if row.Removed {
			continue
		}
		typed := slices.ContainsFunc(row.Then[worldFirst:], func(s string) bool { return strings.TrimSpace(s) != "" })
		ids := marks[row.Now[worldTag]]
		if len(ids) != 1 {
			title := row.Then[worldFirst]
			if typed && title != "" && !held[string(docSource)+" "+title] || len(ids) > 1 {
				w.t.Fatalf("row %d bears the marks %v and is not held: %q; held %+v\n%s", i+1, ids, row.Then, r.Holds, w.dump())
			}
			continue
		}
		id := ids[0]
		if seen[id]++; seen[id] > 1 {
			w.t.Fatalf("invariant 6: two rows are %s\n%s", id, w.dump())
		}
		k := w.store.Tasks[id]
		for n, f := range w.doc.fields {
			if k.Removed || held[string(docSource)+" "+string(id)+" "+f.String()] {
				continue
			}
			if got := asValue(f, row.Then[worldFirst+n]).String(); got != k.Agreed[f].String() {
				w.t.Fatalf("invariant 1: %s of %s shows %q, agreed is %v\n%s", f, id, got, k.Agreed[f], w.dump())
			}
		}
	}
	for id, k := range w.store.Tasks {
		if !k.Removed && k.Agreed[task.Partner].String() == "city" && seen[id] == 0 && !held[string(docSource)] {
			w.t.Fatalf("invariant 1: %s has no row; held %+v\n%s", id, r.Holds, w.dump())
		}
		if !k.Removed && !held[string(cardSource)] {
			w.sameIn(w.card, cardSource, id, k)
		}
		if !k.Removed && k.Agreed[task.Partner].String() == "aqua" && !held[string(jiraSource)] {
			w.sameIn(w.jira, jiraSource, id, k)
		}
	}
}

func (w *world) sameIn(t *tool.Tool, s task.SourceID, id task.ID, k store.Task) {
	l, linked := w.store.Links[store.LinkID{Task: id, Source: s}]
	it, there := t.Get(l.Key)
	if !linked || !there {
		w.t.Fatalf("invariant 1: %s is not in %s\n%s", id, s, w.dump())
	}
	for _, f := range w.doc.fields {
		if it.Values[f] != k.Agreed[f] && (!it.Values[f].IsEmpty() || !k.Agreed[f].IsEmpty()) {
			w.t.Fatalf("invariant 1: %s of %s in %s is %q, agreed is %q\n%s", f, id, s, it.Values[f], k.Agreed[f], w.dump())
		}
	}
}

// quiet: what is written around the table is nothing to write about, and a cycle costs one request.
func (w *world) quiet(r *rand.Rand) {
	before := w.writes
	w.doc.write(r)
	report := w.cycle(script{})
	if len(report.Patches) > 0 || w.writes != before || w.asked != 1 || report.Result != engine.ResultOK {
		w.t.Fatalf("invariant 2: the cycle (%s) asked %d times and planned %+v\n%s", report.Result, w.asked, report.Patches, w.dump())
	}
}

// dump is the whole world, for a failing test.
func (w *world) dump() string {
	var b strings.Builder
	for _, line := range w.log {
		fmt.Fprintln(&b, line)
	}
	for i, row := range w.srv.DocumentRows(w.doc.id, worldTable) {
		fmt.Fprintf(&b, "row %d added %v removed %v %q then %q\n", i, row.Added, row.Removed, row.Now, row.Then)
	}
	fmt.Fprintf(&b, "marks %v\n", w.doc.marks())
	for _, t := range []*tool.Tool{w.jira, w.card} {
		for _, key := range t.Keys() {
			it, _ := t.Get(key)
			fmt.Fprintf(&b, "%s%s %s %q\n", w.nameOf(t), key, it.Mark, it.Values)
		}
	}
	for _, l := range w.store.Links {
		fmt.Fprintf(&b, "link %s %s %s base %q\n", l.Task, l.Source, l.Key, l.Base)
	}
	for _, k := range w.store.Tasks {
		fmt.Fprintf(&b, "task %s removed %v %q\n", k.ID, k.Removed, k.Agreed)
	}
	for _, e := range w.store.Events {
		fmt.Fprintf(&b, "event %s %s %s %s %q to %q, losers %q, %s\n", e.Kind, e.Task, e.Source, e.Field, e.From.String(), e.To.String(), e.Losers, e.Note)
	}
	for _, h := range w.store.Holds {
		fmt.Fprintf(&b, "hold %+v\n", h)
	}
	for _, x := range w.store.Sources {
		fmt.Fprintf(&b, "source %s %s\n", x.ID, x.Error)
	}
	return b.String()
}
