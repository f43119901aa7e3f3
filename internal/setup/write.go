package setup

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/lockstep-sync/lockstep/connectors/gsheets"
	"github.com/lockstep-sync/lockstep/connectors/jira"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// plan is what is to be written.
type plan struct {
	ID, Key, Name, Zone   string
	Credentials, Endpoint string
	Store                 string
	Partners              []partner
	People                []person
	Crowds                []string // cells that name several people
	Sources               []source
	Scorecard             place
}

type partner struct{ ID, Name string }

type person struct{ Name, Email, Partner, First string }

type place struct{ Title, Spreadsheet, Tab string }

// source is a partner's tool.
type source struct {
	ID, Owner string
	Title     string // what people call it
	Sheet     *gsheets.Config
	Jira      *jira.Config
	Status    map[string][]string
	Fields    map[string]string // of a Jira
	Doubts    map[string]string // field → what speaks against its column
	Unused    []string          // headers or fields that are not mapped
	Known     []string          // words that need no mapping
	Unknown   []gsheets.Word    // words that nobody said the meaning of
}

// page is the text of a configuration, written line by line.
type page struct{ strings.Builder }

func (p *page) line(depth int, format string, args ...any) {
	p.WriteString(strings.Repeat("  ", depth))
	fmt.Fprintf(p, format, args...)
	p.WriteByte('\n')
}

// note is a comment. What stands in it comes from tools, and must not end its line.
func (p *page) note(depth int, format string, args ...any) {
	text := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, fmt.Sprintf(format, args...))
	p.line(depth, "# %s", text)
}

// str is a text as YAML: quoted unless it is a plain word, and ${ in it is no variable.
func str(s string) string {
	s = strings.ReplaceAll(s, "${", "$${")
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case unicode.IsPrint(r) || r == '\u00A0':
			b.WriteRune(r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			fmt.Fprintf(&b, `\U%08X`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// raw is a path or a secret's place, in which ${NAME} stays a variable.
func raw(s string) string { return strings.ReplaceAll(str(s), "$${", "${") }

// write renders the configuration.
func (pl *plan) write() []byte {
	p := &page{}
	p.note(0, "Lockstep's configuration, as lockstep init found it. Read it before you run it:")
	p.note(0, "  lockstep check  tries every line of it against the live tools")
	p.note(0, "  lockstep plan   shows what would be written where, and writes nothing")
	p.line(0, "")
	p.note(0, "Where the page, the API and the metrics are served: on this machine alone.")
	p.line(0, "listen: 127.0.0.1:8080")
	p.note(0, "What Lockstep remembers, in one file.")
	p.line(0, "store: %s", raw("sqlite:"+pl.Store))
	p.line(0, "google:")
	if pl.Endpoint != "" {
		p.note(1, "A local server without a login. For Google itself: credentials_file, with the path of a service account's key.")
		p.line(1, "endpoint: %s", str(pl.Endpoint))
	} else {
		p.note(1, "The key of the service account that the spreadsheets are shared with: its address is client_email in it.")
		p.line(1, "credentials_file: %s", raw(pl.Credentials))
	}
	p.line(0, "partnerships:")
	p.line(1, "- id: %s", str(pl.ID))
	p.note(2, "Tasks are known as %s-1, %s-2, …: do not change this later.", pl.Key, pl.Key)
	p.line(2, "key: %s", pl.Key)
	p.line(2, "name: %s", str(pl.Name))
	zone := pl.Zone
	if zone == "" || strings.Contains(zone, "GMT") {
		zone = "UTC"
	}
	p.note(2, "Whose midnight makes a task overdue.")
	p.line(2, "timezone: %s", str(zone))
	p.line(2, "interval: 60s")
	p.line(2, "partners:")
	p.note(3, "Other words in a cell that mean a partner go under aliases; sector is public, private, civil_society, academia or multilateral.")
	for _, x := range pl.Partners {
		p.line(3, "- id: %s", x.ID)
		p.line(4, "name: %s", str(x.Name))
	}
	pl.people(p)
	p.line(2, "sources:")
	for i := range pl.Sources {
		pl.Sources[i].write(p)
	}
	p.note(2, "The sheet that everybody sees and may edit. It holds every task; an empty tab gets its header with the first cycle.")
	p.line(2, "scorecard:")
	p.line(3, "sheet:")
	if pl.Scorecard.Title != "" {
		p.note(4, "%s", pl.Scorecard.Title)
	}
	p.line(4, "spreadsheet: %s", str(pl.Scorecard.Spreadsheet))
	p.line(4, "tab: %s", str(pl.Scorecard.Tab))
	p.note(2, "Who wins when a field was typed differently in several tools: the tool of the task's owner, then the scorecard. What loses is kept.")
	p.line(2, "merge:")
	p.line(3, "default: {authority: [owner, scorecard], on_conflict: authority}")
	p.line(3, "notes: {on_conflict: hold}")
	return []byte(p.String())
}

func (pl *plan) people(p *page) {
	if len(pl.People) == 0 && len(pl.Crowds) == 0 {
		return
	}
	if len(pl.People) > 0 {
		p.line(2, "people:")
		p.note(3, "As the sheets name them. Other ways to write a name go under aliases; an e-mail address finds the account in Jira.")
	}
	for _, x := range pl.People {
		p.line(3, "- name: %s", str(x.Name))
		if x.Partner != "" {
			p.line(4, "partner: %s", x.Partner)
		}
		if x.Email != "" {
			p.line(4, "email: %s", str(x.Email))
		}
	}
	for i, c := range pl.Crowds {
		if i == 0 {
			p.note(2, "These cells seem to name several people. A task has one: Lockstep keeps them as they stand, and Jira cannot show them.")
		}
		p.note(2, "  %s", c)
	}
}

func (s *source) write(p *page) {
	p.line(3, "- id: %s", s.ID)
	p.line(4, "partner: %s", s.Owner)
	switch {
	case s.Sheet != nil:
		s.sheet(p)
	case s.Jira != nil:
		s.jira(p)
	}
	if len(s.Known) > 0 {
		p.note(4, "These need no mapping: %s.", strings.Join(s.Known, ", "))
	}
	if len(s.Status) > 0 {
		p.line(4, "status:")
		for _, st := range task.Statuses() {
			if words := s.Status[st]; len(words) > 0 {
				p.line(5, "%s:", st)
				for _, w := range words {
					p.line(6, "- %s", str(w))
				}
			}
		}
	}
	if len(s.Unknown) > 0 {
		p.note(4, "What these mean is not known, and a task with one of them is held until you say so, as in status: {blocked: [%s]}.", str(s.Unknown[0].Text))
		for _, w := range s.Unknown {
			line := str(w.Text)
			if w.Count > 0 {
				line += fmt.Sprintf(" (%s, first in %s)", times(w.Count), w.First)
			}
			if w.Near != "" {
				line += " perhaps " + w.Near
			}
			p.note(4, "  %s", line)
		}
	}
	if len(s.Fields) > 0 {
		p.line(4, "fields:")
		for _, f := range slices.Sorted(maps.Keys(s.Fields)) {
			p.line(5, "%s: %s", f, str(s.Fields[f]))
		}
	}
	if s.Jira != nil && len(s.Unused) > 0 {
		p.note(4, "Other fields that can be mapped under fields: %s.", strings.Join(s.Unused, ", "))
	}
}

func (s *source) sheet(p *page) {
	c := s.Sheet
	p.line(4, "sheet:")
	p.note(5, "%s", s.Title)
	p.line(5, "spreadsheet: %s", str(c.Spreadsheet))
	p.line(5, "tab: %s", str(c.Tab))
	p.line(5, "header_row: %d", c.HeaderRow)
	p.line(5, "columns:")
	for _, f := range fieldNames() {
		h := c.Columns[f]
		if h == "" {
			continue
		}
		if d := s.Doubts[f]; d != "" {
			p.note(6, "Look at this one: %s.", d)
		}
		p.line(6, "%s: %s", f, str(h))
	}
	if len(s.Unused) > 0 {
		p.note(5, "Not read, and never touched: %s.", strings.Join(s.Unused, ", "))
	}
	p.note(5, "true: tasks of this partner that were born elsewhere become rows here.")
	p.line(5, "create: %v", c.Create)
}

func (s *source) jira(p *page) {
	c := s.Jira
	p.line(4, "jira:")
	p.line(5, "url: %s", str(c.URL))
	p.line(5, "flavor: %s", c.Flavor)
	if c.Email != "" {
		p.line(5, "email: %s", str(c.Email))
	}
	p.note(5, "A file with nothing but the token in it.")
	p.line(5, "token_file: %s", raw(c.TokenFile))
	p.line(5, "jql: %s", str(c.JQL))
	if c.Create != nil {
		p.note(5, "Tasks of this partner that were born elsewhere become issues here.")
		p.line(5, "create:")
		p.line(6, "project: %s", str(c.Create.Project))
		p.line(6, "issue_type: %s", str(c.Create.IssueType))
	} else {
		p.note(5, "With create: {project: WASH, issue_type: Task} tasks of this partner that were born elsewhere become issues.")
	}
}
