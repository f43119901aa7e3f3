package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/lockstep-sync/lockstep/internal/setup"
)

type initCmd struct {
	Output            string   `help:"Where the configuration is written." default:"lockstep.yaml" placeholder:"FILE" type:"path"`
	Force             bool     `help:"Write it over one that is there."`
	Name              string   `help:"The partnership's name." placeholder:"NAME"`
	Sheet             []string `help:"Address of a partner's Google Sheet, as the browser shows it. May be given several times." placeholder:"URL" sep:"none"`
	Jira              string   `help:"Address of a partner's Jira." placeholder:"URL"`
	JiraEmail         string   `help:"E-mail address of the account that the token belongs to." placeholder:"ADDRESS"`
	JiraTokenFile     string   `help:"File that holds the API token." placeholder:"FILE"`
	JiraJQL           string   `name:"jira-jql" help:"Which issues belong to the partnership." placeholder:"JQL"`
	Scorecard         string   `help:"Address of the spreadsheet for the shared scorecard." placeholder:"URL"`
	GoogleCredentials string   `help:"Key file of the Google service account that the sheets are shared with." placeholder:"FILE"`
	GoogleEndpoint    string   `help:"In its stead, a local server without a login, such as that of lockstep sandbox." placeholder:"URL"`
}

// Run implements the command: it asks for what no flag says. Questions and what was found go to standard error. Nothing is
// written but the file, and that only at the end.
func (c initCmd) Run(e env) error {
	if err := c.free(); err != nil {
		return err
	}
	text, err := setup.Run(e.ctx, setup.Options{
		Name: c.Name, Sheets: c.Sheet, Scorecard: c.Scorecard, Credentials: c.GoogleCredentials, Endpoint: c.GoogleEndpoint,
		Jira: setup.Jira{URL: c.Jira, Email: c.JiraEmail, TokenFile: c.JiraTokenFile, JQL: c.JiraJQL},
		In:   e.stdin, Out: e.stderr, Clean: clean, Env: e.lookup, File: c.Output, Now: time.Now,
	})
	if err != nil {
		return err //nolint:wrapcheck // it says what it was doing
	}
	if err := c.write(text); err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.stderr, "\nWritten to %s. Read it, then: lockstep check --config %[1]s\n", clean(c.Output))
	return err
}

// free says no where a file would be written over.
func (c initCmd) free() error {
	if _, err := os.Lstat(c.Output); err == nil && !c.Force {
		return fmt.Errorf("there is %s already: name another file with --output, or write over it with --force", c.Output)
	}
	return nil
}

// write puts the text into its place: over what is there only where that was asked for, and then at once or not at all. There
// is no secret in it, but where each is: that is for its owner.
func (c initCmd) write(text []byte) error {
	var f *os.File
	var err error
	if c.Force {
		f, err = os.CreateTemp(filepath.Dir(c.Output), ".lockstep-init-*")
	} else {
		f, err = os.OpenFile(c.Output, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	}
	if errors.Is(err, fs.ErrExist) {
		return c.free()
	}
	if err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Close())
	if err == nil && c.Force {
		err = os.Rename(f.Name(), c.Output)
	}
	if err != nil {
		return fmt.Errorf("write the configuration: %w", errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}
