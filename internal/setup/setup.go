// Package setup writes a first configuration: it asks for addresses, looks what stands behind them, proposes what it may mean, and
// writes down what was agreed to, with comments. It changes nothing in any tool.
package setup

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"google.golang.org/api/sheets/v4"

	"github.com/lockstep-sync/lockstep/config"
	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/connectors/google"
	"github.com/lockstep-sync/lockstep/connectors/gsheets"
	"github.com/lockstep-sync/lockstep/connectors/transport"
)

// Options are what is known before anything is asked. What is left empty is asked for.
type Options struct {
	Name        string   // the partnership's
	Sheets      []string // addresses of partners' sheets
	Scorecard   string   // address of the shared scorecard
	Credentials string   // the service account's key file
	Endpoint    string   // in its stead, a local server without a login
	Jira        Jira

	In  io.Reader // answers, a line each; at its end every question that is left has its default for an answer
	Out io.Writer // questions, and what was found
	// Clean makes a text from outside fit for a terminal.
	Clean func(string) string
	Env   func(string) (string, bool)
	File  string // where the configuration will stand: paths in it start there
	Now   func() time.Time
}

// Jira says how one partner's Jira is reached. Without a URL there is none.
type Jira struct{ URL, Email, TokenFile, JQL string }

// Run asks, looks and proposes, and returns a configuration that config.Parse accepts. The error says what is missing, or is a
// fault with a hint.
func Run(ctx context.Context, o Options) ([]byte, error) {
	s := &session{o: o, talk: newTalk(o.In, o.Out, o.Clean), plan: plan{
		Credentials: o.Credentials, Endpoint: o.Endpoint, Store: filepath.Join(filepath.Dir(absolute(o.File)), "lockstep.db"),
	}}
	for _, step := range []func(context.Context) error{s.name, s.google, s.sheets, s.jira, s.scorecard} {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("set up: %w", err)
		}
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	if len(s.plan.Sources) == 0 {
		return nil, errors.New("there is nothing to keep in step: give the address of a partner's sheet with --sheet, or of a Jira with --jira")
	}
	text := s.plan.write()
	cfg, err := config.Parse(o.File, text, o.Env)
	if err != nil {
		return nil, fmt.Errorf("check what is to be written: %w", err)
	}
	return text, s.show(ctx, cfg)
}

// session is one Run.
type session struct {
	o    Options
	talk *talk
	plan plan

	svc   *sheets.Service // nil until Google is needed
	drive *google.Drive
}

func (s *session) name(context.Context) error {
	name, err := s.talk.need("What is the partnership called?", s.o.Name, "", "--name")
	if err != nil {
		return err
	}
	s.plan.Name, s.plan.ID, s.plan.Key = name, slug(name, "partnership"), keyOf(name)
	return nil
}

// google asks how Google is reached. The scorecard is a sheet, so it always is.
func (s *session) google(ctx context.Context) error {
	if s.o.Endpoint == "" {
		file, err := s.talk.need("Where is the key file of the Google service account?", s.o.Credentials, "", "--google-credentials")
		if err != nil {
			return err
		}
		s.plan.Credentials = absolute(file)
	}
	cred := google.Credentials{File: s.plan.Credentials, Endpoint: s.plan.Endpoint}
	svc, err := gsheets.NewService(ctx, cred, transport.Options{Source: "init"})
	if err != nil {
		return fmt.Errorf("reach Google: %w", err)
	}
	drive, err := google.NewDrive(ctx, cred, transport.Options{Source: "init"})
	if err != nil {
		return fmt.Errorf("reach Google: %w", err)
	}
	s.svc, s.drive = svc, drive
	return nil
}

// scorecard asks for the sheet that everybody sees.
func (s *session) scorecard(ctx context.Context) error {
	address, err := s.talk.need("Address of the spreadsheet for the shared scorecard (an empty one will do, shared with the service account as an editor)?",
		s.o.Scorecard, "", "--scorecard")
	if err != nil {
		return err
	}
	p, err := gsheets.ParseAddress(address)
	if err != nil {
		return fmt.Errorf("read the scorecard's address: %w", err)
	}
	d, err := gsheets.Discover(ctx, s.svc, p, gsheets.Options{Source: "scorecard", Now: s.o.Now})
	if err != nil {
		return fmt.Errorf("look at the scorecard: %w", err)
	}
	tab := d.Tab
	if p.Sheet < 0 && slices.Contains(d.Tabs, "Scorecard") || tab == "" {
		tab = "Scorecard"
		if !slices.Contains(d.Tabs, tab) && len(d.Tabs) > 0 {
			tab = d.Tabs[0]
		}
	}
	tab, err = s.talk.choose("Which tab of it?", tab, d.Tabs)
	if err != nil {
		return err
	}
	s.plan.Scorecard = place{d.Title, p.Spreadsheet, tab}
	s.plan.Zone = cmp.Or(s.plan.Zone, d.TimeZone)
	return nil
}

// show tells how the sheets would be read with the configuration that is to be written.
func (s *session) show(ctx context.Context, cfg *config.Config) error {
	for _, p := range cfg.Partnerships {
		for _, src := range p.Sources {
			if src.Sheet == nil {
				continue
			}
			conn, err := gsheets.New(*src.Sheet, s.svc, gsheets.Options{Source: src.ID, KeyPrefix: p.Key, Now: s.o.Now, Drive: s.drive})
			if err != nil {
				return fmt.Errorf("set up %s: %w", src.ID, err)
			}
			found, err := conn.Check(ctx)
			if err != nil {
				return fmt.Errorf("look at %s: %w", src.ID, err)
			}
			s.talk.say("\n%s would be read like this:", src.ID)
			s.findings(found)
		}
	}
	return nil
}

func (s *session) findings(found []connectors.Finding) {
	for _, f := range found {
		sign := map[connectors.Level]string{connectors.LevelOK: "✓", connectors.LevelWarning: "!", connectors.LevelError: "✗"}[f.Level]
		s.talk.say("  %s %-12s %s", sign, f.Topic, f.Text)
		if f.Hint != "" {
			s.talk.say("      → %s", f.Hint)
		}
	}
}

// owner is the partner with that name: one that is there already, or a new one.
func (s *session) owner(name string) string {
	for _, p := range s.plan.Partners {
		if strings.EqualFold(p.Name, name) {
			return p.ID
		}
	}
	id := unused(slug(name, "partner"), func(id string) bool {
		return slices.ContainsFunc(s.plan.Partners, func(p partner) bool { return p.ID == id })
	})
	s.plan.Partners = append(s.plan.Partners, partner{ID: id, Name: name})
	return id
}

// sourceID is an id that no source has yet.
func (s *session) sourceID(owner, kind string) string {
	return unused(owner+"-"+kind, func(id string) bool {
		return slices.ContainsFunc(s.plan.Sources, func(x source) bool { return x.ID == id })
	})
}
