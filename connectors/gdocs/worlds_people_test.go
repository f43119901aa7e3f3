package gdocs

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"google.golang.org/api/docs/v1"

	tool "github.com/lockstep-sync/lockstep/connectors/memory"
	sandbox "github.com/lockstep-sync/lockstep/connectors/sandbox/google"
	"github.com/lockstep-sync/lockstep/sync/task"
)

const (
	worldTable = 1 // there is another one before it
	worldTag   = 0 // a column of people's own, by which the test knows a row wherever it is
	worldOwn   = 1 // and another one
	worldFirst = 2
)

// paperOfPeople is the connected document under people's hands.
type paperOfPeople struct {
	w       *world
	id      string
	cfg     Config
	fields  []task.Field
	renamed int // the column whose header people changed; 0 where none is
	shut    bool
	tags    int
	theirs  map[string]bool // suggestions that people made
	paras   []string        // what people wrote around the table
}

func (w *world) newDocument(suggest bool) *paperOfPeople {
	d := &paperOfPeople{w: w, fields: []task.Field{task.Title, task.Status, task.Due, task.Notes}, theirs: map[string]bool{}}
	d.id = w.srv.AddDocument("Plan", "Our plan 🌍", "")
	header := []string{"Tag", "Own"}
	d.cfg = Config{
		Document: d.id, Table: "Action tracker", Create: true, Suggest: suggest, Columns: map[string]string{},
	}
	for _, f := range d.fields {
		header = append(header, "Our "+f.Display())
		d.cfg.Columns[f.String()] = "Our " + f.Display()
	}
	d.must(w.srv.AddTable(d.id, "Budget", []string{"Our Title", "Cost"}, []string{"do not touch", "7"}))
	d.must(w.srv.AddTable(d.id, "Action tracker", header))
	return d
}

func (d *paperOfPeople) must(err error) {
	if err != nil {
		d.w.t.Fatalf("%v\n%s", err, d.w.dump())
	}
}

// rows are the rows under the header; row i is row i+1 of the table.
func (d *paperOfPeople) rows() []sandbox.DocumentRow {
	rows := d.w.srv.DocumentRows(d.id, worldTable)
	if len(rows) == 0 {
		d.w.t.Fatalf("the table is gone\n%s", d.w.dump())
	}
	return rows[1:]
}

// tagAll gives a tag to each row without one.
func (d *paperOfPeople) tagAll() {
	for i, row := range d.rows() {
		if row.Now[worldTag] == "" {
			d.tag(i)
		}
	}
}

func (d *paperOfPeople) tag(i int) string {
	d.tags++
	tag := fmt.Sprintf("#%d", d.tags)
	d.must(d.w.srv.TypeInTable(d.id, worldTable, i+1, worldTag, tag, false))
	return tag
}

// invent makes a value that nobody typed before.
func (w *world) invent(r *rand.Rand, f task.Field) task.Value {
	w.count++
	switch f { //nolint:exhaustive // the rest is text
	case task.Status:
		return task.EnumValue(task.Statuses()[r.IntN(4)])
	case task.Partner:
		return task.EnumValue([]string{"aqua", "city"}[r.IntN(2)])
	case task.Due:
		return task.DateValue(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, w.count))
	}
	form := []string{"%s %d", "😀 %s %d 👩‍🌾", "%s\nand %d", "é %s — %d"}[r.IntN(4)]
	if f == task.Title {
		form = strings.ReplaceAll(form, "\n", " ")
	}
	return task.TextValue(fmt.Sprintf(form, f, w.count))
}

// typed notes that a person typed a value of their own into a row or item.
func (w *world) typed(where string, f task.Field, v task.Value) {
	if !unique(f) || v.IsEmpty() {
		return
	}
	if w.origins[v.String()] == nil {
		w.origins[v.String()] = map[string]bool{}
	}
	w.origins[v.String()][where] = true
}

func unique(f task.Field) bool { return f == task.Title || f == task.Notes || f == task.Due }

func (w *world) nameOf(t *tool.Tool) string {
	if t == w.card {
		return "card "
	}
	return "jira "
}

func (w *world) addItem(r *rand.Rand, t *tool.Tool) {
	var v task.Values
	v[task.Title] = w.invent(r, task.Title)
	if t == w.card {
		v[task.Partner] = w.invent(r, task.Partner)
	}
	if r.IntN(2) == 0 {
		v[task.Due] = w.invent(r, task.Due)
	}
	where := w.nameOf(t) + t.Add(v)
	w.note("%s is added: %q", where, v)
	for f := range v {
		w.typed(where, task.Field(f), v[f])
	}
}

func (w *world) actInTool(r *rand.Rand, t *tool.Tool) {
	keys := t.Keys()
	if len(keys) == 0 || r.IntN(5) == 0 {
		w.addItem(r, t)
		return
	}
	k := keys[r.IntN(len(keys))]
	if r.IntN(12) == 0 {
		w.note("%s%s is deleted", w.nameOf(t), k)
		t.Delete(k)
		return
	}
	f := []task.Field{task.Title, task.Status, task.Due, task.Notes}[r.IntN(4)]
	v := w.invent(r, f)
	if r.IntN(6) == 0 && f != task.Title {
		v = task.Empty(f.Kind())
	}
	w.note("%s%s: %s is %q", w.nameOf(t), k, f, v)
	t.Edit(k, f, v)
	w.typed(w.nameOf(t)+k, f, v)
}

// addRow puts a new row under another, counted from the header.
func (d *paperOfPeople) addRow(r *rand.Rand, under int, suggest bool) {
	d.tags++
	tag := fmt.Sprintf("#%d", d.tags)
	texts := []string{tag, "own of " + tag}
	for _, f := range d.fields {
		if f != task.Title && r.IntN(3) > 0 {
			texts = append(texts, "")
			continue
		}
		v := d.w.invent(r, f)
		texts = append(texts, v.Display())
		d.w.typed(tag, f, v)
	}
	d.must(d.w.srv.AddTableRow(d.id, worldTable, under, suggest, texts...))
}

// act is one thing that somebody does, drawn from a seed.
func (w *world) act(seed uint64) {
	r := rand.New(rand.NewPCG(seed, 1))
	switch r.IntN(6) {
	case 0:
		w.actInTool(r, w.jira)
	case 1:
		w.actInTool(r, w.card)
	default:
		open := w.srv.DocumentSuggestions(w.doc.id)
		theirs := w.doc.act(r)
		for _, id := range w.srv.DocumentSuggestions(w.doc.id) {
			if theirs && !slices.Contains(open, id) {
				w.doc.theirs[id] = true
			}
		}
		w.doc.tagAll()
	}
}

// act is one thing that somebody does in the document; it reports whether what is suggested then is theirs.
func (d *paperOfPeople) act(r *rand.Rand) bool {
	w, rows := d.w, d.rows()
	if len(rows) == 0 {
		d.addRow(r, 0, false)
		return true
	}
	i := r.IntN(len(rows))
	tag := rows[i].Now[worldTag]
	say := func(format string, args ...any) { w.note("row %d (%s): %s", i+1, tag, fmt.Sprintf(format, args...)) }
	switch r.IntN(26) {
	case 0, 1, 2, 3, 4, 5, 6:
		k := r.IntN(len(d.fields))
		f := d.fields[k]
		v := w.invent(r, f)
		if r.IntN(6) == 0 && f != task.Title {
			v = task.Empty(f.Kind())
		}
		say("%s is %q", f, v)
		w.typed(tag, f, v)
		d.must(w.srv.TypeInTable(d.id, worldTable, i+1, worldFirst+k, v.Display(), false))
	case 7:
		say("own")
		w.count++
		d.must(w.srv.TypeInTable(d.id, worldTable, i+1, worldOwn, fmt.Sprintf("own %d", w.count), false))
	case 8, 9:
		under := r.IntN(len(rows) + 1)
		w.note("a row is added under %d", under)
		d.addRow(r, under, false)
	case 10:
		say("deleted")
		d.must(w.srv.DeleteTableRow(d.id, worldTable, i+1, false))
	case 11, 12:
		to := 1 + r.IntN(len(rows)+1)
		say("cut, and pasted before %d", to)
		d.must(w.srv.MoveTableRow(d.id, worldTable, i+1, to))
	case 13:
		to := 1 + r.IntN(len(rows)+1)
		say("copied before %d", to)
		d.must(w.srv.CopyTableRow(d.id, worldTable, i+1, to))
		twin := d.tag(to - 1)
		for _, where := range w.origins {
			if where[tag] {
				where[twin] = true
			}
		}
		for k, f := range d.fields { // what was typed into the one is in the other too
			w.typed(twin, f, asValue(f, rows[i].Now[worldFirst+k]))
			w.typed(twin, f, asValue(f, rows[i].Then[worldFirst+k]))
		}
	case 14, 15:
		d.write(r)
	case 16, 17:
		k := r.IntN(len(d.fields))
		f := d.fields[k]
		v := w.invent(r, f)
		say("somebody suggests that %s is %q", f, v)
		w.typed(tag, f, v)
		d.must(w.srv.TypeInTable(d.id, worldTable, i+1, worldFirst+k, v.Display(), true))
	case 18:
		if r.IntN(2) == 0 {
			say("somebody suggests a row under it")
			d.addRow(r, i+1, true)
		} else {
			say("somebody suggests that it goes")
			d.must(w.srv.DeleteTableRow(d.id, worldTable, i+1, true))
		}
	case 19, 20:
		open := w.srv.DocumentSuggestions(d.id)
		if len(open) == 0 {
			return true
		}
		d.decide(open[r.IntN(len(open))], r.IntN(2) == 0)
	case 21, 22:
		lost := map[string]bool{}
		all := r.IntN(3) == 0
		d.must(w.srv.LoseRanges(d.id, func(name string) bool {
			if _, drawn := lost[name]; !drawn {
				lost[name] = all || r.IntN(3) == 0
			}
			return lost[name]
		}))
		w.note("marks get lost: %v", lost)
	case 23:
		d.rename(r)
	case 24:
		if d.shut { // places cannot be told then
			return true
		}
		d.chip(r, i, tag)
	case 25:
		d.shut = !d.shut
		w.note("only for reading: %v", d.shut)
		if d.shut {
			d.must(w.srv.ReadOnly(d.id))
		} else {
			d.must(w.srv.Share(d.id))
		}
	}
	return true
}

// meddle types into a cell that a write of ours is about to change; nothing where it changes none.
func (d *paperOfPeople) meddle(seed uint64, body []byte) {
	var batch docs.BatchUpdateDocumentRequest
	if err := json.Unmarshal(body, &batch); err != nil || d.shut {
		return
	}
	r := rand.New(rand.NewPCG(seed, 3))
	r.Shuffle(len(batch.Requests), func(i, k int) { batch.Requests[i], batch.Requests[k] = batch.Requests[k], batch.Requests[i] })
	for _, x := range batch.Requests {
		if x.InsertText == nil {
			continue
		}
		at := x.InsertText.Location.Index
		for i, row := range tablesOf(d.look())[worldTable].TableRows[1:] {
			for k, f := range d.fields {
				if c := row.TableCells[worldFirst+k]; at <= c.StartIndex || at >= c.EndIndex {
					continue
				}
				v, tag := d.w.invent(r, f), d.rows()[i].Now[worldTag]
				d.w.note("row %d (%s): just before we write it, %s is %q", i+1, tag, f, v)
				d.w.typed(tag, f, v)
				d.must(d.w.srv.TypeInTable(d.id, worldTable, i+1, worldFirst+k, v.Display(), false))
				return
			}
		}
	}
}

// decide accepts a suggestion or rejects it.
func (d *paperOfPeople) decide(id string, accept bool) {
	d.w.note("the suggestion %s is accepted: %v", id, accept)
	d.must(d.w.srv.DecideSuggestion(d.id, id, accept))
	delete(d.theirs, id)
}

// write puts a paragraph in at the document's start, or at its end.
func (d *paperOfPeople) write(r *rand.Rand) {
	d.w.count++
	p := fmt.Sprintf("paragraph %d 😀", d.w.count)
	d.paras = append(d.paras, p)
	d.w.note("somebody writes %s", p)
	request := fmt.Sprintf(`{"insertText":{"location":{"index":1},"text":"%s\n"}}`, p)
	if r.IntN(2) == 0 {
		request = fmt.Sprintf(`{"insertText":{"endOfSegmentLocation":{},"text":"\n%s"}}`, p)
	}
	d.must(d.w.srv.EditDocument(d.id, false, request))
}

// rename gives a column another header, or back its own.
func (d *paperOfPeople) rename(r *rand.Rand) {
	if d.renamed > 0 {
		d.w.note("the column %d has its name again", d.renamed)
		d.must(d.w.srv.TypeInTable(d.id, worldTable, 0, d.renamed, d.cfg.Columns[d.fields[d.renamed-worldFirst].String()], false))
		d.renamed = 0
		return
	}
	d.renamed = worldFirst + r.IntN(len(d.fields))
	d.w.note("the column %d is called otherwise", d.renamed)
	d.must(d.w.srv.TypeInTable(d.id, worldTable, 0, d.renamed, "Something else", false))
}

// chip puts a date as a chip into a row.
func (d *paperOfPeople) chip(r *rand.Rand, i int, tag string) {
	v := d.w.invent(r, task.Due)
	d.w.note("row %d (%s): due is a chip, %s", i+1, tag, v)
	d.w.typed(tag, task.Due, v)
	col := worldFirst + slices.Index(d.fields, task.Due)
	// A word is put there for the place that it has.
	d.must(d.w.srv.TypeInTable(d.id, worldTable, i+1, col, "@", false))
	at := d.placeOf(i+1, col)
	d.must(d.w.srv.EditDocument(d.id, false,
		fmt.Sprintf(`{"insertDate":{"location":{"index":%d},"dateElementProperties":{"timestamp":"%sT12:00:00Z","dateFormat":"DATE_FORMAT_ISO8601"}}}`, at, v),
		fmt.Sprintf(`{"deleteContentRange":{"range":{"startIndex":%d,"endIndex":%d}}}`, at+1, at+2)))
}

// heal has people come to rest: what is open is decided, and headers have their names.
func (d *paperOfPeople) heal(r *rand.Rand) {
	if d.shut {
		d.shut = false
		d.must(d.w.srv.Share(d.id))
	}
	if d.renamed > 0 {
		d.rename(r)
	}
	for _, id := range slices.Sorted(maps.Keys(d.theirs)) {
		if slices.Contains(d.w.srv.DocumentSuggestions(d.id), id) {
			d.decide(id, r.IntN(2) == 0)
		}
	}
	d.tagAll()
}

// retitle does what holds ask of people who left rows of which nobody can tell which task they are: titles that differ, or an old
// title put back into one row. Where that does not help, for two tasks were equal and only one row is left, they give the row up.
func (d *paperOfPeople) retitle(r *rand.Rand, holds []task.Hold, giveUp bool) {
	back := map[task.ID]bool{}
	for _, h := range holds {
		if h.Source != docSource || h.Reason != task.HoldAmbiguous {
			continue
		}
		for i, row := range d.rows() {
			if row.Then[worldFirst] != h.Raw || h.Raw == "" {
				continue
			}
			if giveUp {
				d.w.note("row %d (%s) is given up", i+1, row.Now[worldTag])
				d.must(d.w.srv.DeleteTableRow(d.id, worldTable, i+1, false))
				break
			}
			d.w.count++
			v := task.TextValue(fmt.Sprintf("%d ", d.w.count) + strings.Repeat(string(rune('a'+r.IntN(26)))+string(rune('a'+r.IntN(26))), 5)) // like no other
			if rest, ok := strings.CutPrefix(h.Hint, "it may be "); ok {
				id := task.ID(rest[:strings.IndexAny(rest, " ,")])
				if k := d.w.store.Tasks[id]; !back[id] && !k.Removed {
					v, back[id] = k.Agreed[task.Title], true
				}
			}
			d.w.note("row %d (%s) is called %q instead of %q", i+1, row.Now[worldTag], v, h.Raw)
			d.w.typed(row.Now[worldTag], task.Title, v)
			d.must(d.w.srv.TypeInTable(d.id, worldTable, i+1, worldFirst, v.Display(), false))
			break
		}
	}
}
