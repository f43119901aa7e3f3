package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
	"github.com/lockstep-sync/lockstep/sync/view"
)

// sections are those of the periods, told from the history: the same whenever they are made. Nil where no period is due.
func (c *cycle) sections(ctx context.Context, due []period) ([]connectors.ReportSection, error) {
	if len(due) == 0 {
		return nil, nil
	}
	events, err := c.wholeHistory(ctx)
	if err != nil {
		return nil, err
	}
	in := c.cardInput(c.memory.stories, nil)
	out := make([]connectors.ReportSection, len(due))
	for i, p := range due {
		s := &sectionMaker{cycle: c, period: p, events: events}
		now, then := s.asOf(in, p.end), s.asOf(in, p.begin)
		s.now, s.digest = &now, scorecard.NewDigest(&now, &then, events)
		s.views = now.ByID()
		out[i] = connectors.ReportSection{ID: p.id(), Title: p.title(), Blocks: s.blocks()}
	}
	return out, nil
}

// historyPage is how many events are read at a time.
const historyPage = 1000

// wholeHistory is what the stories and conflicts of all tasks are made of, up to this cycle.
func (c *cycle) wholeHistory(ctx context.Context) ([]scorecard.Event, error) {
	var out []scorecard.Event
	q := store.Query{Kinds: view.TaskKinds(), Oldest: true, Limit: historyPage}
	for {
		es, err := c.Store.History(ctx, c.Partnership, q)
		if err != nil {
			return nil, fmt.Errorf("read the history after event %d: %w", q.After, err)
		}
		for i := range es {
			e := &es[i]
			q.After = e.ID
			if e.Cycle > c.generation {
				continue // decided by another Lockstep since: the next cycle knows its tasks
			}
			out = append(out, view.Event(e))
		}
		if len(es) < historyPage {
			return out, nil
		}
	}
}

// sectionMaker tells of one period.
type sectionMaker struct {
	*cycle
	period period
	events []scorecard.Event
	now    *scorecard.Scorecard // as of the period's end
	digest scorecard.Digest
	views  map[task.ID]*scorecard.TaskView
	none   []string // what there was nothing of
	out    []connectors.ReportBlock
}

func (s *sectionMaker) asOf(in scorecard.Input, at time.Time) scorecard.Scorecard {
	in.Now, in.Tasks, in.Conflicts, in.Holds, in.Sources = at, scorecard.AsOf(in.Tasks, s.events, at), scorecard.ConflictsAsOf(s.events, at), nil, nil
	for i := range in.Tasks {
		in.Tasks[i].Sources = nil // how fresh they were then, nobody knows
	}
	return scorecard.Compute(in)
}

func (s *sectionMaker) blocks() []connectors.ReportBlock {
	s.add(connectors.ReportBlock{Text: s.verdictText(s.now.Partnership.Verdict)})
	s.add(connectors.ReportBlock{Text: say(s.inShort())})
	if began := s.began(); began != "" {
		s.add(connectors.ReportBlock{Style: connectors.ReportNote, Text: say(began)})
	}
	s.done()
	s.slipped()
	s.newReds()
	s.commitments()
	s.needed()
	s.settled()
	s.next()
	s.changed()
	if len(s.none) > 0 {
		s.add(connectors.ReportBlock{Style: connectors.ReportNote, Text: say(strings.Join(s.none, " "))})
	}
	return s.out
}

func (s *sectionMaker) add(b connectors.ReportBlock) { s.out = append(s.out, b) }

// part adds a heading and what stands under it, or notes that there was none of it.
func (s *sectionMaker) part(heading, none string, blocks ...connectors.ReportBlock) {
	if len(blocks) == 0 {
		s.none = append(s.none, none)
		return
	}
	s.add(connectors.ReportBlock{Style: connectors.ReportHeading, Text: say(heading)})
	s.out = append(s.out, blocks...)
}

// tableOf is a table of at most paperRows rows, and a word of how many more there are; nothing where there is no row.
func tableOf(rows [][]connectors.ReportText, columns ...string) []connectors.ReportBlock {
	if len(rows) == 0 {
		return nil
	}
	out := []connectors.ReportBlock{{Columns: columns, Rows: rows[:min(len(rows), paperRows)]}}
	return append(out, more(len(rows))...)
}

func more(n int) []connectors.ReportBlock {
	if n <= paperRows {
		return nil
	}
	return []connectors.ReportBlock{{Style: connectors.ReportNote, Text: say(fmt.Sprintf("And %d more.", n-paperRows))}}
}

func (s *sectionMaker) inShort() string {
	n, at := &s.digest.Counts, &s.now.Partnership.Counts
	var said []string
	for _, x := range []struct {
		n         int
		one, many string
	}{
		{n.Finished, "task finished", "tasks finished"},
		{n.New, "new", "new"},
		{n.Later, "due later than before", "due later than before"},
		{n.Earlier, "due earlier than before", "due earlier than before"},
		{n.Cancelled, "cancelled", "cancelled"},
		{n.Removed, "removed", "removed"},
		{n.Restored, "back again", "back again"},
	} {
		if x.n > 0 {
			said = append(said, counted(x.n, x.one, x.many))
		}
	}
	if len(said) == 0 {
		said = []string{"Nothing was finished, moved or added"}
	}
	return fmt.Sprintf("%s. At the end: %d open, %d overdue, %d done.", strings.Join(said, ", "), at.Open, at.Overdue, at.Done)
}

// began says that the history begins within the period.
func (s *sectionMaker) began() string {
	if len(s.events) == 0 || !s.events[0].At.After(s.period.begin) {
		return ""
	}
	return "Lockstep has kept watch since " + s.moment(s.events[0].At) + ": of what was before, nothing is known here."
}

// titled is a task's title as of the period's end.
func (s *sectionMaker) titled(id task.ID) string {
	if v := s.views[id]; v != nil {
		return oneLine(v.Task.Agreed[task.Title].String(), valueLength)
	}
	return s.titleOf(id)
}

func (s *sectionMaker) partnerOf(id task.ID) string {
	if v := s.views[id]; v != nil {
		return oneLine(s.partnerName(v.Partner), nameLength)
	}
	return "–"
}

// changeOf is what became of a field of a task; nil where it is what it was.
func changeOf(t *scorecard.TaskChange, f task.Field) *scorecard.Change {
	for i := range t.Changes {
		if t.Changes[i].Field == f {
			return &t.Changes[i]
		}
	}
	return nil
}

func finished(t *scorecard.TaskChange) bool {
	c := changeOf(t, task.Status)
	return !t.Removed && c != nil && c.To.String() == task.Done
}

func (s *sectionMaker) done() {
	var out []connectors.ReportBlock
	n := 0
	for i := range s.digest.Changed {
		t := &s.digest.Changed[i]
		if !finished(t) {
			continue
		}
		if n++; n > paperRows {
			continue
		}
		text := append(s.taskLink(t.Task), connectors.ReportSpan{Text: " " + s.titled(t.Task)}, connectors.ReportSpan{Text: " (" + s.partnerOf(t.Task) + ")", Tone: connectors.Muted})
		out = append(out, connectors.ReportBlock{Style: connectors.ReportBullet, Text: text})
	}
	s.part("Done", "Nothing was finished.", append(out, more(n)...)...)
}

// slipped are the tasks whose date was moved to a later one.
func (s *sectionMaker) slipped() {
	var rows [][]connectors.ReportText
	for i := range s.digest.Changed {
		t := &s.digest.Changed[i]
		c := changeOf(t, task.Due)
		if c == nil || t.Removed || c.From.IsEmpty() || c.To.IsEmpty() || c.To.String() <= c.From.String() {
			continue
		}
		often := ""
		if v := s.views[t.Task]; v != nil {
			often = v.Slip.String()
		}
		rows = append(rows, []connectors.ReportText{
			s.taskLink(t.Task), say(s.titled(t.Task)), say(s.partnerOf(t.Task)), say(dayText(c.From)), say(dayText(c.To)), say(cmp.Or(often, "–")),
		})
	}
	s.part("Slipped", "Nothing slipped.", tableOf(rows, "Task", "What", "Partner", "From", "To", "In all")...)
}

func (s *sectionMaker) newReds() {
	var rows [][]connectors.ReportText
	for _, v := range s.digest.NewReds {
		why := make([]string, len(v.Verdict.Reasons))
		for i, r := range v.Verdict.Reasons {
			why[i] = r.String()
		}
		rows = append(rows, []connectors.ReportText{
			s.taskLink(v.Task.ID), say(s.titled(v.Task.ID)), say(s.partnerOf(v.Task.ID)), ragText(v.Verdict.RAG), say(oneLine(strings.Join(why, "; "), reasonLength)),
		})
	}
	s.part("Newly red", "Nothing turned red.", tableOf(rows, "Task", "What", "Partner", "RAG", "Why")...)
}

// commitments are those of the weeks that ended in the period.
func (s *sectionMaker) commitments() {
	var out []connectors.ReportBlock
	for _, w := range s.digest.Weeks {
		if !w.Commitments.Known() {
			continue
		}
		said := fmt.Sprintf("%s kept", keptOf(w.Commitments))
		if s.period.every != EveryWeek {
			said = "Week from " + dayText(w.First) + ": " + said
		}
		if w.Unplanned > 0 {
			said += "; " + counted(w.Unplanned, "task was finished that was", "tasks were finished that were") + " not promised"
		}
		out = append(out, connectors.ReportBlock{Text: say(said + ".")})
		for _, t := range w.Kept[:min(len(w.Kept), paperRows)] {
			out = append(out, connectors.ReportBlock{Style: connectors.ReportBullet, Text: append(
				append(connectors.ReportText{{Text: "Kept: "}}, s.taskLink(t.ID)...), connectors.ReportSpan{Text: " " + s.titled(t.ID)},
			)})
		}
		out = append(out, more(len(w.Kept))...)
		var rows [][]connectors.ReportText
		for _, m := range w.Misses {
			rows = append(rows, []connectors.ReportText{
				s.taskLink(m.ID), say(s.titled(m.ID)), say(oneLine(s.partnerName(m.Partner), nameLength)), say(oneLine(m.Reason.String(), reasonLength)),
			})
		}
		out = append(out, tableOf(rows, "Missed", "What", "Partner", "Why")...)
	}
	s.part("Commitments", "No commitment of a whole week ended.", out...)
}

func (s *sectionMaker) needed() {
	var out []connectors.ReportBlock
	for _, n := range s.digest.Needed[:min(len(s.digest.Needed), paperRows)] {
		text := say(oneLine(n.Words, valueLength))
		if n.Task != "" {
			text = append(text, connectors.ReportSpan{Text: ": "}, s.taskLink(n.Task)[0], connectors.ReportSpan{Text: " " + s.titled(n.Task)})
		}
		out = append(out, connectors.ReportBlock{Style: connectors.ReportBullet, Text: text})
	}
	s.part("Decisions needed", "Nothing waited for a decision.", append(out, more(len(s.digest.Needed))...)...)
}

// settled are the conflicts that were settled in the period.
func (s *sectionMaker) settled() {
	var rows [][]connectors.ReportText
	for i := range s.events {
		e := &s.events[i]
		f, ok := task.ParseField(e.Field)
		if !ok || e.Kind != scorecard.Settled || !e.At.After(s.period.begin) || e.At.After(s.period.end) {
			continue
		}
		rows = append(rows, []connectors.ReportText{
			s.taskLink(e.Task), say(s.titled(e.Task)), say(f.Display()), say(valueText(f, e.To)), say(cmp.Or(whoIn(e.By, e.Source), "–")), say(s.moment(e.At)),
		})
	}
	s.part("Conflicts settled", "No conflict was settled.", tableOf(rows, "Task", "What", "Field", "Agreed", "By", "When")...)
}

// next is what is due in the days after the period.
func (s *sectionMaker) next() {
	var rows [][]connectors.ReportText
	for _, u := range s.digest.Next {
		about := say(string(u.Kind))
		if u.Kind == scorecard.OfTask {
			about = s.taskLink(task.ID(u.ID))
		}
		rows = append(rows, []connectors.ReportText{
			say(dayText(u.Day)), about, say(oneLine(u.Name, valueLength)), say(cmp.Or(oneLine(s.partnerName(u.Partner), nameLength), "–")),
		})
	}
	heading := fmt.Sprintf("Next %d days", s.Board.Rules.Ahead)
	s.part(heading, fmt.Sprintf("Nothing was due in the %d days that followed.", s.Board.Rules.Ahead), tableOf(rows, "Due", "Task", "What", "Partner")...)
}

// changed is all that changed, task by task.
func (s *sectionMaker) changed() {
	var rows [][]connectors.ReportText
	for i := range s.digest.Changed {
		t := &s.digest.Changed[i]
		if t.New && len(t.Changes) == 0 && s.began() != "" {
			continue // it was there before; it is new to Lockstep
		}
		var said, who []string
		switch {
		case t.Removed:
			said = append(said, "removed")
		case t.Restored:
			said = append(said, "back again")
		case t.New:
			said = append(said, "new")
		}
		for _, c := range t.Changes {
			if c.Field == task.Notes {
				said = append(said, "Notes changed")
			} else {
				said = append(said, fmt.Sprintf("%s: %s → %s", c.Field.Display(), s.shownAs(c.Field, c.From), s.shownAs(c.Field, c.To)))
			}
			if by := whoIn(c.By, c.Source); by != "" && !slices.Contains(who, by) {
				who = append(who, by)
			}
		}
		rows = append(rows, []connectors.ReportText{
			s.taskLink(t.Task), say(s.titled(t.Task)), say(oneLine(strings.Join(said, "; "), reasonLength)), say(cmp.Or(oneLine(strings.Join(who, ", "), valueLength), "–")),
		})
	}
	s.part("What changed", "Nothing changed.", tableOf(rows, "Task", "What", "Change", "Who")...)
}

func (s *sectionMaker) shownAs(f task.Field, v task.Value) string {
	if f == task.Partner {
		return oneLine(s.partnerName(v.String()), nameLength)
	}
	return valueText(f, v)
}
