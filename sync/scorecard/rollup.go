package scorecard

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// Rollup is a group of tasks taken together: a partner's, a workstream's, a cell of the heat map, or all.
type Rollup struct {
	Subject Subject `json:"subject"`
	Name    string  `json:"name"` // "" for the tasks without a workstream, or without a partner

	Verdict Verdict `json:"verdict"`
	// Read is when the source that the figures rest on, and that was read longest ago, was read; zero where one never was.
	Read     time.Time     `json:"read,omitzero"`
	Declared *StatusUpdate `json:"declared,omitempty"` // what people say; nil where nobody said anything
	// Disagrees says that the declared colour is not the computed one.
	Disagrees bool `json:"disagrees,omitempty"`

	Counts Counts `json:"counts"`
	// Adherence is the schedule adherence: finished ÷ (baselined to be finished by now + done without a baseline).
	Adherence Ratio `json:"adherence"`
	// OnTime is finished on or before baseline ÷ baselined due in the period.
	OnTime        Ratio   `json:"on_time"`
	OnTimeVerdict Verdict `json:"on_time_verdict"`
	// Commitments are those kept of those made in the weeks that are over; Weeks tell them week by week. A cell of the heat map has
	// neither.
	Commitments Ratio  `json:"commitments"`
	Weeks       []Week `json:"weeks,omitempty"`
	// Forecast and Burnup are those of workstreams and of the partnership.
	Forecast *Forecast     `json:"forecast,omitempty"`
	Burnup   []BurnupPoint `json:"burnup,omitempty"`
	// Target is the date that the forecast is held against: the agreed one; else, where TargetIsBaseline, the last baseline date of the
	// group's tasks. Empty where there is neither.
	Target           task.Value `json:"target"`
	TargetIsBaseline bool       `json:"target_is_baseline,omitempty"`
	// SlipDays is by how many days the open and finished tasks of the group moved later than first agreed, together; Slipped is
	// how many did.
	Slipped  int `json:"slipped"`
	SlipDays int `json:"slip_days"`
}

// Counts are how many tasks there are of each kind. Total = Open + Done + Cancelled; Open = NotStarted + InProgress + Blocked + Other
// = Red + Amber + Grey + Green.
type Counts struct {
	Total int `json:"total"`
	Open  int `json:"open"`

	NotStarted int `json:"not_started"`
	InProgress int `json:"in_progress"`
	Blocked    int `json:"blocked"`
	Other      int `json:"other,omitempty"` // of a status that is none of the five
	Done       int `json:"done"`
	Cancelled  int `json:"cancelled"`

	Red   int `json:"red"`
	Amber int `json:"amber"`
	Grey  int `json:"grey"`
	Green int `json:"green"`

	// Of the open ones:
	Overdue int `json:"overdue"` // past today's due date
	Late    int `json:"late"`    // past the date that lateness is counted from
	DueSoon int `json:"due_soon"`
	NoDate  int `json:"no_date"`
	NoOwner int `json:"no_owner"`
	Stale   int `json:"stale"`
}

// group is what is summed up on the way to a roll-up.
type group struct {
	counts    Counts
	adherence Ratio
	onTime    Ratio
	slipped   int
	slipDays  int
	dated     int // open tasks that have a date
	last      day // the last baseline date of what is not cancelled
	hasLast   bool
}

func (c *Counts) add(v *TaskView) {
	c.Total++
	switch v.Status {
	case task.Done:
		c.Done++
		return
	case task.Cancelled:
		c.Cancelled++
		return
	case task.NotStarted:
		c.NotStarted++
	case task.InProgress:
		c.InProgress++
	case task.Blocked:
		c.Blocked++
	default:
		c.Other++
	}
	c.Open++
	switch v.Verdict.RAG {
	case Red:
		c.Red++
	case Amber:
		c.Amber++
	case Grey:
		c.Grey++
	case Green:
		c.Green++
	case None:
	}
	for _, x := range []struct {
		n  *int
		is bool
	}{
		{&c.Overdue, v.Overdue > 0},
		{&c.Late, v.Late > 0},
		{&c.DueSoon, v.DueSoon},
		{&c.NoDate, !v.HasDue},
		{&c.NoOwner, v.NoOwner},
		{&c.Stale, v.Verdict.Stale},
	} {
		if x.is {
			*x.n++
		}
	}
}

// add counts a task into the group's figures.
func (g *group) add(v *TaskView, today day, period int) {
	g.counts.add(v)
	if v.Status == task.Cancelled {
		return // it is no longer in the plan
	}
	if v.Slip.Days > 0 {
		g.slipped++
		g.slipDays += v.Slip.Days
	}
	if v.Open && (v.HasDue || v.hasBaseline) {
		g.dated++
	}
	if v.hasBaseline && (!g.hasLast || v.baseline > g.last) {
		g.last, g.hasLast = v.baseline, true
	}
	past := v.hasBaseline && v.baseline < today // a day that is not over is no miss
	if v.Status == task.Done {
		g.adherence.Part++
	}
	if past || !v.hasBaseline && v.Status == task.Done {
		g.adherence.Whole++
	}
	if !past || v.baseline < today-day(period) || v.Status == task.Done && !v.finishedKnown {
		return // when a task that came to us done was finished, nobody knows
	}
	g.onTime.Whole++
	if v.Status == task.Done && v.finished <= v.baseline {
		g.onTime.Part++
	}
}

// count counts a task into the groups that it is in.
func (c *computer) count(v *TaskView) {
	at := cell{v.Partner, v.Workstream}
	if c.byCell[at] == nil {
		c.inStream[at.stream] = append(c.inStream[at.stream], at.partner)
	}
	for _, g := range []*group{c.whole, in(c.byPartner, v.Partner), in(c.byStream, v.Workstream), in(c.byCell, at)} {
		g.add(v, c.today, c.in.Rules.Period)
	}
}

func in[K comparable](m map[K]*group, k K) *group {
	g := m[k]
	if g == nil {
		g = new(group)
		m[k] = g
	}
	return g
}

// layGroups begins the groups that are there whether or not a task is in them.
func (c *computer) layGroups() {
	c.whole, c.inStream = new(group), make(map[string][]string)
	c.byPartner, c.byStream, c.byCell = make(map[string]*group), make(map[string]*group), make(map[cell]*group)
	for _, p := range c.in.Partners {
		in(c.byPartner, p.ID)
	}
	for _, w := range c.in.Workstreams {
		in(c.byStream, c.streamNamed(w.Name))
	}
}

// rollUp makes the roll-ups of the groups.
func (c *computer) rollUp(s *Scorecard) {
	h := &c.history
	for _, name := range byName(keys(c.byStream), func(s string) string { return s }) {
		g := c.byStream[name]
		r := c.rollup(g, Subject{Kind: OfWorkstream, Workstream: name}, name)
		r.Forecast = c.forecastStream(name, g.counts.Open)
		c.aim(&r, g, c.targets[fold(name)])
		if c.followed[name] {
			c.weekly(&r, h.byStream[name], false)
			r.Burnup = c.burnup(h.byStream[name])
		}
		c.conclude(&r, g, s.Milestones, c.sourcesOfStream(name))
		s.Workstreams = append(s.Workstreams, r)
	}

	s.Partnership = c.rollup(c.whole, Subject{Kind: Partnership}, "")
	c.weekly(&s.Partnership, h.whole, true)
	s.Partnership.Forecast = c.forecastAll(s.Workstreams)
	c.aim(&s.Partnership, c.whole, c.in.Target)
	s.Partnership.Burnup = c.burnup(h.whole)
	c.conclude(&s.Partnership, c.whole, s.Milestones, c.allSources())

	for _, id := range byName(keys(c.byPartner), c.partnerName) {
		r := c.rollup(c.byPartner[id], Subject{Kind: OfPartner, Partner: id}, c.partnerName(id))
		c.weekly(&r, h.byPartner[id], false)
		c.conclude(&r, c.byPartner[id], s.Milestones, c.ownOf(id))
		s.Partners = append(s.Partners, r)
	}

	at := make(map[string][]string, len(s.Partners)) // partner → workstreams, in order
	for i := range s.Workstreams {
		name := s.Workstreams[i].Name
		for _, partner := range c.inStream[name] {
			at[partner] = append(at[partner], name)
		}
	}
	for i := range s.Partners {
		id := s.Partners[i].Subject.Partner
		for _, name := range at[id] {
			r := c.rollup(c.byCell[cell{id, name}], Subject{Kind: OfCombination, Partner: id, Workstream: name}, name)
			c.conclude(&r, c.byCell[cell{id, name}], s.Milestones, c.ownOf(id))
			s.Cells = append(s.Cells, r)
		}
	}
}

func (c *computer) rollup(g *group, about Subject, name string) Rollup {
	return Rollup{
		Subject: about, Name: name, Counts: g.counts, Adherence: g.adherence, OnTime: g.onTime, Slipped: g.slipped, SlipDays: g.slipDays,
		Declared: c.declared(about),
	}
}

// weekly adds a group's commitments.
func (c *computer) weekly(r *Rollup, k *track, told bool) {
	r.Weeks = c.weeksOf(k, told)
	r.Commitments = reliability(r.Weeks)
}

// aim adds the date that the forecast is held against.
func (c *computer) aim(r *Rollup, g *group, agreed task.Value) {
	r.Target = agreed
	if agreed.IsEmpty() && c.in.Rules.TargetFromBaseline && g.hasLast {
		r.Target, r.TargetIsBaseline = g.last.value(), true
	}
}

// conclude adds the verdicts.
func (c *computer) conclude(r *Rollup, g *group, milestones []MilestoneView, sources []int) {
	r.Verdict = c.freshen(c.judgeGroup(g, r, redMilestones(milestones, r.Subject.has)), sources)
	r.Read = c.oldestRead(sources)
	r.OnTimeVerdict = c.freshen(c.judgeOnTime(g.onTime), sources)
	r.Disagrees = r.Declared != nil && r.Declared.RAG != r.Verdict.RAG
}

// byName sorts keys by the names that they have, case aside; what has none comes last.
func byName(keys []string, name func(string) string) []string {
	type named struct{ key, folded string }
	all := make([]named, len(keys))
	for i, k := range keys {
		all[i] = named{k, fold(name(k))}
	}
	slices.SortFunc(all, func(a, b named) int {
		if (a.folded == "") != (b.folded == "") {
			return -strings.Compare(a.folded, b.folded)
		}
		return cmp.Or(strings.Compare(a.folded, b.folded), strings.Compare(a.key, b.key))
	})
	for i := range all {
		keys[i] = all[i].key
	}
	return keys
}

func (c *computer) partnerName(id string) string { return cmp.Or(c.partnerIDs[id], id) }

// has reports whether a milestone belongs to what is spoken of.
func (s Subject) has(m *MilestoneView) bool {
	switch s.Kind {
	case Partnership:
		return true
	case OfPartner:
		return m.Partner == s.Partner
	case OfWorkstream:
		return m.Workstream == s.Workstream
	case OfCombination:
		return m.Partner == s.Partner && m.Workstream == s.Workstream
	default:
		return false
	}
}

// judgeGroup is the verdict on a group: never an average of colours. The reasons are those that its critical milestones give.
func (c *computer) judgeGroup(g *group, of *Rollup, reasons []Reason) Verdict {
	r := &c.in.Rules
	add := func(x Reason) { reasons = append(reasons, x) }
	adherence := Reason{Code: AdherenceLow, RAG: Red, Count: g.adherence.Part, Of: g.adherence.Whole, Threshold: r.AdherenceRed}
	switch {
	case g.counts.Open+g.counts.Done == 0:
		return verdict(append(reasons, Reason{Code: NoTasks, RAG: None})...)
	case g.counts.Open == 0:
		add(Reason{Code: AllDone, RAG: Green, Count: g.counts.Done})
	case g.dated == 0:
		add(Reason{Code: NoDates, RAG: Grey, Count: g.counts.Open})
	}
	switch {
	case !g.adherence.Known():
		add(Reason{Code: NothingDue, RAG: Green})
	case g.adherence.below(r.AdherenceRed):
		add(adherence)
	case g.adherence.below(r.AdherenceAmber):
		adherence.RAG, adherence.Threshold = Amber, r.AdherenceAmber
		add(adherence)
	default:
		adherence.Code, adherence.RAG, adherence.Threshold = AdherenceOK, Green, 0
		add(adherence)
	}
	if target, ok := dayOf(of.Target); ok && of.Forecast != nil && of.Forecast.State == ForecastOK {
		last, ok := dayOf(of.Forecast.P85)
		why := Reason{RAG: Amber, From: of.Target, To: of.Forecast.P85, Days: int(last - target)}
		switch {
		case ok && last > target:
			why.Code = ForecastLate
			add(why)
		case !ok && c.today+day(7*of.Forecast.horizon) >= target:
			why.Code, why.Days, why.Count = ForecastNever, 0, of.Forecast.horizon
			add(why)
		}
	}
	return verdict(reasons...)
}

func (c *computer) judgeOnTime(x Ratio) Verdict {
	r := &c.in.Rules
	why := Reason{Code: OnTimeLow, Count: x.Part, Of: x.Whole}
	switch {
	case !x.Known():
		return verdict(Reason{Code: NothingDue, RAG: None})
	case x.below(r.OnTimeRed):
		why.RAG, why.Threshold = Red, r.OnTimeRed
	case x.below(r.OnTimeAmber):
		why.RAG, why.Threshold = Amber, r.OnTimeAmber
	default:
		why.Code, why.RAG = OnTimeOK, Green
	}
	return verdict(why)
}
