package app

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/lockstep-sync/lockstep/sync/engine"
)

// Registry is where the metrics are, for the test that writes their reference.
func (a *App) Registry() *prometheus.Registry { return a.registry }

// Schedule has s say when cycles run, for tests that count who asks for one.
func (a *App) Schedule(s engine.Scheduler) {
	for _, p := range a.parts {
		p.loop = s
	}
}
