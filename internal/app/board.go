package app

import (
	"context"
	"fmt"
	"time"

	"github.com/lockstep-sync/lockstep/config"
	"github.com/lockstep-sync/lockstep/connectors/gdocs"
	"github.com/lockstep-sync/lockstep/connectors/transport"
	"github.com/lockstep-sync/lockstep/sync/engine"
	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// board is what the partnership's scorecard shows beside the tasks.
func board(p config.Partnership) *engine.BoardOptions {
	o := &engine.BoardOptions{
		Name: p.Name, Agreement: p.AgreementDate, Interval: p.Interval, Rules: p.Scorecard.Rules, Heartbeat: p.Scorecard.Heartbeat,
		Agreed: engine.Agreed{
			Target: p.Agreed.Target, Workstreams: p.Agreed.Workstreams, Milestones: p.Agreed.Milestones, Gates: p.Agreed.Gates, Indicators: p.Agreed.Indicators,
		},
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

// reportID is the name under which requests to the report's document are counted: one that no source can have in a file.
const reportID task.SourceID = "scorecard.report"

// reportTimeout is how long a request to the report may take. A cycle waits for it, so it is short: the report is tried again.
const reportTimeout = 45 * time.Second

// report sets up the document in which the partnership's report is kept; nil where none is.
func (a *App) report(ctx context.Context, p config.Partnership) (*gdocs.Report, error) {
	r := p.Scorecard.Report
	if r == nil {
		return nil, nil //nolint:nilnil // there is none, and that is no error
	}
	svc, err := gdocs.NewService(ctx, a.credentials(), transport.Options{
		Source: reportID, Observer: a.requests, Timeout: reportTimeout, Retries: 1,
	})
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	return gdocs.NewReport(r.Document, svc, gdocs.Options{Source: reportID, Now: a.o.Now})
}

// paper is what the engine needs to keep the report; nil where there is none.
func (a *App) paper(ctx context.Context, p config.Partnership) (*engine.PaperOptions, error) {
	r, err := a.report(ctx, p)
	if r == nil || err != nil {
		return nil, err
	}
	every := map[string]engine.Every{
		config.EveryDay: engine.EveryDay, config.EveryWeek: engine.EveryWeek, config.EveryMonth: engine.EveryMonth,
	}[p.Scorecard.Report.Every]
	return &engine.PaperOptions{Reporter: r, Every: every}, nil
}
