package gsheets

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"
	"google.golang.org/api/sheets/v4"
	htransport "google.golang.org/api/transport/http"

	"github.com/lockstep-sync/lockstep/connectors/cells"
	"github.com/lockstep-sync/lockstep/connectors/transport"
	"github.com/lockstep-sync/lockstep/sync/fault"
)

// Credentials say how Google is reached: with a service account's key file, or, without a login, at a local endpoint.
type Credentials struct {
	File     string
	Endpoint string
}

const (
	metadataScope = "https://www.googleapis.com/auth/drive.metadata.readonly"
	// A large tab takes Google longer than most calls, and is longer than most answers: ten thousand rows of twelve
	// columns are about 20 MB.
	sheetTimeout = 2 * time.Minute
	sheetMaxBody = 256 << 20
)

// NewService returns the official client over our transport. For a service account each call carries its token; the file
// is read at once, and the error says if it is none of a service account.
func NewService(ctx context.Context, cred Credentials, o transport.Options) (*sheets.Service, error) {
	opts, err := dial(ctx, cred, o)
	if err != nil {
		return nil, err
	}
	if cred.Endpoint != "" {
		opts = append(opts, option.WithEndpoint(strings.TrimRight(cred.Endpoint, "/")+"/"))
	}
	svc, err := sheets.NewService(ctx, opts...)
	if err != nil {
		return nil, fmt.Errorf("set up the Google client: %w", err)
	}
	return svc, nil
}

// dial is what a client of Google's needs to go through our transport.
func dial(ctx context.Context, cred Credentials, o transport.Options) ([]option.ClientOption, error) {
	if o.Timeout == 0 {
		o.Timeout = sheetTimeout
	}
	if o.MaxBody == 0 {
		o.MaxBody = sheetMaxBody
	}
	client := transport.NewClient(o)
	switch {
	case cred.Endpoint != "":
		u, err := url.Parse(cred.Endpoint)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, fmt.Errorf("set up the Google client: the endpoint %s is no web address", cells.Quote(cred.Endpoint))
		}
	case cred.File != "":
		rt, err := htransport.NewTransport(ctx, client.Transport,
			option.WithAuthCredentialsFile(option.ServiceAccount, cred.File),
			option.WithScopes(sheets.SpreadsheetsScope, metadataScope))
		if err != nil {
			return nil, fmt.Errorf("read the service account's key from google.credentials_file: %w", err)
		}
		client = &http.Client{Transport: rt, CheckRedirect: client.CheckRedirect}
	default:
		return nil, errors.New("set up the Google client: give google.credentials_file, or google.endpoint for a local server")
	}
	return []option.ClientOption{option.WithUserAgent("lockstep"), option.WithHTTPClient(client)}, nil
}

// webAddress is where people see the spreadsheets of an endpoint.
func webAddress(base string) string {
	if u, err := url.Parse(base); err == nil && u.Host != "" && !strings.HasSuffix(u.Host, "googleapis.com") {
		return strings.TrimRight(base, "/")
	}
	return "https://docs.google.com"
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

// fault classifies a call's error. Uncertain says that a write may have landed all the same.
func (c *Connector) fault(op string, err error) (f *fault.Error, uncertain bool) {
	var answer *googleapi.Error
	if !errors.As(err, &answer) {
		f, uncertain = transport.FromError(op, err)
		if refused(err) {
			f.Kind, f.Reason = fault.Permanent, fault.Auth
			f.Hint = "Google refused the service account's key: check google.credentials_file, and that neither key nor account was deleted"
			uncertain = false
		}
		if _, broken := errors.AsType[*json.SyntaxError](err); broken {
			f.Kind, f.Reason = fault.Permanent, fault.Invalid
			f.Hint = "the answer is no answer of Google's, such as a login page of a network in between: check google.endpoint and the proxy"
		}
		if f.Source == "" {
			f.Source = c.o.Source
		}
		return f, uncertain
	}
	f = transport.FromResponse(op, &http.Response{StatusCode: answer.Code, Header: answer.Header}, []byte(answer.Body))
	f.Source = c.o.Source
	switch {
	case f.Reason == fault.RateLimited && f.RetryAfter == 0:
		// Google's budgets are counted by the minute, and it does not say when the next one begins.
		now := c.o.Now()
		f.RetryAfter = now.Truncate(time.Minute).Add(time.Minute).Sub(now)
	case full(answer):
		f.Kind, f.Reason = fault.Permanent, fault.Unsupported
		f.Hint = "the spreadsheet is full: Google allows 10,000,000 cells in it, empty ones and those of every tab included. Delete empty rows and columns, " +
			"or tabs that nobody needs"
	case answer.Code == http.StatusForbidden && f.Reason == fault.Auth:
		f.Hint = "share the spreadsheet, as an editor, with the service account's address: it is client_email in google.credentials_file"
	case answer.Code == http.StatusNotFound:
		f.Hint = "check spreadsheet in the configuration; if it is right, share the spreadsheet with the service account's address: it is client_email in google.credentials_file"
	}
	return f, transport.UncertainStatus(answer.Code)
}

// refused reports that no token was given for the key: the call itself was never made.
func refused(err error) bool {
	s := err.Error()
	return strings.Contains(s, "cannot fetch token") || strings.Contains(s, "invalid_grant")
}
