package gsheets

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/sync/engine"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// picture is a tab as it stands: formulas as such.
type picture struct {
	header []any
	rows   map[string][]any // by tag
	other  []any            // the first cell of the other tab, and the titles of all
}

func (s *sheet) picture() picture {
	p := picture{rows: map[string][]any{}}
	u := "/v4/spreadsheets/" + s.id + "/values/" + url.PathEscape(s.tab) + "?valueRenderOption=FORMULA"
	rec := httptest.NewRecorder()
	s.w.srv.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, u, nil))
	var got struct{ Values [][]any }
	if err := json.Unmarshal(rec.Body.Bytes(), &got); err != nil || rec.Code != http.StatusOK {
		s.w.t.Fatalf("look at %s: %s", s.tab, rec.Body)
	}
	for i, row := range got.Values {
		for k, v := range row {
			if v == "" {
				row[k] = nil
			}
		}
		if i == 0 {
			p.header = row
			continue
		}
		tag, _ := at(row, slices.Index(p.header, any(tagHeader)), true).(string)
		if tag = strings.TrimSuffix(strings.TrimPrefix(tag, `="`), `"`); strings.HasPrefix(tag, s.tab+"#") {
			p.rows[tag] = row
		}
	}
	p.other = append(p.other, s.w.srv.Cell(s.id, "Other", "A1"))
	for _, t := range s.w.srv.Tabs(s.id) {
		if !strings.HasPrefix(t, "Lockstep journal") && !slices.Contains(engine.Pages(), t) {
			p.other = append(p.other, t)
		}
	}
	return p
}

// debt is a cell that a write of ours spoiled because people moved something just before it. It has to be put right.
type debt struct {
	s              *sheet
	tag, header    string
	was, is        any
	late           bool
	what           string
	removed        bool
	removedContent []any
}

// written looks at what a write of ours did to the tab. Acted says that people did something between the read before it and
// the write; late that its answer is lost.
func (s *sheet) written(before picture, acted, late bool) {
	w, after := s.w, s.picture()
	if !slices.Equal(before.other, after.other) {
		w.fail("invariant 11: another tab of %s was changed: %v, before %v\n%s", s.tab, after.other, before.other, w.dump())
	}
	for i, h := range after.header {
		if acted && h != nil && at(before.header, i, true) != h {
			w.hasty[fmt.Sprint("header of ", s.tab, h)] = h
		}
	}
	for i, h := range before.header {
		if now := at(after.header, i, true); h != nil && now != h && (now != nil || w.hasty[fmt.Sprint("header of ", s.tab, h)] != h) {
			if acted && w.hasty[fmt.Sprint("header of ", s.tab, h)] != h {
				w.debts = append(w.debts, debt{s: s, header: fmt.Sprint(h), late: late, what: "a header was written over"})
				continue
			}
			if w.hasty[fmt.Sprint("header of ", s.tab, h)] == h {
				continue // what was put in the wrong place is taken back
			}
			w.fail("invariant 11: a header of %s was changed: %v, before %v\n%s", s.tab, after.header, before.header, w.dump())
		}
	}
	for _, tag := range slices.Sorted(maps.Keys(before.rows)) {
		old := before.rows[tag]
		now, there := after.rows[tag]
		if !there {
			s.removed(before, tag, old, acted, late)
			continue
		}
		for col := range max(len(old), len(now)) {
			was, is := at(old, col, true), at(now, col, true)
			if was != is {
				header := at(before.header, col, true)
				if header == nil {
					header = at(after.header, col, true) // a column that Lockstep added
				}
				s.changed(tag, fmt.Sprint(header), was, is, acted, late)
			}
		}
	}
	s.tagAll()
	if !acted {
		return
	}
	rows, columns := s.rows()
	for _, row := range rows {
		tag, _ := at(row, columns[tagHeader], true).(string)
		if _, old := before.rows[tag]; old {
			continue
		}
		for _, v := range row { // a new row of ours, perhaps in the wrong columns
			if v != nil {
				w.hasty[fmt.Sprint(tag, "=", v)] = v
			}
		}
	}
}

// changed looks at one cell that a write of ours changed.
func (s *sheet) changed(tag, header string, was, is any, acted, late bool) {
	w := s.w
	what := ""
	header = strings.TrimSuffix(header, oldName) // whatever it is called now
	mapped := slices.Contains(slices.Collect(maps.Values(s.header)), header)
	switch text, _ := was.(string); {
	case strings.HasPrefix(text, "="):
		what = "a formula was written over"
	case header == idHeader && was != nil:
		what = "an id was written over"
	case header != idHeader && !mapped && !s.works(header):
		what = "invariant 11: a cell that is none of Lockstep's was changed"
	}
	mine := was != nil && w.hasty[fmt.Sprint(tag, "=", was)] != nil
	if acted && is != nil {
		w.hasty[fmt.Sprint(tag, "=", is)] = is
	}
	if mine || header == idHeader && is == nil && s.bare(tag) {
		return // what landed in the wrong row or column, or in no row, is taken back
	}
	if i := slices.IndexFunc(w.debts, func(d debt) bool { return d.s == s && d.tag == tag && d.header == header && d.is == was && d.was == is }); i >= 0 {
		w.debts = slices.Delete(w.debts, i, i+1)
		return
	}
	if mapped && was != nil && what == "" {
		w.gone[s.field(header).String()+" "+text_(s.field(header), was)] = true
	}
	if what == "" {
		return
	}
	if !acted && !w.wasHasty(is) { // a repair may move what came to stand in the wrong place before it is done with it
		w.fail("%s: %s of the row %s was %v and is %v\n%s", what, header, tag, was, is, w.dump())
	}
	w.debts = append(w.debts, debt{s: s, tag: tag, header: header, was: was, is: is, late: late, what: what})
}

// wasHasty reports whether we wrote the value somewhere while people moved things.
func (w *world) wasHasty(v any) bool {
	for _, hasty := range w.hasty {
		if v != nil && hasty == v {
			return true
		}
	}
	return false
}

// works reports that a header is one of the columns that Lockstep works out.
func (s *sheet) works(header string) bool {
	first, _, _ := strings.Cut(header, "\n")
	return s.source == cardSource && slices.Contains([]string{"RAG", "Why", "Slip", "Where", "Last change", checkHeader}, strings.TrimSuffix(first, oursSuffix))
}

// bare reports whether a row holds nothing but its tag.
func (s *sheet) bare(tag string) bool {
	i := s.find(tag)
	rows, columns := s.rows()
	if i < 0 {
		return true
	}
	for col, v := range rows[i] {
		if v != nil && col != columns[tagHeader] {
			return false
		}
	}
	return true
}

// removed looks at a row that a write of ours took away.
func (s *sheet) removed(before picture, tag string, row []any, acted, late bool) {
	w := s.w
	due := false
	for id := range w.bound[tag] {
		due = due || w.store.Tasks[id].Removed
	}
	if len(w.bound[tag]) == 0 && s.torn == nil && s.damaged[tag] == "" { // it was in doubt ever since it was written
		i := slices.Index(before.header, any(idHeader))
		id, _ := at(row, i, i >= 0).(string)
		due = w.store.Tasks[task.ID(id)].Removed
		title := at(row, slices.Index(before.header, any(s.header[task.Title])), true)
		for _, k := range w.store.Tasks { // or it was never marked, and is known by its content
			due = due || id == "" && k.Removed && k.Agreed[task.Title].String() == title
		}
	}
	if s.source == cardSource && due {
		for f, h := range s.header {
			if i := slices.Index(before.header, any(h)); i >= 0 && at(row, i, true) != nil {
				w.gone[f.String()+" "+text_(f, at(row, i, true))] = true
			}
		}
		return
	}
	if !acted {
		w.fail("the row %s of %s was taken away: %v\n%s", tag, s.tab, row, w.dump())
	}
	w.debts = append(w.debts, debt{s: s, tag: tag, late: late, removed: true, what: "another row was taken away", removedContent: row})
}

// text_ is a cell's value as the history has it.
func text_(f task.Field, v any) string {
	if d, ok := serial(f, v); ok {
		return task.DateValue(d).String()
	}
	switch x := v.(type) {
	case nil:
		return ""
	case string:
		switch f { //nolint:exhaustive // the others stand as they are
		case task.Status:
			for _, st := range task.Statuses() {
				if task.StatusDisplay(st) == x {
					return st
				}
			}
		case task.Partner:
			return map[string]string{"AquaFund": "aqua", "Riverton": "city"}[x]
		}
		return x
	}
	return fmt.Sprint(v)
}

// bind notes which row and which issue is which task.
func (w *world) bind() {
	for k, l := range w.store.Links {
		if k.Source == jiraSource {
			w.bindTo("jira "+l.Key, k.Task)
		}
	}
	w.city.bindIDs()
	w.card.bindIDs()
}

func (w *world) bindTo(where string, id task.ID) {
	if w.bound[where] == nil {
		w.bound[where] = map[task.ID]bool{}
	}
	w.bound[where][id] = true
}

// bindIDs notes the ids that stand in rows, unless people moved or damaged them, or a write of ours waits to be put right.
func (s *sheet) bindIDs() {
	if s.torn != nil || slices.ContainsFunc(s.w.conns, func(c *Connector) bool { return c.o.Source == s.source && inDoubt(c) }) {
		return
	}
	rows, columns := s.rows()
	col, ok := columns[idHeader]
	for _, row := range rows {
		tag, _ := at(row, columns[tagHeader], true).(string)
		id, _ := at(row, col, ok).(string)
		if _, known := s.w.store.Tasks[task.ID(id)]; known && tag != "" && s.damaged[tag] == "" && !slices.ContainsFunc(s.w.debts, func(d debt) bool {
			return d.s == s && d.tag == tag
		}) {
			s.w.bindTo(tag, task.ID(id))
		}
	}
}

func (w *world) link(id task.ID, s task.SourceID) (store.Link, bool) {
	l, ok := w.store.Links[store.LinkID{Task: id, Source: s}]
	return l, ok
}

// check holds after every cycle.
func (w *world) check() {
	kept := w.kept()
	for v := range w.gone {
		if !kept[v] && !w.doubtful() { // what waits to be put right is in the journal
			w.t.Fatalf("invariant 3: %q was written over, and is nowhere in the sheets, the state, or the history\n%s", v, w.dump())
		}
	}
	w.pay(false)
	w.crosstalk()
}

// pay looks whether what was spoiled has been put right. What had no answer may take until the end, and so may what could not be put right
// yet: the connector knows, and reads nothing else before.
func (w *world) pay(all bool) {
	w.debts = slices.DeleteFunc(w.debts, func(d debt) bool {
		if !all && (d.late || slices.ContainsFunc(w.conns, func(c *Connector) bool { return c.o.Source == d.s.source && inDoubt(c) })) {
			return false
		}
		rows, columns := d.s.rows()
		i := d.s.find(d.tag)
		_, headed := columns[d.header]
		switch {
		case d.tag == "" && !headed && d.s.renamed[0] != d.header && d.s.renamed[1] != d.header:
			w.t.Fatalf("%s: %s is gone from %s\n%s", d.what, d.header, d.s.tab, w.dump())
		case d.tag == "":
		case d.removed && i < 0:
			w.t.Fatalf("%s: %v\n%s", d.what, d.removedContent, w.dump())
		case d.removed || i < 0:
		default:
			col, ok := columns[d.header]
			if now := at(rows[i], col, ok); now == d.is && now != nil {
				w.t.Fatalf("%s: %s of the row %s of %s was %v and is still %v\n%s", d.what, d.header, d.tag, d.s.tab, d.was, d.is, w.dump())
			}
		}
		return true
	})
}

// kept is every value that the sheets, the state or the history hold.
func (w *world) kept() map[string]bool {
	kept := map[string]bool{}
	keep := func(f task.Field, v string) {
		kept[f.String()+" "+v] = true
		// Of a formula in a row that is taken away what it showed is kept.
		kept[f.String()+` ="`+v+`"`] = true
	}
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
	for _, s := range []*sheet{w.city, w.card} {
		rows, columns := s.rows()
		for _, row := range rows {
			for f, h := range s.header {
				col, ok := columns[h]
				if !ok {
					col, ok = columns[h+oldName] // whatever it is called now
				}
				keep(f, text_(f, at(row, col, ok)))
			}
		}
	}
	return kept
}

// crosstalk: what a person typed into a row or an issue is nobody's but that row's task.
func (w *world) crosstalk() {
	// A row whose id was emptied, and whose title was changed, is another task's, which it may not have been marked as yet: of a task that
	// never had a marked row in a sheet, which of its rows it is cannot be told.
	marked := func(id task.ID, where string) bool {
		sheet, _, _ := strings.Cut(where, "#")
		for at, ids := range w.bound {
			if in, _, _ := strings.Cut(at, "#"); in == sheet && ids[id] {
				return true
			}
		}
		return false
	}
	// What was typed in one tool came to the task's row in another; and if that row lost its id since, it is a new task's with all that it holds.
	inherited := func(id task.ID, where string) bool {
		for _, ids := range w.bound {
			for was := range w.bound[where] {
				if ids[id] && ids[was] {
					return true
				}
			}
		}
		return false
	}
	see := func(id task.ID, f task.Field, v task.Value, how string) {
		if !unique(f) || v.IsEmpty() {
			return
		}
		known, right := false, false
		for where := range w.origins[v.String()] {
			known = known || len(w.bound[where]) > 0
			right = right || len(w.bound[where]) == 0 || w.bound[where][id] || !marked(id, where) || inherited(id, where)
		}
		if known && !right {
			w.t.Fatalf("%s of %s is %v (%s), which was typed into %v, and that is %v\n%s", f, id, v, how,
				slices.Sorted(maps.Keys(w.origins[v.String()])), w.bound, w.dump())
		}
	}
	ever := map[task.ID]bool{}
	for _, ids := range w.bound {
		for id := range ids {
			ever[id] = true
		}
	}
	for _, k := range w.store.Tasks {
		if k.Removed && !ever[k.ID] {
			continue // a row that was never marked, for it was edited before it could be
		}
		for f, v := range k.Agreed {
			see(k.ID, task.Field(f), v, "agreed")
		}
	}
	for _, e := range w.store.Events {
		if f, ok := task.ParseField(e.Field); ok && e.Kind == store.EventDecided {
			see(e.Task, f, e.To, "decided")
		}
	}
}

// end has people put everything right, lets the world come to rest, and holds what must be true then.
func (w *world) end() {
	w.note("the end")
	w.city.heal()
	w.card.heal()
	r := w.rest()
	w.pay(true)
	w.agree(r)
	w.permute()
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

// agree: every row shows what is agreed on, each task has one row on the scorecard, and every row is some task's or held.
func (w *world) agree(r engine.Report) {
	held := map[string]bool{}
	for _, h := range r.Holds {
		held[string(h.Source)+" "+string(h.Task)+" "+h.Field] = true
		held[string(h.Source)+" "+h.Name] = true
		if h.Reason == task.HoldAmbiguous || h.Reason == task.HoldDuplicateID {
			held[string(h.Source)] = true
		}
	}
	for _, s := range []*sheet{w.city, w.card} {
		rows, columns := s.rows()
		idCol, marked := columns[idHeader]
		seen := map[string]int{}
		for i, row := range rows {
			id, _ := at(row, idCol, marked).(string)
			if id == "" {
				if s.typedIn(row, columns) && !s.sumsUp(row, columns) && !held[string(s.source)+" row "+rowNumber(i+1)] {
					w.t.Fatalf("row %d of %s is nobody's and is not held: %v; held %+v\n%s", i+2, s.tab, row, r.Holds, w.dump())
				}
				continue
			}
			if seen[id]++; seen[id] > 1 {
				w.t.Fatalf("invariant 6: two rows of %s carry %s\n%s", s.tab, id, w.dump())
			}
			k := w.store.Tasks[task.ID(id)]
			for f, h := range s.header {
				col, ok := columns[h]
				if !ok || k.Removed || held[string(s.source)+" "+id+" "+f.String()] {
					continue
				}
				if got := text_(f, at(row, col, ok)); got != k.Agreed[f].String() {
					w.t.Fatalf("invariant 1: %s of %s in %s shows %q, agreed is %v\n%s", f, id, s.tab, got, k.Agreed[f], w.dump())
				}
			}
		}
		for id, k := range w.store.Tasks {
			if s == w.card && !k.Removed && seen[string(id)] == 0 && !held[string(s.source)] {
				w.t.Fatalf("invariant 1: %s has no row on the scorecard; held %+v\n%s", id, r.Holds, w.dump())
			}
		}
	}
}

// typedIn reports whether a mapped column of the row holds something.
func (s *sheet) typedIn(row []any, columns map[string]int) bool {
	for _, h := range s.header {
		col, ok := columns[h]
		text, _ := at(row, col, ok).(string)
		if at(row, col, ok) != nil && !strings.HasPrefix(text, "formula ") {
			return true
		}
	}
	return false
}

// sumsUp reports whether a row is one of totals: called so, and without anything that only a task has.
func (s *sheet) sumsUp(row []any, columns map[string]int) bool {
	for f, h := range s.header {
		col, ok := columns[h]
		v := at(row, col, ok)
		text, isText := v.(string)
		if f == task.Title && v != any(totalsTitle) || f != task.Title && isText && !strings.HasPrefix(text, "formula ") {
			return false
		}
	}
	return true
}

// permute: rows that are moved whole and columns that are moved are nothing to write about.
func (w *world) permute() {
	before := w.writes
	for _, s := range []*sheet{w.city, w.card} {
		rows, columns := s.rows()
		if n := len(rows); n > 0 {
			s.must(w.srv.SortRange(s.id, s.tab, 2, n+1, 1, 0, columns[s.header[task.Title]]+1, true))
			s.must(w.srv.MoveRow(s.id, s.tab, 2, n+1))
			s.must(w.srv.InsertRow(s.id, s.tab, 2))
		}
		s.must(w.srv.MoveColumn(s.id, s.tab, 1, len(columns)))
		s.must(w.srv.InsertColumn(s.id, s.tab, 2))
	}
	r := w.cycle(script{})
	if len(r.Patches) > 0 || w.writes > before+2 || r.Result != engine.ResultOK {
		w.t.Fatalf("invariant 10: rows and columns were moved, and the cycle (%s, board %+v) planned %+v\n%s", r.Result, r.Board, r.Patches, w.dump())
	}
	// What is shown beside the tasks leads to rows, which are elsewhere now: it is written, at the second try where the journal
	// was not known. Then there is nothing left to write.
	before = w.writes
	if r = w.cycle(script{}); len(r.Patches) > 0 || w.writes != before || r.Result != engine.ResultOK {
		w.t.Fatalf("invariant 2: the cycle after it (%s, board %+v) wrote\n%s", r.Result, r.Board, w.dump())
	}
}

// dump is the whole world, for a failing test.
func (w *world) dump() string {
	var b strings.Builder
	for _, line := range w.log {
		fmt.Fprintln(&b, line)
	}
	for _, s := range []*sheet{w.city, w.card} {
		for i, row := range w.srv.Rows(s.id, s.tab) {
			fmt.Fprintf(&b, "%s %d %q\n", s.tab, i+1, fmt.Sprint(row))
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
