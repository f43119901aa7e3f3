package engine

import (
	"net/url"
	"strings"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
	"github.com/lockstep-sync/lockstep/sync/view"
)

// The lengths, in characters, at which texts from outside are cut on the board.
const (
	nameLength   = 120
	valueLength  = 300
	reasonLength = 800
	longestURL   = 2000
)

// boardRow is what was shown beside a task last, and what it was made of.
type boardRow struct {
	task  store.Task
	links []shownLink // by index of source
	cells []connectors.Cell
}

type shownLink struct{ name, url string }

// boardColumns are the computed columns beside the tasks.
func boardColumns() []connectors.BoardColumn {
	return []connectors.BoardColumn{
		{Name: "RAG", Kind: task.Text, Words: ragWords()},
		{Name: "Why", Kind: task.Text, Wide: true},
		{Name: "Slip", Kind: task.Text},
		{Name: "Where", Kind: task.Text},
		{Name: "Last change", Kind: task.Text},
	}
}

// The columns, as boardColumns has them.
const (
	ragColumn = iota
	whyColumn
	slipColumn
	whereColumn
	changeColumn
	boardWidth
)

func ragWords() []connectors.Word {
	var ws []connectors.Word
	for _, r := range []scorecard.RAG{scorecard.Red, scorecard.Amber, scorecard.Green, scorecard.Grey} {
		ws = append(ws, connectors.Word{Text: r.Display(), Tone: toneOf(r)})
	}
	return ws
}

func toneOf(r scorecard.RAG) connectors.Tone {
	switch r {
	case scorecard.Red:
		return connectors.Red
	case scorecard.Amber:
		return connectors.Amber
	case scorecard.Green:
		return connectors.Green
	case scorecard.Grey:
		return connectors.Grey
	case scorecard.None:
	}
	return connectors.Plain
}

func textCell(s string) connectors.Cell { return connectors.Cell{Value: task.TextValue(s)} }

// fillRows brings the cells beside the tasks up to date: those of tasks that changed, or all of them. What is shown is another map
// then: the connector may still hold the one before.
func (c *cycle) fillRows(told *view.Stories, all bool) {
	m := &c.memory
	rows := m.rows
	if all {
		rows = make(map[task.ID]*boardRow, len(c.works))
	}
	var views map[task.ID]*scorecard.TaskView
	changed := all || m.cells == nil || len(m.cells) != c.living()
	for _, w := range c.works {
		row := rows[w.task.ID]
		switch {
		case w.task.Removed:
			delete(rows, w.task.ID)
		case row == nil || row.task != w.task:
			if views == nil {
				views = viewsOf(&m.card)
			}
			rows[w.task.ID] = c.rowOf(w, views[w.task.ID], told.Of(w.task.ID))
			changed = true
		case !sameLinks(row.links, w.sides, c.scorecard):
			next := *row
			next.links, next.cells = c.linksOf(w), append([]connectors.Cell(nil), row.cells...)
			next.cells[whereColumn] = c.where(w)
			rows[w.task.ID] = &next
			changed = true
		}
	}
	m.rows = rows
	if !changed {
		return
	}
	m.cells = make(map[task.ID][]connectors.Cell, len(rows))
	for id, row := range rows {
		m.cells[id] = row.cells
	}
}

func viewsOf(card *scorecard.Scorecard) map[task.ID]*scorecard.TaskView {
	views := make(map[task.ID]*scorecard.TaskView, len(card.Tasks))
	for i := range card.Tasks {
		views[card.Tasks[i].Task.ID] = &card.Tasks[i]
	}
	return views
}

// living is how many tasks are shown.
func (c *cycle) living() int {
	n := 0
	for _, w := range c.works {
		if !w.task.Removed {
			n++
		}
	}
	return n
}

func (c *cycle) rowOf(w *work, v *scorecard.TaskView, s view.Story) *boardRow {
	row := &boardRow{task: w.task, links: c.linksOf(w), cells: make([]connectors.Cell, boardWidth)}
	if v != nil && v.Open {
		row.cells[ragColumn] = ragCell(v.Verdict.RAG)
		row.cells[whyColumn] = textCell(c.why(v.Verdict))
	}
	if v != nil {
		row.cells[slipColumn] = textCell(v.Slip.String())
	}
	row.cells[whereColumn] = c.where(w)
	row.cells[changeColumn] = textCell(c.lastChange(w, s))
	return row
}

func ragCell(r scorecard.RAG) connectors.Cell {
	return connectors.Cell{Value: task.TextValue(r.Display()), Tone: toneOf(r)}
}

// why is a verdict's reasons in words. How old a source is would change with every look: since when it is stale does not.
func (c *cycle) why(v scorecard.Verdict) string {
	words := make([]string, len(v.Reasons))
	for i, r := range v.Reasons {
		words[i] = r.String()
		if r.Code == scorecard.StaleData {
			words[i] = c.staleSince(task.SourceID(r.What))
		}
	}
	return clip(strings.Join(words, "; "), reasonLength)
}

func (c *cycle) staleSince(id task.SourceID) string {
	return string(id) + " was not read since " + c.moment(c.remembered(id).LastSuccess)
}

func (c *cycle) linksOf(w *work) []shownLink {
	out := make([]shownLink, len(w.sides))
	for i := range w.sides {
		out[i] = linkShown(&w.sides[i], i == c.scorecard)
	}
	return out
}

// linkShown is what is shown of one side: nothing of the scorecard, in which it is shown.
func linkShown(s *side, here bool) shownLink {
	if !s.linked || here {
		return shownLink{}
	}
	return shownLink{s.link.Name, s.link.URL}
}

func sameLinks(was []shownLink, sides []side, card int) bool {
	if len(was) != len(sides) {
		return false
	}
	for i := range sides {
		if was[i] != linkShown(&sides[i], i == card) {
			return false
		}
	}
	return true
}

// where leads into each tool that the task lives in.
func (c *cycle) where(w *work) connectors.Cell {
	var cell connectors.Cell
	for i := range w.sides {
		s := &w.sides[i]
		if !s.linked || i == c.scorecard {
			continue
		}
		name := s.link.Name
		if name == "" {
			name = s.link.Key
		}
		cell.Links = append(cell.Links, connectors.Link{
			Text: clip(string(c.sources[i].ID())+" "+name, nameLength), URL: address(s.link.URL),
		})
	}
	return cell
}

// address is a web address that people may be led to; "" where the text is none.
func address(s string) string {
	if u, err := url.Parse(s); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || len(s) > longestURL {
		return ""
	}
	return s
}

// lastChange names who changed the task last, in which tool, and when.
func (c *cycle) lastChange(w *work, s view.Story) string {
	by, src, at := s.Last.By, s.Last.Source, s.Last.At
	if at.IsZero() {
		by, src, at = "", s.Origin, w.task.Created
	}
	said := whoIn(by, src)
	if said != "" {
		said += ", "
	}
	return said + c.moment(at)
}
