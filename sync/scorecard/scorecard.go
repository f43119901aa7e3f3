package scorecard

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// Scorecard is a partnership at one moment. It shares memory with the input that it was computed from, which must not be
// changed while it is in use.
type Scorecard struct {
	Now   time.Time  `json:"now"`   // in the partnership's zone
	Today task.Value `json:"today"` // the day that it is there

	Tasks []TaskView `json:"-"` // by number; removed ones are left out

	Partnership Rollup   `json:"partnership"`
	Partners    []Rollup `json:"partners"`    // by name, those of the configuration and any other that tasks name
	Workstreams []Rollup `json:"workstreams"` // by name, the tasks without one last
	Cells       []Rollup `json:"cells"`       // partner × workstream, those with tasks, by partner then workstream

	QuickWins  []*TaskView     `json:"-"`          // by number
	Milestones []MilestoneView `json:"milestones"` // by date
	Gates      []GateView      `json:"gates"`      // by date
	Indicators []IndicatorView `json:"indicators"` // by name

	Sources   []SourceView `json:"sources"`   // by id
	Conflicts []Conflict   `json:"conflicts"` // by task, then field
	Quality   Quality      `json:"quality"`

	ahead int
}

// Compute makes the scorecard. The same input gives the same scorecard, in whatever order its slices come.
func Compute(in Input) Scorecard {
	c := newComputer(in)
	s := Scorecard{Now: in.Now.In(c.loc), Today: c.today.value(), Sources: c.sources, Conflicts: sortConflicts(slices.Clone(in.Conflicts)), Quality: c.quality(), ahead: in.Rules.Ahead}
	c.replayAll()
	s.Tasks = make([]TaskView, 0, len(c.tasks))
	for _, t := range c.tasks {
		if !t.Removed {
			s.Tasks = append(s.Tasks, c.judge(t))
		}
	}
	for i := range s.Tasks {
		v := &s.Tasks[i]
		v.Declared = c.declared(Subject{Kind: OfTask, Task: v.Task.ID})
		c.count(v)
		if v.QuickWin {
			s.QuickWins = append(s.QuickWins, v)
		}
	}
	s.Milestones = c.milestones(s.Tasks)
	s.Indicators = c.indicators()
	s.Gates = c.gates(s.Indicators)
	c.rollUp(&s)
	return s
}

// ByID are the tasks by id. The map is the caller's.
func (s *Scorecard) ByID() map[task.ID]*TaskView {
	m := make(map[task.ID]*TaskView, len(s.Tasks))
	for i := range s.Tasks {
		m[s.Tasks[i].Task.ID] = &s.Tasks[i]
	}
	return m
}

// computer is the input, laid out.
type computer struct {
	in      *Input
	loc     *time.Location
	today   day
	tasks   []*Task // by number
	sources []SourceView

	streams   map[string]string     // a workstream as a task writes it → as it is shown
	folded    map[string]string     // likewise, by what fold makes of it
	followed  map[string]bool       // by name as it is shown
	targets   map[string]task.Value // a workstream, folded → the agreed date
	own       map[string][]int      // partner → its sources, as indexes; the scorecard is nobody's
	scorecard []int                 // the scorecard, as index of sources
	updates   map[Subject]*StatusUpdate
	history   history

	whole      *group
	byPartner  map[string]*group
	byStream   map[string]*group
	byCell     map[cell]*group
	inStream   map[string][]string // workstream → the partners that have a task in it
	partnerIDs map[string]string   // id → name
}

type cell struct{ partner, stream string }

func newComputer(in Input) *computer {
	c := &computer{in: &in, loc: in.Location, partnerIDs: make(map[string]string, len(in.Partners))}
	if c.loc == nil {
		c.loc = time.UTC
	}
	c.today = dayIn(in.Now, c.loc)
	c.tasks = make([]*Task, len(in.Tasks))
	for i := range in.Tasks {
		c.tasks[i] = &in.Tasks[i]
	}
	slices.SortFunc(c.tasks, func(a, b *Task) int {
		return cmp.Or(cmp.Compare(a.Number, b.Number), strings.Compare(string(a.ID), string(b.ID)))
	})
	for _, p := range in.Partners {
		c.partnerIDs[p.ID] = max(c.partnerIDs[p.ID], p.Name)
	}
	c.nameStreams()
	c.readSources()
	c.readUpdates()
	c.layGroups()
	return c
}

// fold is a name as it is compared: case and blanks do not matter.
func fold(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }

// nameStreams gives every workstream one name, however tasks write it: that of the configuration, else the spelling that most tasks
// have, and of those the first in the alphabet.
func (c *computer) nameStreams() {
	spelled := make(map[string]int)
	for _, t := range c.tasks {
		if !t.Removed {
			spelled[t.Agreed[task.Workstream].String()]++
		}
	}
	names := make(map[string]string)
	c.folded = names
	for _, s := range sortedKeys(spelled) {
		k := fold(s)
		if best, ok := names[k]; !ok || spelled[s] > spelled[best] {
			names[k] = s
		}
	}
	c.targets = make(map[string]task.Value)
	agreed := slices.Clone(c.in.Workstreams)
	slices.SortFunc(agreed, func(a, b Workstream) int { // of one that is written twice the first counts, whatever the order
		return cmp.Or(strings.Compare(a.Name, b.Name), -byDate(a.Target, b.Target))
	})
	for _, w := range slices.Backward(agreed) {
		names[fold(w.Name)] = w.Name
		c.targets[fold(w.Name)] = w.Target
	}
	c.streams = make(map[string]string, len(spelled))
	sizes := make(map[string]int)
	for s, n := range spelled {
		c.streams[s] = names[fold(s)]
		sizes[c.streams[s]] += n
	}
	c.followStreams(sizes, agreed)
}

// followStreams chooses the workstreams that are followed week by week.
func (c *computer) followStreams(sizes map[string]int, agreed []Workstream) {
	names := sortedKeys(sizes)
	slices.SortStableFunc(names, func(a, b string) int { return sizes[b] - sizes[a] })
	c.followed = make(map[string]bool)
	for _, w := range agreed {
		c.followed[c.streamNamed(w.Name)] = true
	}
	for _, name := range names {
		if len(c.followed) < c.in.Rules.Workstreams {
			c.followed[name] = true
		}
	}
}

// stream is a workstream's name as it is shown; "" for none.
func (c *computer) stream(v task.Value) string {
	if name, ok := c.streams[v.String()]; ok {
		return name
	}
	return c.streamNamed(v.String()) // one that a task was in once, and no task is in now
}

func (c *computer) readUpdates() {
	c.updates = make(map[Subject]*StatusUpdate)
	for i := range c.in.Updates {
		u := &c.in.Updates[i]
		if u.At.After(c.in.Now) {
			continue
		}
		if was := c.updates[u.About]; was == nil || newer(u, was) {
			c.updates[u.About] = u
		}
	}
}

// newer orders updates by time; those of one moment by author and words, so that their order does not show.
func newer(a, b *StatusUpdate) bool {
	return cmp.Or(a.At.Compare(b.At), strings.Compare(a.By, b.By), strings.Compare(a.Words, b.Words), strings.Compare(string(a.RAG), string(b.RAG))) > 0
}

// declared is the newest update about a subject; nil where there is none.
func (c *computer) declared(s Subject) *StatusUpdate {
	if len(c.updates) == 0 {
		return nil
	}
	return c.updates[s]
}

// keys are a map's keys, in no order.
func keys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string {
	out := keys(m)
	slices.Sort(out)
	return out
}
