package main

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/connectors/sandbox/dials"
	"github.com/lockstep-sync/lockstep/internal/demo"
)

var pageAddress = regexp.MustCompile(`page=(http://[^/]+/)`)

// page is the address that the n-th "lockstep runs" names.
func (p *process) page(t *testing.T, n int) string {
	t.Helper()
	m := pageAddress.FindStringSubmatch(p.waits(t, "lockstep runs", n))
	if m == nil {
		t.Fatalf("no address of the page:\n%s", p.text())
	}
	return m[1]
}

// edited changes the configuration file.
func (w *town) edited(t *testing.T, old, with string) {
	t.Helper()
	text, err := os.ReadFile(w.config)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), old) {
		t.Fatalf("%q is not in the configuration", old)
	}
	write(t, w.config, strings.Replace(string(text), old, with, 1))
}

// TestRunServesReloadsAndStops: the daemon serves its page, takes a changed file and SIGHUP, keeps the old configuration where the
// new one is wrong or cannot be used, and stops on SIGTERM with exit code 0.
func TestRunServesReloadsAndStops(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	p := start(t, nil, "run", "--config", w.config)
	page := p.page(t, 1)
	p.waits(t, "msg=cycle", 1)
	if code, body := get(t, page+"p/clean-water"); code != http.StatusOK || !strings.Contains(body, "Clean Water Alliance") {
		t.Errorf("the page answers %d:\n%.300s", code, body)
	}

	w.edited(t, "name: Clean Water Alliance", "name: Clean Water Union")
	page = p.page(t, 2)
	if _, body := get(t, page+"p/clean-water"); !strings.Contains(body, "Clean Water Union") {
		t.Errorf("the changed file is not served:\n%.300s", body)
	}

	w.edited(t, "interval: 2s", "intervall: 2s")
	if line := p.waits(t, "the old one stays", 1); !strings.Contains(line, "lockstep.yaml:") || !strings.Contains(line, "intervall: 2s") {
		t.Errorf("what is wrong is not said: %s", line)
	}
	if code, _ := get(t, page+"healthz"); code != http.StatusOK {
		t.Errorf("with a wrong file it does not go on: %d", code)
	}

	// Right by itself, but its database cannot be opened.
	w.edited(t, "intervall: 2s", "interval: 3s")
	p.page(t, 3)
	w.edited(t, filepath.Join(w.dir, "lockstep.db"), filepath.Join(w.dir, "nowhere", "lockstep.db"))
	p.waits(t, "the old one stays", 2)
	page = p.page(t, 4)
	if code, _ := get(t, page+"healthz"); code != http.StatusOK {
		t.Errorf("with a database that cannot be opened it does not go on: %d", code)
	}

	w.edited(t, filepath.Join(w.dir, "nowhere", "lockstep.db"), filepath.Join(w.dir, "lockstep.db"))
	p.page(t, 5)
	if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	p.page(t, 6)
	if code := p.stop(t, syscall.SIGTERM); code != exitOK {
		t.Errorf("exit code %d after SIGTERM:\n%s", code, p.text())
	}
	if strings.Contains(p.text(), w.Token) {
		t.Error("the log holds the token")
	}
}

// TestRunFinishesTheWriteInFlight stops the daemon while a write hangs: the write is finished and remembered, so that a start
// after that finds nothing to do.
func TestRunFinishesTheWriteInFlight(t *testing.T) {
	t.Parallel()
	w := settled(t)
	arrived, goOn := make(chan struct{}), make(chan struct{})
	var cut atomic.Bool
	proxy := slow(t, w.JiraURL, arrived, goOn, &cut)
	w.edited(t, `url: "`+w.JiraURL+`"`, `url: "`+proxy+`"`)
	lockstep(t, "once", "--config", w.config) // another address is another source of links, which is written to the rows
	p := start(t, nil, "run", "--config", w.config)
	p.page(t, 1)
	at := 0
	rows := w.Google.Rows(w.Scorecard, demo.ScorecardTab)
	for i, row := range rows {
		if slices.Contains(row, any("Drill borehole 2 at Soko market")) {
			at = i + 1
		}
	}
	column := string(rune('A' + slices.Index(rows[0], any("Title"))))
	if err := w.Google.Type(w.Scorecard, demo.ScorecardTab, column+fmt.Sprint(at), "Drill borehole 2 at Soko square"); err != nil {
		t.Fatal(err)
	}
	select {
	case <-arrived:
	case <-p.ended:
		t.Fatalf("it ended before it wrote:\n%s", p.text())
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	close(goOn)
	if code := p.end(t); code != exitOK {
		t.Errorf("exit code %d:\n%s", code, p.text())
	}
	if cut.Load() {
		t.Error("the write in flight was cut off")
	}
	found := 0
	for _, k := range w.Jira.Keys() {
		if v, _ := w.Jira.Issue(k); v.Summary == "Drill borehole 2 at Soko square" {
			found++
		}
	}
	if found != 1 {
		t.Errorf("%d issues have the new title", found)
	}
	lockstep(t, "plan", "--config", w.config).wants(t, exitOK, "0 writes planned", "")
}

// slow is a proxy that holds the first PUT of an issue back: it closes arrived when it is there, and lets it pass a while after
// goOn, unless the client gives up: then cut is set.
func slow(t *testing.T, to string, arrived, goOn chan struct{}, cut *atomic.Bool) string {
	t.Helper()
	target, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)}
	var once sync.Once
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut {
			once.Do(func() {
				close(arrived)
				<-goOn
				select {
				case <-r.Context().Done():
					cut.Store(true)
				case <-time.After(500 * time.Millisecond):
				}
			})
		}
		proxy.ServeHTTP(rw, r)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestRunWithATakenPort(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	var lc net.ListenConfig
	ln, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	w.edited(t, "listen: 127.0.0.1:0", "listen: "+ln.Addr().String())
	got := lockstep(t, "run", "--config", w.config)
	got.wants(t, exitError, "", "listen on "+ln.Addr().String())
	got.wants(t, exitError, "", "change `listen` in "+w.config)
	if w.written() != 0 {
		t.Error("something was written before it could listen")
	}
}

// TestRunGoesOnWithoutATool starts the daemon while a tool is down: the page is served, says so, and the others are in step.
func TestRunGoesOnWithoutATool(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.Jira.Panel().Inject(dials.Fault{Effect: dials.Reply, Status: http.StatusUnauthorized, Times: -1})
	p := start(t, nil, "run", "--config", w.config)
	page := p.page(t, 1)
	p.waits(t, "source sits out", 1)
	p.waits(t, "msg=cycle", 1)
	if _, body := get(t, page+"metrics"); !strings.Contains(body, `lockstep_source_up{partnership="clean-water",source="aquafund-jira"} 0`) ||
		!strings.Contains(body, `lockstep_source_up{partnership="clean-water",source="riverton-sheet"} 1`) {
		t.Error("the metrics do not tell the source that is down from those that are up")
	}
	if code, _ := get(t, page+"readyz"); code != http.StatusOK {
		t.Errorf("not ready for want of one tool: %d", code)
	}
	if n := len(w.Google.Rows(w.Scorecard, demo.ScorecardTab)); n != 1+52 {
		t.Errorf("the scorecard has %d rows, want the 52 tasks of the sheets", n)
	}
	if code := p.stop(t, os.Interrupt); code != exitOK {
		t.Errorf("exit code %d after an interrupt:\n%s", code, p.text())
	}
}
