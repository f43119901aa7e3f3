// Package app puts Lockstep together: configuration, store, connectors, engines, web. It is the only place that knows
// everything, and it can be embedded: tests start it on port 0.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/lockstep-sync/lockstep/config"
	"github.com/lockstep-sync/lockstep/connectors/google"
	"github.com/lockstep-sync/lockstep/connectors/gsheets"
	"github.com/lockstep-sync/lockstep/connectors/jira"
	"github.com/lockstep-sync/lockstep/internal/notify"
	"github.com/lockstep-sync/lockstep/sync/engine"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/store/sqlite"
	"github.com/lockstep-sync/lockstep/sync/task"
	"github.com/lockstep-sync/lockstep/sync/view"
	"github.com/lockstep-sync/lockstep/web"
	"github.com/lockstep-sync/lockstep/web/auth"
)

//go:generate go test . -run ^TestReferenceIsCurrent$ -update

// Options is what an App needs beside its configuration.
type Options struct {
	Config  *config.Config
	Log     *slog.Logger     // nil is silent
	Now     func() time.Time // nil is time.Now
	Version string
	// Banner is shown on the page: the demo's links to the pages on which a person can edit.
	Banner []web.Link
	// AllowedHosts are the host names that the page answers to; nil is any. The demo's page, which no proxy stands before, is so
	// kept from web sites that resolve to this machine.
	AllowedHosts []string
	// Messages carries what is sent to people's chats; nil is a connection of its own.
	Messages http.RoundTripper
	// SQLite is seldom needed: zero is right for a daemon.
	SQLite sqlite.Options
}

// App is a whole Lockstep.
type App struct {
	o        Options
	store    store.Store
	parts    []*part
	registry *prometheus.Registry
	requests *requests
	budgets  *jira.Budgets    // of all partnerships: they may share an account
	google   *gsheets.Budgets // likewise
	webhooks *webhooks
	sheets   []sheet       // in the order of the configuration
	watch    *google.Watch // nil where Google is not asked to tell of changes
	messages *notify.Metrics
	web      *web.Server
}

// part is one partnership at work.
type part struct {
	cfg    config.Partnership
	viewer *view.Viewer
	teller *notify.Teller
	engine *engine.Engine
	loop   engine.Scheduler
	cycled atomic.Bool // a first cycle is done
}

// New opens the store and sets up every connector. Nothing is asked of any tool yet. The caller closes the App.
func New(ctx context.Context, o Options) (*App, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	st, err := sqlite.Open(ctx, o.Config.SQLitePath(), o.SQLite)
	if err != nil {
		return nil, fmt.Errorf("open the store: %w", err)
	}
	a := &App{o: o, store: st, registry: newRegistry(o.Version), budgets: jira.NewBudgets(o.Now), google: googleBudgets(o)}
	a.requests = newRequests(a.registry)
	a.webhooks = newWebhooks(a.registry, o.Log)
	a.messages = notify.NewMetrics(a.registry)
	metrics := engine.NewMetrics(a.registry, o.Now)
	for _, p := range o.Config.Partnerships {
		if err := a.add(ctx, p, metrics); err != nil {
			return nil, errors.Join(err, st.Close())
		}
	}
	a.watchDrive()
	if err := a.serve(); err != nil {
		return nil, errors.Join(err, st.Close())
	}
	return a, nil
}

func newRegistry(version string) *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Namespace: "lockstep", Name: "build_info", Help: "Always 1; the label says which version runs.",
	}, []string{"version"})
	build.WithLabelValues(version).Set(1)
	r.MustRegister(build)
	return r
}

// add sets up one partnership.
func (a *App) add(ctx context.Context, p config.Partnership, metrics *engine.Metrics) error {
	sources, err := a.sources(ctx, p)
	if err != nil {
		return fmt.Errorf("set up partnership %s: %w", p.ID, err)
	}
	paper, err := a.paper(ctx, p)
	if err != nil {
		return fmt.Errorf("set up partnership %s: %w", p.ID, err)
	}
	ids := make([]task.SourceID, len(sources))
	for i, s := range sources {
		ids[i] = s.ID()
	}
	metrics.Prepare(p.ID, ids)
	pt := &part{cfg: p, viewer: view.New(a.described(p), a.store, a.o.Now)}
	pt.teller = a.teller(p, pt.viewer)
	pt.engine, err = engine.New(engine.Options{
		Partnership: p.ID, Key: p.Key, Sources: sources, Rules: p.Merge, Guards: p.Guards, Location: p.Location,
		Board: board(p), Paper: paper, DeletedRows: deletedRows(p),
		Store: a.store, Now: a.o.Now, Log: a.o.Log, Metrics: metrics,
		Published: func(r engine.Report) { a.published(pt, r) }, //nolint:contextcheck // it is called long after this context has ended
	})
	if err != nil {
		return err
	}
	pt.loop = engine.NewLoop(engine.LoopOptions{
		Pace: engine.Pace{Interval: p.Interval, Active: p.Active},
		Room: func() time.Duration { return a.google.Room(a.credentials(), p.ID) },
		Cycle: func(ctx context.Context) bool {
			// What went wrong is in the report and the log line of the cycle; the next cycle tries again.
			r, err := pt.engine.RunCycle(ctx, engine.Mode{})
			if err != nil && ctx.Err() == nil {
				a.o.Log.Error("cycle came to nothing", "partnership", p.ID, "err", err, "hint", fault.Of(err).Hint)
			}
			return r.Edits > 0
		},
	})
	a.parts = append(a.parts, pt)
	return a.webhooks.add(p, sources, func() { pt.loop.Wake() })
}

func (a *App) serve() error {
	o := web.Options{
		Viewers: a.viewers(), Store: a.store, Choose: a.choose, Now: a.o.Now, Version: a.o.Version, Ready: a.ready, Banner: a.o.Banner,
		AllowedHosts: a.o.AllowedHosts, Webhooks: a.webhooks.handlers,
		Metrics: promhttp.HandlerFor(a.registry, promhttp.HandlerOpts{}),
	}
	if a.watch != nil {
		o.Drive = a.watch
	}
	if c := a.o.Config.Auth; c != nil && c.Asks() {
		guard, err := auth.New(*c, auth.Options{Log: a.o.Log, Now: a.o.Now})
		if err != nil {
			return fmt.Errorf("set up the login: %w", err)
		}
		o.Identify = guard.Wrap
	}
	handler, err := web.New(o)
	if err != nil {
		return fmt.Errorf("set up the page: %w", err)
	}
	a.web = handler
	return nil
}

// viewers read the partnerships for whoever shows them.
func (a *App) viewers() []*view.Viewer {
	out := make([]*view.Viewer, len(a.parts))
	for i, p := range a.parts {
		out[i] = p.viewer
	}
	return out
}

// choose hands a choice to the partnership's engine, and waits for the cycle that decides on it. What stands in its way is one of the
// engine's errors, for the page to tell.
func (a *App) choose(ctx context.Context, c web.Choice) error {
	for _, p := range a.parts {
		if p.cfg.ID != c.Partnership {
			continue
		}
		done := p.engine.Choose(engine.Choice{Task: c.Task, Field: c.Field, Value: c.Value, By: c.By, Key: c.Key})
		p.loop.Wake()
		select {
		case err := <-done:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return engine.ErrNoConflict
}

// ready says why the App is not ready to serve; nil when it is.
func (a *App) ready() error {
	for _, p := range a.parts {
		if !p.cycled.Load() {
			return fmt.Errorf("the first cycle of %s is not done", p.cfg.ID)
		}
	}
	return nil
}

// published is called after every cycle.
func (a *App) published(p *part, r engine.Report) {
	p.cycled.Store(true)
	say := a.o.Log.Info
	if r.Result == engine.ResultOK && len(r.Patches) == 0 {
		say = a.o.Log.Debug // a quiet cycle is no news
	}
	say("cycle",
		"partnership", r.Partnership, "cycle", r.Generation, "result", string(r.Result), "tasks", r.Tasks, "planned", len(r.Patches),
		"written", r.Writes(), "conflicts", r.Conflicts, "held", len(r.Holds), "seconds", r.Seconds)
	for _, s := range r.Sources {
		if s.Error != "" {
			a.o.Log.Warn("source sits out", "partnership", r.Partnership, "source", string(s.ID), "err", s.Error, "hint", s.Hint)
		}
	}
	if r.Board.Error != "" {
		a.o.Log.Warn("scorecard's pages were not written", "partnership", r.Partnership, "err", r.Board.Error, "hint", r.Board.Hint)
	}
	if r.Paper.Error != "" {
		a.o.Log.Warn("report was not written", "partnership", r.Partnership, "err", r.Paper.Error, "hint", r.Paper.Hint)
	}
	for _, pr := range r.Patches {
		if pr.Error != "" {
			a.o.Log.Warn("write went wrong", "partnership", r.Partnership, "source", string(pr.Ref.Source), "task", string(pr.Task),
				"op", string(pr.Op), "err", pr.Error, "hint", pr.Hint)
		}
	}
	for _, t := range r.Trips {
		a.o.Log.Warn("guard says no", "partnership", r.Partnership, "source", string(t.Source), "guard", t.Guard, "err", t.String(),
			"hint", "look at it with `lockstep plan`; to let exactly this plan through: lockstep once --approve "+r.PlanHash)
	}
	// The figures are worked out before anybody is told that there are new ones: then no reader waits for them.
	p.viewer.Changed()
	if _, err := p.viewer.Now(context.Background()); err != nil {
		a.o.Log.Warn("the page's figures could not be worked out", "partnership", p.cfg.ID, "err", err)
	}
	a.web.Changed(p.cfg.ID)
	p.teller.Wake()
}

// Handler serves the page, the API, metrics and health.
func (a *App) Handler() http.Handler { return a.web }

// Wake asks for a cycle of every partnership soon.
func (a *App) Wake() {
	for _, p := range a.parts {
		p.loop.Wake()
	}
}

// Run keeps every partnership in step and serves the page on ln until ctx ends. Then it finishes the cycles that are
// running (a write in flight is never cut off), and returns.
func (a *App) Run(ctx context.Context, ln net.Listener) error {
	srv := &http.Server{
		Handler: a.web, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(a.o.Log.Handler(), slog.LevelDebug),
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()

	loops, stop := context.WithCancel(ctx)
	defer stop()
	var wg sync.WaitGroup
	for _, p := range a.parts {
		wg.Go(func() { p.loop.Run(loops) })
		if len(p.cfg.Notify) > 0 { // it looks at the figures every minute
			wg.Go(func() { p.teller.Run(loops) })
		}
	}
	if a.watch != nil {
		wg.Go(func() { a.watch.Run(loops) })
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-served:
		err = fmt.Errorf("serve the page on %s: %w", ln.Addr(), err)
		stop()
	}
	wg.Wait()
	a.web.Close()
	down, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if e := srv.Shutdown(down); e != nil && err == nil && !errors.Is(e, context.DeadlineExceeded) {
		err = fmt.Errorf("stop serving the page: %w", e)
	}
	return err
}

// Once runs one cycle of every partnership. The reports come in the order of the configuration. A partnership whose cycle came
// to nothing does not stop the ones after it: its report is of result failed, and its error is among those that come back, joined.
func (a *App) Once(ctx context.Context, mode engine.Mode) ([]engine.Report, error) {
	out := make([]engine.Report, 0, len(a.parts))
	var errs []error
	for _, p := range a.parts {
		r, err := p.engine.RunCycle(ctx, mode)
		out, errs = append(out, r), append(errs, err)
	}
	return out, errors.Join(errs...)
}

// Requests returns how many requests each source was sent since the App was made: those that read, and those that write.
func (a *App) Requests() map[string]Counts { return a.requests.counts() }

// Close releases the store. Run must have returned.
func (a *App) Close() error {
	a.web.Close()
	if err := a.store.Close(); err != nil {
		return fmt.Errorf("close the store: %w", err)
	}
	return nil
}
