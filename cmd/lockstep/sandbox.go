package main

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/internal/demo"
)

type sandboxCmd struct {
	JiraIssues []string      `help:"Load issues: one REST v2 issue a line, gzipped if it ends in .gz. May be given several times." placeholder:"FILE.jsonl[.gz]" type:"existingfile"`
	JiraFlavor string        `help:"Which Jira it stands for: cloud, or datacenter (10.3)." enum:"cloud,datacenter" default:"cloud" placeholder:"FLAVOR"`
	SheetRows  string        `help:"Load rows into the partner's sheet: one object (column letter to value) a line, the header first." placeholder:"FILE.jsonl[.gz]" type:"existingfile"`
	Listen     string        `help:"Where the Jira server listens; Google's listens on the next port, or on a free one." default:"127.0.0.1:0" placeholder:"HOST:PORT"`
	IndexLag   time.Duration `help:"How far Jira's search lags behind, as the real one does." default:"0s"`
	Quota      int           `help:"How many reads, and how many writes, a minute Google allows; 0: any number." default:"0"`
}

// sandboxAddresses is the one JSON object that the command prints once it listens.
type sandboxAddresses struct {
	Jira struct {
		URL     string `json:"url"`
		Flavor  string `json:"flavor"`
		Email   string `json:"email"`
		User    string `json:"user,omitempty"` // on Data Center
		Token   string `json:"token"`
		Project string `json:"project"`
	} `json:"jira"`
	Google struct {
		Endpoint     string            `json:"endpoint"`
		Spreadsheets map[string]string `json:"spreadsheets"`
		Documents    map[string]string `json:"documents"`
	} `json:"google"`
}

// Run implements the command: it prints the addresses and runs until it is stopped. Without files it holds the demo's
// partnership. Faults are set at /sandbox/faults of either server.
func (c sandboxCmd) Run(e env) error {
	w, err := demo.Start(e.ctx, &demo.Clock{}, demo.Options{
		Listen: c.Listen, IndexLag: c.IndexLag, Quota: c.Quota, Loaded: len(c.JiraIssues) > 0,
		DataCenter: c.JiraFlavor == "datacenter",
	})
	if err != nil {
		return err
	}
	defer func() { _ = w.Close() }()
	if err := c.load(e, w); err != nil {
		return err
	}
	var out sandboxAddresses
	out.Jira.URL, out.Jira.Email, out.Jira.Token, out.Jira.Project = w.JiraURL, w.Email, w.Token, w.Jira.Project()
	out.Jira.Flavor = w.Jira.Flavor().String()
	if user, _ := w.Jira.Credentials(); user != w.Email {
		out.Jira.User = user
	}
	out.Google.Endpoint = w.GoogleURL
	out.Google.Spreadsheets = map[string]string{"scorecard": w.Scorecard, "partner": w.Partner}
	out.Google.Documents = map[string]string{"report": w.ReportDoc}
	if w.Hydrotech != "" {
		out.Google.Documents["hydrotech"] = w.Hydrotech
	}
	if err := json.NewEncoder(e.stdout).Encode(out); err != nil {
		return fmt.Errorf("print the addresses: %w", err)
	}
	<-e.ctx.Done()
	return nil
}

func (c sandboxCmd) load(e env, w *demo.World) error {
	if len(c.JiraIssues) == 0 && c.SheetRows == "" {
		return w.SeedToday()
	}
	for _, file := range c.JiraIssues {
		n, err := loadFile(file, w.Jira.Load)
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(e.stderr, "%s: %d issues\n", file, n)
	}
	if c.SheetRows == "" {
		return nil
	}
	n, err := loadFile(c.SheetRows, func(r io.Reader) (int, error) { return w.Google.LoadRows(w.Partner, demo.ActionsTab, r) })
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(e.stderr, "%s: %d rows\n", c.SheetRows, n)
	return nil
}

// loadFile hands the file's lines to load.
func loadFile(file string, load func(io.Reader) (int, error)) (n int, err error) {
	f, err := os.Open(filepath.Clean(file))
	if err != nil {
		return 0, fmt.Errorf("load the sandbox: %w", err)
	}
	defer func() { _ = f.Close() }() // it was only read
	var r io.Reader = f
	if strings.HasSuffix(file, ".gz") {
		z, err := gzip.NewReader(f)
		if err != nil {
			return 0, fmt.Errorf("unpack %s: %w", file, err)
		}
		r = z
	}
	read := &reading{Reader: r}
	n, err = load(read)
	if read.err != nil {
		err = read.err // what was made of half a line says less
	}
	if err != nil {
		return n, fmt.Errorf("load %s: %w", file, err)
	}
	return n, nil
}

// reading remembers why a file could not be read to its end; nil where it could.
type reading struct {
	io.Reader
	err error
}

func (r *reading) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	return n, err
}
