// Package demo is the partnership that the newcomer sees first: sandbox servers that stand in for Jira and Google, seeded
// with three partners and eighty tasks, and the twelve weeks that came before.
package demo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	googlebox "github.com/lockstep-sync/lockstep/connectors/sandbox/google"
	jirabox "github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
)

// The names under which the seeded tools are known.
const (
	ScorecardTab = "Scorecard"
	ActionsTab   = "Actions"
	// HydrotechTable is the heading over HydroTech's table, in its document.
	HydrotechTable = "Deliverables"
	timezone       = "Africa/Nairobi"
	replayDays     = 84
	botEmail       = "bot@aquafund.example"
	botToken       = "sandbox-token"
	googleLocale   = "en_GB"
	jiraProject    = "WASH"
	jiraName       = "Water and Sanitation"
	documentTitle  = "Clean Water Alliance: "
	noQuota        = 600 // requests a minute, where Google's stand-in counts none: a demo wants to be quick
)

// World is the sandbox servers, listening.
type World struct {
	Jira   *jirabox.Server
	Google *googlebox.Server
	// JiraURL and GoogleURL are where they listen: http://127.0.0.1:40123.
	JiraURL, GoogleURL string
	// The ids of the spreadsheets, and of the documents. Hydrotech is "" unless the demo's partnership is seeded.
	Scorecard, Partner   string
	Hydrotech, ReportDoc string
	Email, Token         string

	clock   *Clock
	today   time.Time // the day of the demo; zero before anything is seeded
	quota   int
	servers []*http.Server
}

// Clock is the time in which a world lives: set by hand while the past is replayed, the machine's own after that.
type Clock struct {
	mu    sync.Mutex
	fixed time.Time
}

// Now is the world's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fixed.IsZero() {
		return time.Now()
	}
	return c.fixed
}

// Set stops the clock at t; the zero time lets it run with the machine's.
func (c *Clock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fixed = t
}

// Options say how the sandbox servers behave.
type Options struct {
	// Listen is host:port for the Jira server; Google gets the port after it, or a free one where the port is 0.
	Listen   string
	IndexLag time.Duration // of Jira's search
	Quota    int           // Google's reads, and writes, a minute; 0 has none
	// DataCenter makes the Jira one of that flavor instead of Cloud's.
	DataCenter bool
	// Loaded says that issues will be loaded from files: the projects are theirs then.
	Loaded bool
}

// Start starts empty sandbox servers.
func Start(ctx context.Context, clock *Clock, o Options) (*World, error) {
	site := jirabox.Options{
		Project: jiraProject, ProjectName: jiraName, Email: botEmail, Token: botToken, Now: clock.Now, IndexLag: o.IndexLag, TimeZone: timezone,
	}
	if o.DataCenter {
		site.Flavor = jirabox.DataCenter
	}
	if o.Loaded {
		site.Project, site.ProjectName = "", ""
	}
	w := &World{
		clock: clock, quota: o.Quota, Email: botEmail, Token: botToken, Jira: jirabox.New(site),
		Google: googlebox.New(googlebox.Options{
			Now: clock.Now, Locale: googleLocale, TimeZone: timezone, ReadsPerMinute: o.Quota, WritesPerMinute: o.Quota,
		}),
	}
	var err error
	if w.JiraURL, err = w.listen(ctx, o.Listen, w.Jira); err != nil {
		return nil, err
	}
	if w.GoogleURL, err = w.listen(ctx, nextPort(o.Listen), w.Google); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	w.Scorecard = w.Google.AddSpreadsheet("Clean Water Alliance scorecard", ScorecardTab)
	w.Partner = w.Google.AddSpreadsheet("City of Riverton: water actions", ActionsTab)
	w.ReportDoc = w.Google.AddDocument(documentTitle+"report", "Minutes and remarks of the partners stand wherever the partners put them.")
	return w, nil
}

// nextPort is the address for the second server.
func nextPort(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	n, err := strconv.Atoi(port)
	if err != nil || n == 0 {
		return net.JoinHostPort(host, "0")
	}
	return net.JoinHostPort(host, strconv.Itoa(n+1))
}

func (w *World) listen(ctx context.Context, addr string, h http.Handler) (string, error) {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return "", fmt.Errorf("listen on %s for a sandbox server: %w", addr, err)
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	w.servers = append(w.servers, srv)
	go func() { _ = srv.Serve(ln) }() // ends with Close
	return "http://" + ln.Addr().String(), nil
}

// OnChange calls f after every change in any tool.
func (w *World) OnChange(f func()) {
	w.Jira.OnChange(f)
	w.Google.OnChange(f)
}

// Close stops the servers.
func (w *World) Close() error {
	var errs []error
	for _, s := range w.servers {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

// SheetURL is the page on which a person edits a spreadsheet.
func (w *World) SheetURL(id string) string { return w.GoogleURL + "/spreadsheets/d/" + id + "/edit" }

// DocURL is the page on which a person edits a document.
func (w *World) DocURL(id string) string { return w.GoogleURL + "/document/d/" + id + "/edit" }
