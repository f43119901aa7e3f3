package engine

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// ages is a metric that tells, by partnership, how long ago something was. It is worked out at each scrape: a gauge that
// was set at the end of a cycle would stand still when cycles hang, which is when it matters.
type ages struct {
	desc *prometheus.Desc
	now  func() time.Time

	mu    sync.Mutex
	since map[string]time.Time // the zero time is "nothing": age 0
}

func newAges(now func() time.Time, name, help string) *ages {
	return &ages{
		desc: prometheus.NewDesc("lockstep_"+name, help, []string{"partnership"}, nil), now: now, since: make(map[string]time.Time),
	}
}

func (a *ages) set(partnership string, since time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.since[partnership] = since
}

// Describe implements prometheus.Collector.
func (a *ages) Describe(c chan<- *prometheus.Desc) { c <- a.desc }

// Collect implements prometheus.Collector.
func (a *ages) Collect(c chan<- prometheus.Metric) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for partnership, since := range a.since {
		age := 0.0
		if !since.IsZero() {
			age = max(0, a.now().Sub(since).Seconds())
		}
		c <- prometheus.MustNewConstMetric(a.desc, prometheus.GaugeValue, age, partnership)
	}
}

// earlier is the earlier of two times, of which the zero time is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
