package app

import (
	"context"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/lockstep-sync/lockstep/connectors"
)

// SourceCheck is what was found when one source was tried.
type SourceCheck struct {
	Partnership string               `json:"partnership"`
	Source      string               `json:"source"`
	Kind        string               `json:"kind"` // "jira", "sheet"
	Findings    []connectors.Finding `json:"findings"`
}

// Check tries every source of the configuration against its live tool, one after the other, and hands each to told as soon as it
// is done. It opens no store and writes nothing. A source that cannot be reached is a finding; an error comes back only where a
// connector cannot be set up, or ctx ended.
func Check(ctx context.Context, o Options, told func(SourceCheck)) error {
	a := &App{o: o, registry: prometheus.NewRegistry(), google: googleBudgets(o)}
	a.requests = newRequests(a.registry)
	for _, p := range o.Config.Partnerships {
		sources, err := a.sources(ctx, p)
		if err != nil {
			return fmt.Errorf("set up partnership %s: %w", p.ID, err)
		}
		for _, s := range sources {
			found, err := s.Check(ctx)
			if err != nil {
				return fmt.Errorf("check %s: %w", s.ID(), err)
			}
			told(SourceCheck{Partnership: p.ID, Source: string(s.ID()), Kind: s.Describe().Kind, Findings: found})
		}
		report, err := a.report(ctx, p)
		if err != nil {
			return fmt.Errorf("set up partnership %s: %w", p.ID, err)
		}
		if report == nil {
			continue
		}
		found, err := report.Check(ctx)
		if err != nil {
			return fmt.Errorf("partnership %s: %w", p.ID, err)
		}
		told(SourceCheck{Partnership: p.ID, Source: string(reportID), Kind: "report", Findings: found})
	}
	return nil
}
