package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/lockstep-sync/lockstep/sync/export"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// partnershipFlag names one of several partnerships.
type partnershipFlag struct {
	Partnership string `help:"Id of the partnership; needed where the configuration has several." placeholder:"ID"`
}

type exportCmd struct {
	configFlag
	partnershipFlag
	Format string `help:"json, csv, markdown or html; by default what the ending of --output says, else json." placeholder:"FORMAT"`
	AsOf   string `name:"as-of" help:"A past day, as of whose end the scorecard is told: 2026-10-01." placeholder:"DAY"`
	Output string `help:"The file to write; by default it goes to standard output." placeholder:"FILE"`
}

// Run implements the command: the scorecard as the store has it. No tool is asked.
func (c exportCmd) Run(e env) error {
	f, err := c.format()
	if err != nil {
		return err
	}
	a, err := c.open(e)
	if err != nil {
		return err
	}
	defer closing(e, a)
	w, err := a.Viewer(c.Partnership)
	if err != nil {
		return err
	}
	v, err := w.Now(e.ctx)
	if err == nil && c.AsOf != "" {
		var day task.Value
		if day, err = task.Parse(task.Date, c.AsOf); err != nil || day.IsEmpty() {
			return fault.New(fault.Permanent, fault.Invalid, "", "--as-of: %q is not a day", c.AsOf).WithHint("write year, month and day with dashes, such as 2026-10-01")
		}
		v, err = w.OnDay(e.ctx, day)
	}
	if err != nil {
		return err
	}
	if v.State.Generation == 0 {
		_, _ = fmt.Fprintln(e.stderr, "lockstep: no cycle has run yet: the export is empty. Run `lockstep once` or `lockstep run` first.")
	}
	if c.Output == "" {
		return export.Write(e.stdout, v, f)
	}
	// The whole of it is made before the file is touched: what stood there is not lost to a half of something new.
	var b bytes.Buffer
	if err := export.Write(&b, v, f); err != nil {
		return err
	}
	temp, err := os.CreateTemp(filepath.Dir(c.Output), ".lockstep-export-*")
	if err != nil {
		return fmt.Errorf("write the export: %w", err)
	}
	defer func() { _ = os.Remove(temp.Name()) }() // gone already where all went well
	if _, err := temp.Write(b.Bytes()); err != nil {
		return fmt.Errorf("write the export: %w", err)
	}
	if err := temp.Close(); err != nil {
		return fmt.Errorf("write the export: %w", err)
	}
	if err := os.Rename(temp.Name(), c.Output); err != nil {
		return fmt.Errorf("write the export: %w", err)
	}
	_, _ = fmt.Fprintf(e.stderr, "%d tasks of %s, as of %s, are in %s\n", len(v.Score.Tasks), v.Partnership.Name, v.Now.Format("2 January 2006 15:04 MST"), c.Output)
	return nil
}

// format is the one that is asked for, or that the file's name tells.
func (c exportCmd) format() (export.Format, error) {
	if c.Format == "" {
		if f, ok := export.ByExtension(strings.ToLower(strings.TrimPrefix(filepath.Ext(c.Output), "."))); ok {
			return f, nil
		}
		return export.JSON, nil
	}
	for _, f := range export.Formats() {
		if strings.EqualFold(c.Format, string(f)) || strings.EqualFold(c.Format, f.Extension()) {
			return f, nil
		}
	}
	return "", fault.New(fault.Permanent, fault.Invalid, "", "--format: there is no format %q", c.Format).WithHint("take json, csv, markdown or html")
}
