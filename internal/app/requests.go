package app

import (
	"maps"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/lockstep-sync/lockstep/connectors/transport"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// requests watches what is sent to the tools: for metrics, and for the reports.
type requests struct {
	total     *prometheus.CounterVec
	duration  *prometheus.HistogramVec
	throttled *prometheus.CounterVec

	mu    sync.Mutex
	count map[string]Counts
}

// Counts is how many requests were sent.
type Counts struct {
	Reads  int `json:"reads"`
	Writes int `json:"writes"`
}

func newRequests(reg prometheus.Registerer) *requests {
	r := &requests{
		total: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "lockstep", Name: "api_requests_total",
			Help: "Requests sent to tools, by source, method and answer: the HTTP status, timeout, or error.",
		}, []string{"source", "method", "code"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "lockstep", Name: "api_request_duration_seconds", Help: "How long a request to a tool took, in seconds.",
			Buckets: []float64{.01, .03, .1, .3, 1, 3, 10, 30},
		}, []string{"source", "method"}),
		throttled: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "lockstep", Name: "api_throttled_seconds_total",
			Help: "Seconds spent waiting because a tool asked for it, or to keep within its limits.",
		}, []string{"source"}),
		count: make(map[string]Counts),
	}
	reg.MustRegister(r.total, r.duration, r.throttled)
	return r
}

// Requested implements transport.Observer.
func (r *requests) Requested(t transport.Attempt) {
	r.total.WithLabelValues(string(t.Source), t.Method, t.Code).Inc()
	r.duration.WithLabelValues(string(t.Source), t.Method).Observe(t.Took.Seconds())
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.count[string(t.Source)]
	if t.Writes {
		c.Writes++
	} else {
		c.Reads++
	}
	r.count[string(t.Source)] = c
}

// Throttled implements transport.Observer.
func (r *requests) Throttled(source task.SourceID, wait time.Duration) {
	r.throttled.WithLabelValues(string(source)).Add(wait.Seconds())
}

func (r *requests) counts() map[string]Counts {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.count)
}
