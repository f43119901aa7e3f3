package notify

import "github.com/prometheus/client_golang/prometheus"

// Metrics count the messages. A nil *Metrics counts nothing.
type Metrics struct{ messages *prometheus.CounterVec }

// NewMetrics registers the metrics.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: "lockstep", Name: "messages_total",
		Help: "Messages to people, by what came of them: sent, failed (it is tried again), unsure (no answer came; it is not tried again).",
	}, []string{"partnership", "channel", "result"})}
	r.MustRegister(m.messages)
	return m
}

// Results are what can come of a message. The slice is the caller's.
func Results() []string { return []string{"sent", "failed", "unsure"} }

// Prepare has a channel's counters begin at zero, so that the first failure shows as an increase.
func (m *Metrics) Prepare(partnership, channel string) {
	for _, result := range Results() {
		m.messages.WithLabelValues(partnership, channel, result)
	}
}

func (m *Metrics) count(partnership, channel, result string) {
	if m != nil {
		m.messages.WithLabelValues(partnership, channel, result).Inc()
	}
}
