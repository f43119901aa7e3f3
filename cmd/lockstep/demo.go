package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/lockstep-sync/lockstep/config"
	"github.com/lockstep-sync/lockstep/internal/app"
	"github.com/lockstep-sync/lockstep/internal/demo"
	"github.com/lockstep-sync/lockstep/sync/engine"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/web"
)

type demoCmd struct {
	Once    bool   `help:"Run until nothing is left to do, print what was done, and exit."`
	JSON    bool   `name:"json" help:"With --once: print the report as JSON."`
	Listen  string `help:"Where the page listens." default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
	Verbose bool   `help:"Log every cycle."`
}

// settleCycles is how many cycles the demo may take to come to rest.
const settleCycles = 12

// Run implements the command. Everything lives in this process and in a temporary folder; nothing stays.
func (c demoCmd) Run(e env) (err error) {
	if c.JSON && !c.Once {
		return errors.New("--json prints the report of --once: give both")
	}
	dir, err := os.MkdirTemp("", "lockstep-demo-")
	if err != nil {
		return fmt.Errorf("make a temporary folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	clock := &demo.Clock{}
	world, err := demo.Start(e.ctx, clock, demo.Options{Listen: "127.0.0.1:0"})
	if err != nil {
		return err
	}
	defer func() { _ = world.Close() }()
	if err := world.SeedPast(); err != nil {
		return err
	}
	cfg, err := config.Parse("demo.yaml", []byte(world.Config(filepath.Join(dir, "lockstep.db"))), e.lookup)
	if err != nil {
		return fmt.Errorf("read the demo's configuration: %w", err)
	}
	level := slog.LevelWarn
	if c.Verbose {
		level = slog.LevelInfo
	}
	a, err := app.New(e.ctx, app.Options{
		Config: cfg, Log: logger(e.stderr, level), Now: clock.Now, Version: buildVersion(), Banner: banner(world),
		AllowedHosts: []string{"localhost", "127.0.0.1", "::1"},
	})
	if err != nil {
		return err
	}
	defer closing(e, a)

	if !c.Once {
		_, _ = fmt.Fprintln(e.stdout, "Three partners live through the twelve weeks before today. It takes some seconds.")
	}
	sum, err := live(e.ctx, a, world)
	switch {
	case err != nil && e.ctx.Err() != nil && !c.Once:
		return nil // it was stopped before the page was there
	case err != nil:
		return err
	}
	if c.Once {
		return c.print(e, sum)
	}
	return c.serve(e, a, world, sum)
}

// demoReport is what `demo --once --json` prints.
type demoReport struct {
	Converged bool         `json:"converged"`
	Cycles    int          `json:"cycles"`
	Tasks     int          `json:"tasks"`
	Sources   []demoSource `json:"sources"`
	Conflicts int          `json:"conflicts"`
	// SecondCycleWrites is how many writes a cycle makes after everything came to rest: none, if all is well.
	SecondCycleWrites int `json:"second_cycle_writes"`
}

type demoSource struct {
	ID      string `json:"id"`
	Records int    `json:"records"`
	app.Counts
}

// live replays the weeks before, and runs cycles until nothing is left to do.
func live(ctx context.Context, a *app.App, world *demo.World) (demoReport, error) {
	var sum demoReport
	var last engine.Report
	cycle := func(ctx context.Context) error {
		reports, err := a.Once(ctx, engine.Mode{})
		if err == nil {
			last = reports[0]
			sum.Cycles++
		}
		return err
	}
	if err := world.Replay(ctx, cycle, func(ctx context.Context, e store.Event) error { return a.Record(ctx, "", e) }); err != nil {
		return sum, err
	}
	for range settleCycles {
		if err := cycle(ctx); err != nil {
			return sum, err
		}
		if last.Converged {
			break
		}
	}
	sum.Converged, sum.Tasks, sum.Conflicts = last.Converged, last.Tasks, last.Conflicts
	before := writes(a)
	if err := cycle(ctx); err != nil {
		return sum, err
	}
	sum.SecondCycleWrites = writes(a) - before
	for _, s := range last.Sources {
		sum.Sources = append(sum.Sources, demoSource{string(s.ID), s.Records, a.Requests()[string(s.ID)]})
	}
	return sum, nil
}

func writes(a *app.App) int {
	n := 0
	for _, c := range a.Requests() {
		n += c.Writes
	}
	return n
}

func (c demoCmd) print(e env, sum demoReport) error {
	if c.JSON {
		return json.NewEncoder(e.stdout).Encode(sum)
	}
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(e.stdout, format+"\n", args...) }
	say("%d tasks of three partners, %d cycles, converged: %v, %d conflicts, %d writes in a cycle after that",
		sum.Tasks, sum.Cycles, sum.Converged, sum.Conflicts, sum.SecondCycleWrites)
	for _, s := range sum.Sources {
		say("  %-18s %3d items  %4d reads  %4d writes", s.ID, s.Records, s.Reads, s.Writes)
	}
	return nil
}

// serve keeps the partnership in step until the demo is stopped. A change in any tool wakes a cycle.
func (c demoCmd) serve(e env, a *app.App, world *demo.World, sum demoReport) error {
	var lc net.ListenConfig
	ln, err := lc.Listen(e.ctx, "tcp", c.Listen)
	if err != nil {
		// The port is taken: a newcomer's first minute should not end here.
		if ln, err = lc.Listen(e.ctx, "tcp", "127.0.0.1:0"); err != nil {
			return fmt.Errorf("listen for the page: %w", err)
		}
	}
	// Something is left for the newcomer to decide.
	if err := world.Disagree(); err != nil {
		return err
	}
	if _, err := a.Once(e.ctx, engine.Mode{}); err != nil {
		return err
	}
	world.OnChange(a.Wake)
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(e.stdout, format+"\n", args...) }
	say("Lockstep keeps the %d tasks of the Clean Water Alliance in step.", sum.Tasks)
	say("")
	say("  The partnership        http://%s/", ln.Addr())
	say("  AquaFund's Jira        %s/", world.JiraURL)
	say("  City of Riverton       %s", world.SheetURL(world.Partner))
	say("  HydroTech              %s", world.DocURL(world.Hydrotech))
	say("  Shared scorecard       %s", world.SheetURL(world.Scorecard))
	say("  Report                 %s", world.DocURL(world.ReportDoc))
	say("  Metrics                http://%s/metrics", ln.Addr())
	say("")
	say("Change a status, a date or a name in any of them, and watch the others. Stop with Ctrl-C; nothing is kept.")
	start := time.Now()
	if err := a.Run(e.ctx, ln); err != nil {
		return err
	}
	say("Stopped after %s.", time.Since(start).Round(time.Second))
	return nil
}

// banner links the demo's tools on the page.
func banner(w *demo.World) []web.Link {
	return []web.Link{
		{Text: "AquaFund's Jira", URL: w.JiraURL + "/"},
		{Text: "City of Riverton's sheet", URL: w.SheetURL(w.Partner)},
		{Text: "HydroTech's document", URL: w.DocURL(w.Hydrotech)},
		{Text: "Shared scorecard", URL: w.SheetURL(w.Scorecard)},
		{Text: "Report", URL: w.DocURL(w.ReportDoc)},
	}
}
