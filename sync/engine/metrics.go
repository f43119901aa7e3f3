package engine

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/lockstep-sync/lockstep/sync/plan"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// Metrics is what an operator sees of the sync's health. Label values come from the configuration or from closed sets, never
// from data.
type Metrics struct {
	cycles       *prometheus.CounterVec
	duration     *prometheus.HistogramVec
	lastSuccess  *prometheus.GaugeVec
	lastAttempt  *prometheus.GaugeVec
	up           *prometheus.GaugeVec
	propagation  *prometheus.HistogramVec
	oldest       *ages
	scorecardAge *ages
	tasks        *prometheus.GaugeVec
	overdue      *prometheus.GaugeVec
	patches      *prometheus.CounterVec
	conflicts    *prometheus.GaugeVec
	held         *prometheus.GaugeVec
	trips        *prometheus.CounterVec

	mu      sync.Mutex
	counted map[string]map[string]*tally // the series of tasks that there are, by partnership and partner
}

// NewMetrics makes the metrics and registers them; a nil Registerer registers nothing (for tests). Ages are worked out when
// they are asked for, so that they go on growing when no cycle ends any more.
func NewMetrics(reg prometheus.Registerer, now func() time.Time) *Metrics {
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "lockstep", Name: name, Help: help}, labels)
	}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "lockstep", Name: name, Help: help}, labels)
	}
	histogram := func(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: "lockstep", Name: name, Help: help, Buckets: buckets}, labels)
	}
	m := &Metrics{
		cycles: counter("cycles_total", "Cycles by result: ok, partial (a source sat out or a write went wrong), guarded, failed.",
			"partnership", "result"),
		duration: histogram("cycle_duration_seconds", "How long a cycle took, in seconds.",
			[]float64{.01, .03, .1, .3, 1, 3, 10, 30, 100, 300}, "partnership"),
		lastSuccess: gauge("last_success_timestamp_seconds", "When the source was last read whole, in Unix seconds; 0 if never.",
			"partnership", "source"),
		lastAttempt: gauge("last_attempt_timestamp_seconds", "When it was last tried to read the source, in Unix seconds.",
			"partnership", "source"),
		up: gauge("source_up", "1 if the last attempt to read the source succeeded, else 0.", "partnership", "source"),
		propagation: histogram("propagation_seconds",
			"From when an edit was made (or, where the tool does not tell, seen) at its origin to when it was confirmed at a target, in seconds.",
			[]float64{.1, .3, 1, 3, 10, 30, 60, 120, 300, 900, 3600}, "from", "to"),
		oldest: newAges(now, "oldest_unsynced_change_seconds",
			"Age of the oldest change that was agreed and has not landed everywhere, in seconds; 0 if there is none."),
		scorecardAge: newAges(now, "scorecard_age_seconds",
			"Age of the oldest data on the scorecard, in seconds: the time since its stalest source, or the scorecard itself, was read, or "+
				"since what it shows beside the tasks was last written where that goes wrong."),
		tasks:     gauge("tasks", "Tasks by partner and status.", "partnership", "partner", "status"),
		overdue:   gauge("tasks_overdue", "Tasks that are past their due date and neither done nor cancelled.", "partnership", "partner"),
		patches:   counter("patches_total", "Writes to a source by operation, and whether they landed: ok, or failed.", "source", "op", "result"),
		conflicts: gauge("conflicts_open", "Fields that wait for people to agree.", "partnership"),
		held:      gauge("held", "Items, fields and writes that wait for a person, by source and reason.", "source", "reason"),
		trips:     counter("guard_trips_total", "Plans that a guard stopped, by guard.", "guard"),
		counted:   make(map[string]map[string]*tally),
	}
	if reg != nil {
		reg.MustRegister(m.cycles, m.duration, m.lastSuccess, m.lastAttempt, m.up, m.propagation, m.oldest, m.scorecardAge, m.tasks,
			m.overdue, m.patches, m.conflicts, m.held, m.trips)
	}
	return m
}

// Prepare makes the series of a partnership exist before its first cycle, so that an alert on them can tell nothing
// from zero.
func (m *Metrics) Prepare(partnership string, sources []task.SourceID) {
	for _, r := range Results() {
		m.cycles.WithLabelValues(partnership, string(r))
	}
	for _, s := range sources {
		m.lastSuccess.WithLabelValues(partnership, string(s))
		m.up.WithLabelValues(partnership, string(s))
	}
	for _, g := range plan.GuardNames() {
		m.trips.WithLabelValues(g)
	}
	m.conflicts.WithLabelValues(partnership)
	m.scorecardAge.set(partnership, time.Time{})
	m.oldest.set(partnership, time.Time{})
}

func (m *Metrics) cycleFailed(partnership string) {
	m.cycles.WithLabelValues(partnership, string(ResultFailed)).Inc()
}

// observe takes a cycle's figures.
func (m *Metrics) observe(c *cycle, r Report) {
	p := c.Partnership
	m.cycles.WithLabelValues(p, string(r.Result)).Inc()
	m.duration.WithLabelValues(p).Observe(c.Now().Sub(c.now).Seconds())
	m.conflicts.WithLabelValues(p).Set(float64(r.Conflicts))
	for _, t := range c.trips {
		if !c.let {
			m.trips.WithLabelValues(t.Guard).Inc()
		}
	}
	m.observeSources(c)
	m.observeTasks(c)
	m.observeWrites(c)
}

func (m *Metrics) observeSources(c *cycle) {
	var stalest time.Time
	for i, src := range c.sources {
		st := c.remembered(src.ID())
		up := 0.0
		if c.reads[i].err == nil {
			up, st.LastSuccess = 1, c.now
		}
		m.up.WithLabelValues(c.Partnership, string(src.ID())).Set(up)
		m.lastAttempt.WithLabelValues(c.Partnership, string(src.ID())).Set(seconds(c.now))
		m.lastSuccess.WithLabelValues(c.Partnership, string(src.ID())).Set(seconds(st.LastSuccess))
		since := st.LastSuccess
		if c.guarded() {
			since = c.remembered(src.ID()).LastSuccess // what was read was not used
		}
		if since.IsZero() && len(c.state.Tasks) > 0 {
			since = c.state.Tasks[0].Created // never read: as old as what is shown without it
		}
		stalest = earlier(stalest, since)
		held := make(map[task.HoldReason]int)
		for k := range c.holds {
			if c.holds[k].Source == src.ID() {
				held[c.holds[k].Reason]++
			}
		}
		for _, reason := range task.HoldReasons() {
			m.held.WithLabelValues(string(src.ID()), string(reason)).Set(float64(held[reason]))
		}
	}
	if c.board.err != nil {
		shown := c.memory.written
		if shown.IsZero() {
			shown = c.now // of a process that never wrote it nobody knows since when it is out of date
		}
		stalest = earlier(stalest, shown)
	}
	m.scorecardAge.set(c.Partnership, stalest)
}

// tally counts the tasks of one partner: by status, and those that are overdue.
type tally struct {
	status  map[string]int
	overdue int
}

// observeTasks counts tasks. Partners come from the configuration: the connectors read no other. Series are set, and
// taken away only when nothing is left to count, so that a scrape in between never sees half a count.
func (m *Metrics) observeTasks(c *cycle) {
	today := task.DateValue(c.now.In(c.Location)).String()
	count := make(map[string]*tally)
	for _, w := range c.works {
		if w.task.Removed {
			continue
		}
		v := &w.task.Agreed
		partner, status := v[task.Partner].String(), v[task.Status].String()
		n := count[partner]
		if n == nil {
			n = &tally{status: make(map[string]int)}
			count[partner] = n
		}
		n.status[status]++
		if due := v[task.Due]; !due.IsEmpty() && due.String() < today && status != task.Done && status != task.Cancelled {
			n.overdue++
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for partner, was := range m.counted[c.Partnership] {
		now := count[partner]
		if now == nil {
			m.overdue.DeleteLabelValues(c.Partnership, partner)
		}
		for status := range was.status {
			if now == nil || now.status[status] == 0 {
				m.tasks.DeleteLabelValues(c.Partnership, partner, status)
			}
		}
	}
	for partner, n := range count {
		m.overdue.WithLabelValues(c.Partnership, partner).Set(float64(n.overdue))
		for status, k := range n.status {
			m.tasks.WithLabelValues(c.Partnership, partner, status).Set(float64(k))
		}
	}
	m.counted[c.Partnership] = count
}

func (m *Metrics) observeWrites(c *cycle) {
	landed := make(map[sideKey]bool, len(c.results))
	for _, r := range c.results {
		src := r.patch.Ref.Source
		if r.err != nil {
			m.patches.WithLabelValues(string(src), string(r.patch.Op), "failed").Inc()
			continue
		}
		landed[sideKey{r.patch.Task, src}] = true
		m.patches.WithLabelValues(string(src), string(r.patch.Op), "ok").Inc()
		for _, d := range c.byID[r.patch.Task].decisions {
			if d.Winner.Source == src || d.Winner.Source == "" {
				continue // what people chose to keep came from nowhere
			}
			from := c.now
			first := c.remembered(d.Winner.Source).LastSuccess.IsZero() // what was there before us was not waiting for us
			if !first && !d.Winner.At.IsZero() && d.Winner.At.Before(r.at) {
				from = d.Winner.At
			}
			m.propagation.WithLabelValues(string(d.Winner.Source), string(src)).Observe(r.at.Sub(from).Seconds())
			break // one change of one task at one target is one propagation
		}
	}
	var oldest time.Time
	for _, p := range c.planned.Patches {
		if !landed[sideKey{p.Task, p.Ref.Source}] {
			oldest = earlier(oldest, c.changed(p.Task))
		}
	}
	for _, h := range c.holds {
		if h.Reason == task.HoldRetrying || h.Reason == task.HoldAwaiting {
			oldest = earlier(oldest, c.changed(h.Task))
		}
	}
	for i := range c.reads {
		if c.reads[i].ok {
			continue
		}
		for _, w := range c.works {
			if c.owes(w, i) {
				oldest = earlier(oldest, w.task.Changed)
			}
		}
	}
	m.oldest.set(c.Partnership, oldest)
}

// changed is when the task's agreed state changed last.
func (c *cycle) changed(id task.ID) time.Time {
	w := c.byID[id]
	if w == nil || (w.task == w.before && w.before == (store.Task{})) {
		return c.now
	}
	return w.task.Changed
}

func seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}
