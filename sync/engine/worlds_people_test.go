package engine_test

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/connectors/memory"
	"github.com/lockstep-sync/lockstep/sync/engine"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// value makes something that a person could type into the field.
func (w *world) value(t *rapid.T, f task.Field) task.Value {
	w.count++
	var v task.Value
	switch f {
	case task.Title:
		v = task.TextValue(fmt.Sprintf("Task %d", w.count))
		if rapid.IntRange(0, 4).Draw(t, "common title") == 0 {
			v = task.TextValue(rapid.SampledFrom([]string{"Report", "Meeting"}).Draw(t, "title"))
		}
	case task.Partner:
		v = task.EnumValue(rapid.SampledFrom([]string{"aqua", "city", "hydro"}).Draw(t, "partner"))
	case task.Status:
		v = task.EnumValue(rapid.SampledFrom(task.Statuses()).Draw(t, "status"))
	case task.Due:
		v = task.DateValue(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, w.count))
	default:
		v = task.TextValue(fmt.Sprintf("%s %d", f, w.count))
	}
	w.type_(f, v)
	return v
}

func (w *world) type_(f task.Field, v task.Value) {
	if w.typed[f] == nil {
		w.typed[f] = map[task.Value]bool{}
	}
	w.typed[f][v] = true
}

func (w *world) drawTool(t *rapid.T) (task.SourceID, *memory.Tool) {
	id := rapid.SampledFrom(toolIDs).Draw(t, "tool")
	return id, w.tools[id]
}

func (w *world) drawItem(t *rapid.T) (task.SourceID, *memory.Tool, string) {
	id, tool := w.drawTool(t)
	keys := tool.Keys()
	if len(keys) == 0 {
		t.Skip("no items")
	}
	return id, tool, rapid.SampledFrom(keys).Draw(t, "item")
}

func (w *world) personAdds(t *rapid.T) {
	id, tool := w.drawTool(t)
	var v task.Values
	for _, f := range tool.Describe().Fields {
		if f == task.Title || f == task.Partner || rapid.Bool().Draw(t, f.String()) {
			v[f] = w.value(t, f)
		}
	}
	if id == cardID && rapid.IntRange(0, 5).Draw(t, "no partner") == 0 {
		v[task.Partner] = task.Empty(task.Enum)
	}
	w.says(id, tool, tool.Add(v))
}

// says notes that a person stands for all that the item shows.
func (w *world) says(id task.SourceID, tool *memory.Tool, handle string) {
	it, _ := tool.Get(handle)
	for f, v := range it.Values {
		w.typedAt[string(id)+" "+key(task.Field(f), v)]++
	}
}

func (w *world) personEdits(t *rapid.T) {
	id, tool, handle := w.drawItem(t)
	f := rapid.SampledFrom(tool.Describe().Fields).Draw(t, "field")
	w.edit(id, tool, handle, f, w.drawValue(t, f))
}

func (w *world) drawValue(t *rapid.T, f task.Field) task.Value {
	v := w.value(t, f)
	if rapid.IntRange(0, 5).Draw(t, "empties") == 0 {
		v = task.Empty(f.Kind())
	}
	return v
}

func (w *world) edit(id task.SourceID, tool *memory.Tool, handle string, f task.Field, v task.Value) {
	w.noteLoose(tool, handle)
	if f == task.Title && w.bare {
		w.loose = true // a row without its mark is known by its title, which may just have been changed elsewhere
	}
	if tool.Edit(handle, f, v) {
		w.typedAt[string(id)+" "+key(f, v)]++
	}
}

func (w *world) noteLoose(tool *memory.Tool, key string) {
	if it, ok := tool.Get(key); ok && it.Mark == "" {
		w.loose = true
	}
}

func (w *world) personGarbles(t *rapid.T) {
	id, tool, key := w.drawItem(t)
	if id == jiraID || id == boardID {
		t.Skip("these take only dates for a date")
	}
	w.noteLoose(tool, key)
	tool.Edit(key, task.Due, task.UnreadableValue("next week-ish"))
}

func (w *world) personDeletes(t *rapid.T) {
	id, tool, key := w.drawItem(t)
	w.deletes(id)
	tool.Delete(key)
}

// personUndoes brings back the row that was deleted last on the scorecard. If we put it back meanwhile, it is there twice.
func (w *world) personUndoes(t *rapid.T) {
	tool := w.tools[cardID]
	if !tool.Undo() {
		t.Skip("nothing was deleted")
	}
	keys := tool.Keys()
	handle := keys[len(keys)-1]
	w.says(cardID, tool, handle)
	it, _ := tool.Get(handle)
	w.bare = w.bare || it.Mark == ""
	for _, k := range keys[:len(keys)-1] {
		if other, _ := tool.Get(k); it.Mark != "" && other.Mark == it.Mark {
			w.copies[cardID] = append(w.copies[cardID], handle)
		}
	}
}

// deletes notes that a person deletes something: on the scorecard it may mean that the task is cancelled.
func (w *world) deletes(id task.SourceID) {
	w.deleted = w.deleted || id != cardID
	if id == cardID && w.cancels {
		w.type_(task.Status, task.EnumValue(task.Cancelled))
	}
}

// personChooses lets somebody choose between what stands against each other: on the scorecard, also what is no option, or elsewhere.
func (w *world) personChooses(t *rapid.T) {
	if rapid.IntRange(0, 3).Draw(t, "elsewhere") == 0 {
		if len(w.store.Conflicts) == 0 {
			t.Skip("no conflict")
		}
		k := rapid.SampledFrom(w.store.Conflicts).Draw(t, "conflict")
		value := k.Agreed
		if n := rapid.IntRange(-1, len(k.Claims)-1).Draw(t, "claim"); n >= 0 {
			value = k.Claims[n].Value
		}
		w.eng.Choose(engine.Choice{Task: k.Task, Field: k.Field, Value: value, By: "somebody"})
		return
	}
	p, _, ok := w.tools[cardID].Page(engine.PageConflicts)
	if !ok || len(p.Rows) == 0 {
		t.Skip("no conflict is shown")
	}
	row := rapid.SampledFrom(p.Rows).Draw(t, "row")
	options := []string{"", "something else"}
	for _, c := range row.Cells {
		options = append(options, c.Options...)
	}
	w.tools[cardID].Choose(engine.PageConflicts, row.Key, rapid.SampledFrom(options).Draw(t, "option"))
}

func (w *world) personScribbles(t *rapid.T) {
	name := rapid.SampledFrom(engine.Pages()).Draw(t, "page")
	if rapid.IntRange(0, 5).Draw(t, "deletes") == 0 {
		w.tools[cardID].DeletePage(name)
		delete(w.scribbles, name) // with whatever a person wrote there
		return
	}
	w.scribble(name)
}

func (w *world) scribble(page string) {
	w.count++
	text := fmt.Sprintf("scribble %d", w.count)
	if w.tools[cardID].Scribble(page, text) {
		w.scribbles[page] = append(w.scribbles[page], text)
	}
}

func (w *world) personPermutes(t *rapid.T) {
	_, tool := w.drawTool(t)
	tool.Permute()
}

func (w *world) personCopies(t *rapid.T) {
	id, tool, key := w.drawItem(t)
	if id == jiraID || id == boardID {
		t.Skip("these do not copy our mark")
	}
	handle := tool.Copy(key)
	w.says(id, tool, handle)
	w.copies[id] = append(w.copies[id], handle)
}

// peopleContest lets people type different values for one field of one task into all tools that hold it, or into one again.
func (w *world) peopleContest(t *rapid.T) {
	ids := slices.Sorted(maps.Keys(w.store.Tasks))
	if len(ids) == 0 {
		t.Skip("no tasks")
	}
	id := rapid.SampledFrom(ids).Draw(t, "task")
	f := rapid.SampledFrom([]task.Field{task.Title, task.Due, task.Notes}).Draw(t, "field")
	for _, src := range toolIDs {
		l, ok := w.store.Links[store.LinkID{Task: id, Source: src}]
		if it, there := w.tools[src].Get(l.Key); ok && there && rapid.IntRange(0, 2).Draw(t, "types") > 0 && w.tools[src].Describe().Maps(f) {
			w.edit(src, w.tools[src], it.Handle, f, w.value(t, f))
		}
	}
}

// personUnmarks empties a row's cell in the column of ids: what the row shows is that person's from then on.
func (w *world) personUnmarks(t *rapid.T) {
	id, tool, key := w.drawItem(t)
	if id == jiraID || id == boardID {
		t.Skip("these need no mark")
	}
	w.says(id, tool, key)
	it, _ := tool.Get(key)
	tool.Unmark(key)
	for _, other := range toolIDs { // a row without its mark is known by its title, if that stays as it is everywhere
		l := w.store.Links[store.LinkID{Task: it.Mark, Source: other}]
		twin, ok := w.tools[other].Get(l.Key)
		w.loose = w.loose || ok && !twin.Values[task.Title].Same(it.Values[task.Title])
	}
	w.loose = w.loose || !w.store.Tasks[it.Mark].Agreed[task.Title].Same(it.Values[task.Title])
	w.bare = true
}

func (w *world) personHides(t *rapid.T) {
	id, tool, key := w.drawItem(t)
	if id != jiraID {
		t.Skip("only an issue can be hidden")
	}
	as := rapid.SampledFrom([]connectors.Presence{"", connectors.Present, connectors.NoAccess}).Draw(t, "as")
	tool.Hide(key, as)
	w.hidden[id] = append(w.hidden[id], key)
}

// meddle is what a person does in the middle of a cycle, at one of its steps.
type meddle struct {
	at, item int
	scribble string // on that page, instead
	id       task.SourceID
	field    task.Field
	value    task.Value
	deletes  bool
}

func (w *world) drawMeddles(t *rapid.T) []meddle {
	ms := make([]meddle, max(0, rapid.IntRange(-2, 3).Draw(t, "meddles")))
	for i := range ms {
		id, tool := w.drawTool(t)
		f := rapid.SampledFrom(tool.Describe().Fields).Draw(t, "field")
		ms[i] = meddle{
			at: rapid.IntRange(1, 14).Draw(t, "at"), item: rapid.IntRange(0, 9).Draw(t, "nth"), id: id, field: f, value: w.drawValue(t, f),
			deletes: rapid.IntRange(0, 7).Draw(t, "deletes") == 0,
		}
		if rapid.IntRange(0, 3).Draw(t, "scribbles") == 0 {
			ms[i].scribble = rapid.SampledFrom(engine.Pages()).Draw(t, "page")
		}
	}
	return ms
}

func (w *world) meddle(m meddle) {
	if m.scribble != "" {
		w.scribble(m.scribble)
		return
	}
	tool := w.tools[m.id]
	keys := tool.Keys()
	if len(keys) == 0 {
		return
	}
	handle := keys[m.item%len(keys)]
	if m.deletes {
		w.deletes(m.id)
		tool.Delete(handle)
		return
	}
	w.edit(m.id, tool, handle, m.field, m.value)
}
