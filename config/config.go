// Package config reads the configuration file: strict YAML in which every key must be known, every value of its type,
// and every name that refers to something must find it. All mistakes come at once, each with its place and its remedy.
//
// A secret may stand in the file, come from the environment as ${NAME}, or be read from the file that its _file twin
// names. None is ever part of an error, and none is printed with the values of this package.
package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/lockstep-sync/lockstep/connectors/gdocs"
	"github.com/lockstep-sync/lockstep/connectors/gsheets"
	"github.com/lockstep-sync/lockstep/connectors/jira"
	"github.com/lockstep-sync/lockstep/internal/notify"
	"github.com/lockstep-sync/lockstep/sync/merge"
	"github.com/lockstep-sync/lockstep/sync/plan"
	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/task"
	"github.com/lockstep-sync/lockstep/web/auth"
)

//go:generate go test . -run TestReferenceIsCurrent -update

// The defaults of what a file need not say.
const (
	defaultListen   = "127.0.0.1:8080"
	defaultStore    = "sqlite:lockstep.db"
	defaultTimezone = "UTC"
	defaultInterval = time.Minute
	defaultActive   = 10 * time.Second

	defaultPerMinute = 60 // what Google lets an account read, and write
	maxPerMinute     = 100_000
)

// ScorecardID is the id by which each partnership's scorecard is known as a source. No other source may have it.
const ScorecardID task.SourceID = "scorecard"

// Config is a whole configuration file, checked and with every default filled in.
type Config struct {
	Listen string // host:port of the page; port 0 picks a free one
	Store  string // "sqlite:" and a path: see SQLitePath
	Google Google
	Auth   *auth.Config // nil where the file has none; Listen is then loopback
	// Partnerships has at least one. Ids and keys are unique.
	Partnerships []Partnership
}

// Google says how Google's tools are reached: exactly one of CredentialsFile and Endpoint is set.
type Google struct {
	CredentialsFile string // path of a service account's key that was there and whole when it was read
	Endpoint        string // address of a local server without a login
	// Reads and Writes are how many requests a minute may read from Sheets and write to them.
	Reads, Writes int
	// WebhookURL is the page's address as Google reaches it, without a slash at its end; "" where it is not to tell of changes.
	WebhookURL string
}

// Partnership is one partnership that is kept in step.
type Partnership struct {
	ID       string
	Key      string // begins each task's id: "CW"
	Name     string
	Timezone string         // IANA name
	Location *time.Location `json:"-"` // the same, never nil
	// AgreementDate is of kind Date, or None where the file does not say.
	AgreementDate task.Value
	Agreed        Agreed
	Interval      time.Duration
	Active        time.Duration // the interval after edits were seen; at most Interval
	Partners      []Partner     // at least one
	People        []Person
	Sources       []Source // at least one
	Scorecard     Scorecard
	Merge         merge.Rules
	Guards        plan.Guards
	Notify        []notify.Channel // ids are unique in the partnership
}

// Partner is one organisation.
type Partner struct {
	ID, Name string
	Sector   string // "" where the file does not say
	Aliases  []string
}

// Person is somebody of the partnership.
type Person struct {
	Name    string
	Partner string // id; "" where the file does not say
	Email   string // "" where the file does not say
	Aliases []string
	Jira    map[task.SourceID]string // account id by Jira source; nil where the file does not say
}

// Source is one partner's own tool: exactly one of Jira, Sheet and Doc is set, complete as its connector needs it.
type Source struct {
	ID      task.SourceID // unique in the file
	Partner string
	Jira    *jira.Config
	Sheet   *gsheets.Config
	Doc     *gdocs.Config
	// Share lists the only fields that leave the tool, in canonical order; nil means all that are mapped.
	Share []task.Field
}

// Scorecard is the partnership's shared scorecard.
type Scorecard struct {
	ID    task.SourceID // ScorecardID
	Sheet gsheets.Config
	Pages []string // of Pages, in their order; empty where there is to be none
	// Heartbeat is how often it is written that Lockstep has looked, if nothing else is; 0 is never.
	Heartbeat   time.Duration
	DeletedRows string  // RestoreRows or CancelTasks
	Report      *Report // nil where none is kept
	Rules       scorecard.Rules
}

// Report is a document in which a report is kept.
type Report struct {
	Document string // the id in its address
	Every    string // EveryDay, EveryWeek or EveryMonth
}

// Load reads the file at path. Paths in it start at its folder, but for the store's. A file that cannot be read, and every
// mistake in one, comes back as an *Error.
func Load(path string, env func(string) (string, bool)) (*Config, error) {
	data, err := readFile(path, maxBytes+1)
	if err != nil {
		rep := &reporter{file: path}
		rep.add(spot{}, "%s: name an existing file with --config", reason(err))
		return nil, rep.err()
	}
	return Parse(path, data, env)
}

// Parse reads a configuration that has been read already. Name is its path, for messages and as the start of relative
// paths; env answers ${NAME}, as os.LookupEnv does.
func Parse(name string, data []byte, env func(string) (string, bool)) (*Config, error) {
	return loader{name: name, env: env, read: readFile}.load(data)
}

// loader holds what a load needs from outside, so that tests can stand in for it.
type loader struct {
	name string
	env  func(string) (string, bool)
	read func(path string, limit int64) ([]byte, error)
}

func (l loader) load(data []byte) (*Config, error) {
	rep := &reporter{file: l.name}
	root := plant(data, l.env, rep)
	if root == nil {
		return nil, rep.err()
	}
	keys := table()
	rep.secrets = secretTexts(root, keys)
	checker{rep, keys}.section(root, keys, spot{1, 1}, "")
	b := builder{loader: l, rep: rep, sourceIDs: map[string]spot{}}
	cfg := b.config(root)
	if err := rep.err(); err != nil {
		return nil, err
	}
	return cfg, nil
}

// SQLitePath is the path of the database file, as the file has it: a relative one starts at the working directory.
func (c *Config) SQLitePath() string {
	path, _ := sqlitePath(c.Store)
	return path
}

// Kind is the kind of tool: "jira" or "sheet".
func (s Source) Kind() string {
	switch {
	case s.Jira != nil:
		return "jira"
	case s.Doc != nil:
		return "doc"
	}
	return "sheet"
}

// readFile reads a regular file of at most limit bytes; of a longer one, the first limit bytes. A pipe or a device is
// refused: reading it might never end.
func readFile(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		if info.IsDir() {
			return nil, errors.New("is a folder")
		}
		return nil, errors.New("is not a regular file")
	}
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, limit))
	if cerr := f.Close(); err == nil && cerr != nil {
		err = fmt.Errorf("close: %w", cerr)
	}
	return data, err
}

// reason is what kept a file from being read, without its path.
func reason(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "no such file"
	case errors.Is(err, fs.ErrPermission):
		return "not allowed to read the file"
	}
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err.Error()
	}
	return err.Error()
}
