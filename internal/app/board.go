package app

import (
	"github.com/lockstep-sync/lockstep/config"
	"github.com/lockstep-sync/lockstep/sync/engine"
	"github.com/lockstep-sync/lockstep/sync/scorecard"
)

// board is what the partnership's scorecard shows beside the tasks.
func board(p config.Partnership) *engine.BoardOptions {
	o := &engine.BoardOptions{
		Name: p.Name, Agreement: p.AgreementDate, Interval: p.Interval, Rules: p.Scorecard.Rules, Heartbeat: p.Scorecard.Heartbeat,
	}
	for _, x := range p.Partners {
		o.Partners = append(o.Partners, scorecard.Partner{ID: x.ID, Name: x.Name})
	}
	for _, name := range p.Scorecard.Pages {
		switch name {
		case config.PageSummary:
			o.Pages = append(o.Pages, engine.PageSummary)
		case config.PageConflicts:
			o.Pages = append(o.Pages, engine.PageConflicts)
		case config.PageActivity:
			o.Pages = append(o.Pages, engine.PageActivity)
		case config.PageQuality:
			o.Pages = append(o.Pages, engine.PageQuality)
		}
	}
	return o
}

// deletedRows is what a row means that was deleted on the partnership's scorecard.
func deletedRows(p config.Partnership) engine.DeletedRows {
	if p.Scorecard.DeletedRows == config.CancelTasks {
		return engine.CancelTasks
	}
	return engine.RestoreRows
}
