package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/lockstep-sync/lockstep/config"
	"github.com/lockstep-sync/lockstep/internal/app"
	"github.com/lockstep-sync/lockstep/sync/engine"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// configFlag is the one flag that most commands have.
type configFlag struct {
	Config string `help:"The configuration file." default:"lockstep.yaml" placeholder:"FILE"`
}

// open loads the configuration and sets everything up.
func (f configFlag) open(e env) (*app.App, error) {
	cfg, err := config.Load(f.Config, e.lookup)
	if err != nil {
		return nil, err
	}
	return app.New(e.ctx, app.Options{Config: cfg, Log: logger(e.stderr, slog.LevelError), Version: buildVersion()})
}

func logger(w io.Writer, level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level}))
}

type onceCmd struct {
	configFlag
	JSON    bool   `name:"json" help:"Print the report as JSON."`
	Approve string `help:"Let exactly the plan of this hash through although a guard says no." placeholder:"HASH"`
}

// Run implements the command: one cycle of every partnership. A guard that says no, and a partnership whose cycle came
// to nothing, make the exit code 1.
func (c onceCmd) Run(e env) error {
	a, err := c.open(e)
	if err != nil {
		return err
	}
	defer closing(e, a)
	reports, err := a.Once(e.ctx, engine.Mode{Approve: c.Approve})
	if err := errors.Join(err, printReports(e, c.JSON, reports, a.Requests())); err != nil {
		return err
	}
	for _, r := range reports {
		if r.Result == engine.ResultGuarded {
			return statusError(exitError)
		}
	}
	return nil
}

type planCmd struct {
	configFlag
	JSON bool `name:"json" help:"Print the plan as JSON."`
}

// Run implements the command. Where a source could not be read, and nothing is to be written to the others, the exit code is 1:
// it cannot be said that there is nothing to do.
func (c planCmd) Run(e env) error {
	a, err := c.open(e)
	if err != nil {
		return err
	}
	defer closing(e, a)
	reports, err := a.Once(e.ctx, engine.Mode{DryRun: true})
	if err := errors.Join(err, printReports(e, c.JSON, reports, a.Requests())); err != nil {
		return err
	}
	code := exitOK
	for _, r := range reports {
		switch {
		case len(r.Patches) > 0:
			return statusError(exitChanges)
		case r.Result == engine.ResultPartial:
			code = exitError
		}
	}
	if code != exitOK {
		return statusError(code)
	}
	return nil
}

func closing(e env, a *app.App) {
	if err := a.Close(); err != nil {
		_, _ = fmt.Fprintf(e.stderr, "lockstep: %v\n", err)
	}
}

// printReports prints one JSON object for one partnership and an array for several, or words for people.
func printReports(e env, asJSON bool, reports []engine.Report, requests map[string]app.Counts) error {
	if !asJSON {
		for _, r := range reports {
			printReport(e.stdout, r, requests)
		}
		return nil
	}
	enc := json.NewEncoder(e.stdout)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	full := make([]jsonReport, len(reports))
	for i, r := range reports {
		full[i] = withRequests(r, requests)
	}
	if len(full) == 1 {
		return enc.Encode(full[0])
	}
	return enc.Encode(full)
}

// jsonReport is an engine's report with the requests that it took.
type jsonReport struct {
	engine.Report
	Sources []jsonSource `json:"sources"` // stands in for the report's own
}

type jsonSource struct {
	engine.SourceReport
	app.Counts
}

func withRequests(r engine.Report, requests map[string]app.Counts) jsonReport {
	j := jsonReport{Report: r, Sources: make([]jsonSource, len(r.Sources))}
	if r.Patches == nil { // of a cycle that came to nothing
		j.Patches, j.Holds = []engine.PatchReport{}, []task.Hold{}
	}
	for i, s := range r.Sources {
		j.Sources[i] = jsonSource{s, requests[string(s.ID)]}
	}
	return j
}
