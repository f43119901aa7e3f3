package app

import "github.com/prometheus/client_golang/prometheus"

// Registry is where the metrics are, for the test that writes their reference.
func (a *App) Registry() *prometheus.Registry { return a.registry }
