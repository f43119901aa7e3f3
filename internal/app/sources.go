package app

import (
	"context"
	"fmt"
	"strings"

	"github.com/lockstep-sync/lockstep/config"
	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/connectors/gdocs"
	"github.com/lockstep-sync/lockstep/connectors/google"
	"github.com/lockstep-sync/lockstep/connectors/gsheets"
	"github.com/lockstep-sync/lockstep/connectors/jira"
	"github.com/lockstep-sync/lockstep/connectors/transport"
	"github.com/lockstep-sync/lockstep/sync/task"
	"github.com/lockstep-sync/lockstep/sync/view"
)

// sources sets up the connectors of one partnership.
func (a *App) sources(ctx context.Context, p config.Partnership) ([]*connectors.Source, error) {
	var out []*connectors.Source
	for _, s := range p.Sources {
		conn, err := a.connector(ctx, p, s)
		if err != nil {
			return nil, fmt.Errorf("source %s: %w", s.ID, err)
		}
		out = append(out, connectors.NewSource(s.ID, s.Partner, s.Share, conn))
	}
	card, err := a.sheet(ctx, p, p.Scorecard.ID, p.Scorecard.Sheet)
	if err != nil {
		return nil, fmt.Errorf("scorecard: %w", err)
	}
	return append(out, connectors.NewSource(p.Scorecard.ID, "", nil, card)), nil
}

func (a *App) connector(ctx context.Context, p config.Partnership, s config.Source) (connectors.Connector, error) {
	if s.Jira != nil {
		return jira.New(*s.Jira, jira.Options{
			Source: s.ID, KeyPrefix: p.Key, Location: p.Location, Observer: a.requests, Now: a.o.Now, Budgets: a.budgets,
		})
	}
	if s.Doc != nil {
		return a.doc(ctx, p, s.ID, *s.Doc)
	}
	return a.sheet(ctx, p, s.ID, *s.Sheet)
}

func (a *App) doc(ctx context.Context, p config.Partnership, id task.SourceID, cfg gdocs.Config) (connectors.Connector, error) {
	svc, err := gdocs.NewService(ctx, a.credentials(), transport.Options{Source: id, Observer: a.requests})
	if err != nil {
		return nil, err
	}
	drive, err := google.NewDrive(ctx, a.credentials(), transport.Options{Source: id, Observer: a.requests})
	if err != nil {
		return nil, err
	}
	return gdocs.New(cfg, svc, gdocs.Options{Source: id, KeyPrefix: p.Key, Now: a.o.Now, Drive: drive})
}

func (a *App) sheet(ctx context.Context, p config.Partnership, id task.SourceID, cfg gsheets.Config) (connectors.Connector, error) {
	svc, err := gsheets.NewService(ctx, a.credentials(), transport.Options{
		Source: id, Observer: a.requests, Gate: a.google.Gate(a.credentials(), p.ID),
	})
	if err != nil {
		return nil, err
	}
	drive, err := google.NewDrive(ctx, a.credentials(), transport.Options{Source: id, Observer: a.requests})
	if err != nil {
		return nil, err
	}
	conn, err := gsheets.New(cfg, svc, gsheets.Options{Source: id, KeyPrefix: p.Key, Now: a.o.Now, Drive: drive})
	if err != nil {
		return nil, err
	}
	a.sheets = append(a.sheets, sheet{partnership: p.ID, file: cfg.Spreadsheet, drive: drive, conn: conn})
	return conn, nil
}

// credentials are how Google is reached.
func (a *App) credentials() google.Credentials {
	g := a.o.Config.Google
	return google.Credentials{File: g.CredentialsFile, Endpoint: g.Endpoint}
}

// googleBudgets are those of the one account that all sheets are reached with.
func googleBudgets(o Options) *gsheets.Budgets {
	return gsheets.NewBudgets(o.Now, gsheets.Limits{Reads: o.Config.Google.Reads, Writes: o.Config.Google.Writes})
}

// described is what people see of what the configuration says of a partnership.
func (a *App) described(p config.Partnership) view.Partnership {
	w := view.Partnership{
		ID: p.ID, Name: p.Name, Key: p.Key, Timezone: p.Location, Agreement: p.AgreementDate, Rules: p.Scorecard.Rules,
		Purpose: p.Agreed.Purpose, Phase: p.Agreed.Phase, Target: p.Agreed.Target, Workstreams: p.Agreed.Workstreams, Milestones: p.Agreed.Milestones,
		Gates: p.Agreed.Gates, Indicators: p.Agreed.Indicators,
		Scorecard: p.Scorecard.ID, ScorecardURL: a.sheetURL(p.Scorecard.Sheet),
	}
	for _, x := range p.Partners {
		w.Partners = append(w.Partners, view.Partner{ID: x.ID, Name: x.Name, Sector: x.Sector})
	}
	for _, s := range p.Sources {
		src := view.Source{ID: s.ID, Kind: s.Kind(), Partner: s.Partner, Interval: p.Interval}
		switch {
		case s.Jira != nil:
			src.URL = s.Jira.URL
		case s.Doc != nil:
			src.URL = a.googleHost() + "/document/d/" + s.Doc.Document + "/edit"
		default:
			src.URL = a.sheetURL(*s.Sheet)
		}
		w.Sources = append(w.Sources, src)
	}
	w.Sources = append(w.Sources, view.Source{ID: p.Scorecard.ID, Kind: "sheet", Name: "Scorecard", URL: w.ScorecardURL, Interval: p.Interval})
	return w
}

// sheetURL is where people open a spreadsheet.
func (a *App) sheetURL(c gsheets.Config) string {
	return a.googleHost() + "/spreadsheets/d/" + c.Spreadsheet + "/edit"
}

// googleHost is where people open Google's files.
func (a *App) googleHost() string {
	if e := a.o.Config.Google.Endpoint; e != "" {
		return strings.TrimSuffix(e, "/")
	}
	return "https://docs.google.com"
}
