package gsheets

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"google.golang.org/api/googleapi"
	"google.golang.org/api/sheets/v4"

	"github.com/lockstep-sync/lockstep/connectors/cells"
	"github.com/lockstep-sync/lockstep/connectors/google"
	"github.com/lockstep-sync/lockstep/connectors/transport"
	"github.com/lockstep-sync/lockstep/sync/fault"
)

// NewService returns the official client over our transport: see google.Dial.
func NewService(ctx context.Context, cred google.Credentials, o transport.Options) (*sheets.Service, error) {
	opts, err := google.Dial(ctx, cred, sheets.SpreadsheetsScope, "", o)
	if err != nil {
		return nil, err
	}
	svc, err := sheets.NewService(ctx, opts...)
	if err != nil {
		return nil, fmt.Errorf("set up the Google client: %w", err)
	}
	return svc, nil
}

// rowURL leads a person to a row.
func (c *Connector) rowURL(sheetID int64, at int) string {
	return fmt.Sprintf("%s/spreadsheets/d/%s/edit#gid=%d&range=A%d", c.web, url.PathEscape(c.cfg.Spreadsheet), sheetID, at+1)
}

// readTab reads the whole tab in one request. The error is a fault.
func (c *Connector) readTab(ctx context.Context, op, content string, before memory) (*grid, error) {
	g, err := c.readRanges(ctx, op, content, before, tabRange(c.cfg.Tab))
	if g != nil {
		g.whole = true
	}
	return g, err
}

// readRanges reads parts of the tab in one request. The error is a fault.
func (c *Connector) readRanges(ctx context.Context, op, content string, before memory, ranges ...string) (*grid, error) {
	s, err := c.get(ctx, content, ranges...)
	return c.theTab(ctx, op, before, s, err)
}

// tabGone is the fault of a tab that is not there, with the names of those that are; nil where it is there after all or
// that cannot be told.
func (c *Connector) tabGone(ctx context.Context, before memory) *fault.Error {
	s, err := c.svc.Spreadsheets.Get(c.cfg.Spreadsheet).Fields("sheets(properties(sheetId,title))").Context(ctx).Do()
	if err != nil {
		return nil //nolint:nilerr // the first answer says more than that this one did not come
	}
	var names []string
	renamed := ""
	for _, sh := range s.Sheets {
		if sh.Properties == nil {
			continue
		}
		if sh.Properties.Title == c.cfg.Tab {
			return nil
		}
		if before.IDs && sh.Properties.SheetId == before.Sheet {
			renamed = sh.Properties.Title
		}
		names = append(names, sh.Properties.Title)
	}
	f := fault.New(fault.Permanent, fault.SchemaDrift, "find the tab", "there is no tab %s in the spreadsheet", cells.Quote(c.cfg.Tab))
	if renamed != "" {
		return f.WithHint("the tab is called %s now: rename it back, or correct tab in the configuration", cells.Quote(renamed))
	}
	return f.WithHint("the tabs there are %s%s: rename it back, or correct tab in the configuration", cells.QuoteAll(names), cells.DidYouMean(c.cfg.Tab, names))
}

func (c *Connector) faults() google.Faults {
	return google.Faults{Source: c.o.Source, Kind: "spreadsheet", Now: c.o.Now}
}

// fault classifies a call's error. Uncertain says that a write may have landed all the same.
func (c *Connector) fault(op string, err error) (f *fault.Error, uncertain bool) {
	f, uncertain = c.faults().Of(op, err)
	if answer, ok := errors.AsType[*googleapi.Error](err); ok && full(answer) {
		f.Kind, f.Reason = fault.Permanent, fault.Unsupported
		f.Hint = "the spreadsheet is full: Google allows 10,000,000 cells in it, empty ones and those of every tab included. Delete empty rows and columns, " +
			"or tabs that nobody needs"
	}
	return f, uncertain
}
