package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/lockstep-sync/lockstep/config"
	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/internal/app"
)

type checkCmd struct {
	configFlag
	JSON bool `name:"json" help:"Print the findings as JSON."`
}

// Run implements the command. Findings are printed as the sources answer. One that does not work makes the exit code 1; a
// warning does not.
func (c checkCmd) Run(e env) error {
	cfg, err := config.Load(c.Config, e.lookup)
	if err != nil {
		return err
	}
	all := []app.SourceCheck{}
	err = app.Check(e.ctx, app.Options{Config: cfg, Version: buildVersion()}, func(s app.SourceCheck) {
		all = append(all, s)
		if !c.JSON {
			printCheck(e.stdout, s)
		}
	})
	if err != nil {
		return err
	}
	count := map[connectors.Level]int{}
	for _, s := range all {
		for _, f := range s.Findings {
			count[f.Level]++
		}
	}
	if c.JSON {
		enc := json.NewEncoder(e.stdout)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		err = enc.Encode(all)
	} else {
		_, err = fmt.Fprintf(e.stdout, "%s checked: %d right, %s, %s\n", plural(len(all), "source"),
			count[connectors.LevelOK], plural(count[connectors.LevelWarning], "warning"), plural(count[connectors.LevelError], "error"))
	}
	if err == nil && count[connectors.LevelError] > 0 {
		return statusError(exitError)
	}
	return err
}

// printCheck tells people what was found in one source. Names from a tool are hostile.
func printCheck(w io.Writer, s app.SourceCheck) {
	p := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) }
	p("%s · %s (%s)", s.Partnership, s.Source, s.Kind)
	for _, f := range s.Findings {
		sign := map[connectors.Level]string{connectors.LevelOK: "✓", connectors.LevelWarning: "!", connectors.LevelError: "✗"}[f.Level]
		p("  %s %-16s %s", sign, f.Topic, clean(f.Text))
		hint(p, f.Hint)
	}
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
