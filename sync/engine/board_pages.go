package engine

import (
	"fmt"
	"strings"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
	"github.com/lockstep-sync/lockstep/sync/view"
)

// qualityRows is how many lines the page of data quality has at most; how many more there are it says.
const qualityRows = 1000

// titleOf is a task's title, cut to what a page has room for; "" where there is no such task.
func (c *cycle) titleOf(id task.ID) string {
	w := c.byID[id]
	if w == nil {
		return ""
	}
	return oneLine(w.task.Agreed[task.Title].String(), valueLength)
}

// oneLine is a text in one line of at most n characters.
func oneLine(s string, n int) string { return clip(strings.Join(strings.Fields(s), " "), n) }

// conflictsPage has one row for each field that waits for people, with a cell in which they choose.
func (c *cycle) conflictsPage(p *connectors.Page) {
	p.Lines = []connectors.Cell{{Value: task.TextValue("Conflicts"), Bold: true}}
	if len(c.commit.Conflicts) == 0 {
		p.Lines = append(p.Lines, connectors.Cell{Value: task.TextValue("Nothing to settle."), Tone: connectors.Muted})
	} else {
		p.Lines = append(p.Lines, textCell("Agree with each other, and choose in the column Choose: it is then settled everywhere."))
	}
	p.Columns = []connectors.BoardColumn{
		{Name: "Task", Kind: task.Text},
		{Name: "Title", Kind: task.Text, Wide: true},
		{Name: "Field", Kind: task.Text},
		{Name: "Agreed", Kind: task.Text},
		{Name: "Claims", Kind: task.Text, Wide: true},
		{Name: "Choose", Kind: task.Text, Wide: true},
		{Name: "Open since", Kind: task.Text},
	}
	for _, k := range c.commit.Conflicts {
		choose := connectors.Cell{}
		for _, o := range optionsOf(k) {
			choose.Options = append(choose.Options, o.text)
		}
		key := k.Key()
		if ch := c.byID[k.Task].unheard[k.Field]; ch != nil && ch.key == key {
			choose.Value = task.TextValue(clip(ch.text, optionLength)) // it stays, and why it settles nothing is held
		}
		p.Rows = append(p.Rows, connectors.PageRow{Key: key, Cells: []connectors.Cell{
			textCell(string(k.Task)), textCell(c.titleOf(k.Task)), textCell(k.Field.Display()), textCell(oneLine(shown(k.Agreed), valueLength)),
			textCell(c.claims(k.Claims, reasonLength)), choose, textCell(c.moment(k.Opened)),
		}})
	}
}

// claims are claims in words: who says what, and when.
func (c *cycle) claims(cs []store.Claim, length int) string {
	var words []string
	for _, cl := range cs {
		said := fmt.Sprintf("%s says %s", cl.Source, oneLine(shown(cl.Value), valueLength))
		var who []string
		if cl.By != "" {
			who = append(who, oneLine(cl.By, nameLength))
		}
		if !cl.At.IsZero() {
			who = append(who, c.moment(cl.At))
		}
		if len(who) > 0 {
			said += " (" + strings.Join(who, ", ") + ")"
		}
		words = append(words, said)
	}
	return clip(strings.Join(words, "; "), length)
}

// activityRows is how many lines the page of activity has at most.
const activityRows = 200

// activity is who changed what where, the newest first.
func (c *cycle) activity(p *connectors.Page, told *view.Stories) {
	p.Lines = []connectors.Cell{
		{Value: task.TextValue("Activity"), Bold: true},
		{Value: task.TextValue(fmt.Sprintf("The latest %d changes, the newest first. The whole history is kept by Lockstep.", activityRows)), Tone: connectors.Muted},
	}
	p.Columns = []connectors.BoardColumn{
		{Name: "When", Kind: task.Text},
		{Name: "Task", Kind: task.Text},
		{Name: "Title", Kind: task.Text, Wide: true},
		{Name: "What", Kind: task.Text},
		{Name: "From", Kind: task.Text},
		{Name: "To", Kind: task.Text},
		{Name: "Who", Kind: task.Text},
		{Name: "Overruled", Kind: task.Text, Wide: true},
	}
	for _, e := range told.Latest() {
		what, from, to := c.happened(e)
		overruled := ""
		if e.Kind == store.EventDecided {
			overruled = c.claims(e.Losers, reasonLength)
		}
		p.Rows = append(p.Rows, connectors.PageRow{Cells: []connectors.Cell{
			textCell(c.moment(e.At)), textCell(string(e.Task)), textCell(c.titleOf(e.Task)), textCell(what), textCell(from), textCell(to),
			textCell(whoIn(e.By, e.Source)), textCell(overruled),
		}})
	}
}

// happened is an event in words.
func (c *cycle) happened(e store.Event) (what, from, to string) {
	field := e.Field
	if f, ok := task.ParseField(e.Field); ok {
		field = f.Display()
	}
	from, to = oneLine(e.From.Display(), valueLength), oneLine(e.To.Display(), valueLength)
	if f, _ := task.ParseField(e.Field); f == task.Partner {
		from, to = c.partnerName(from), c.partnerName(to)
	}
	switch e.Kind {
	case store.EventBorn:
		return "New task", "", ""
	case store.EventRemoved:
		return "Removed", "", ""
	case store.EventRestored:
		return "Back again", "", ""
	case store.EventOvertyped:
		return "Typed over what Lockstep works out: " + oneLine(e.Note, nameLength), from, ""
	case store.EventSettled:
		return "Conflict settled: " + field, from, to
	case store.EventGate:
		_, d, _ := view.GateDecision(&e)
		return "Gate decided: " + oneLine(e.Field, nameLength), "", oneLine(d.Outcome.Display(), nameLength)
	case store.EventUpdate:
		u, _ := view.StatusUpdate(&e)
		return "Status update: " + oneLine(u.Words, valueLength), "", u.RAG.Display()
	case store.EventDecided:
		if e.Note != "" {
			field += " (" + oneLine(e.Note, nameLength) + ")"
		}
	case store.EventConflict, store.EventWritten, store.EventFailed, store.EventLinked, store.EventUnlinked, store.EventTold:
	}
	return field, from, to
}

// partnerName is how people call a partner.
func (c *cycle) partnerName(id string) string {
	for _, p := range c.Board.Partners {
		if p.ID == id {
			return p.Name
		}
	}
	return id
}

// whoIn names a person and a tool, as far as they are known.
func whoIn(by string, src task.SourceID) string {
	by = oneLine(by, nameLength)
	switch {
	case src == "":
		return by
	case by == "":
		return "in " + string(src)
	}
	return by + " in " + string(src)
}

// quality is everything that waits for a person, with what to do about it.
func (c *cycle) quality(p *connectors.Page) {
	p.Lines = append([]connectors.Cell{{Value: task.TextValue("Data quality"), Bold: true}}, c.freshness()...)
	switch n := len(c.holds); {
	case n == 0:
		p.Lines = append(p.Lines, connectors.Cell{Value: task.TextValue("Nothing waits for anybody."), Tone: connectors.Muted})
	case n > qualityRows:
		p.Lines = append(p.Lines, textCell(fmt.Sprintf("%d things wait for somebody; the first %d are shown.", n, qualityRows)))
	}
	p.Columns = []connectors.BoardColumn{
		{Name: "Tool", Kind: task.Text},
		{Name: "Item", Kind: task.Text},
		{Name: "Task", Kind: task.Text},
		{Name: "Field", Kind: task.Text},
		{Name: "Matter", Kind: task.Text},
		{Name: "What it shows", Kind: task.Text, Wide: true},
		{Name: "What to do", Kind: task.Text, Wide: true},
	}
	for _, h := range c.holds[:min(len(c.holds), qualityRows)] {
		field := h.Field
		if f, ok := task.ParseField(field); ok {
			field = f.Display()
		}
		p.Rows = append(p.Rows, connectors.PageRow{Cells: []connectors.Cell{
			textCell(string(h.Source)), textCell(oneLine(h.Name, nameLength)), textCell(oneLine(string(h.Task), nameLength)), textCell(field),
			textCell(strings.ReplaceAll(string(h.Reason), "_", " ")), textCell(oneLine(h.Raw, valueLength)), textCell(oneLine(h.Hint, reasonLength)),
		}})
	}
}
