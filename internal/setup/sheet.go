package setup

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/connectors/gsheets"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// sheets asks for partners' sheets, and sets each up.
func (s *session) sheets(ctx context.Context) error {
	for _, address := range s.o.Sheets {
		if err := s.sheet(ctx, address); err != nil {
			return err
		}
	}
	for len(s.o.Sheets) == 0 || !s.talk.over {
		address, err := s.talk.ask("Address of a partner's sheet (Enter if there is none, or no other)?", "")
		if err != nil || address == "" {
			return err
		}
		if err := s.sheet(ctx, address); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) sheet(ctx context.Context, address string) error {
	p, err := gsheets.ParseAddress(address)
	if err != nil {
		return fmt.Errorf("read the sheet's address: %w", err)
	}
	d, err := s.table(ctx, p)
	if err != nil {
		return err
	}
	name, err := s.talk.need(fmt.Sprintf("Which partner's sheet is %q?", d.Title), "", d.Title, "an answer")
	if err != nil {
		return err
	}
	src := source{Owner: s.owner(name), Sheet: &gsheets.Config{Spreadsheet: p.Spreadsheet, Tab: d.Tab, HeaderRow: d.HeaderRow}, Title: d.Title}
	src.ID = s.sourceID(src.Owner, "sheet")
	s.plan.Zone = cmp.Or(s.plan.Zone, d.TimeZone)
	if src.Sheet.Columns, src.Doubts, err = s.columns(d); err != nil {
		return err
	}
	src.Unused = unusedHeaders(d, src.Sheet.Columns)
	conn, err := gsheets.New(*src.Sheet, s.svc, gsheets.Options{Source: "init", Now: s.o.Now})
	if err != nil {
		return fmt.Errorf("set up %s: %w", src.ID, err)
	}
	words, err := conn.Words(ctx)
	if err != nil {
		return fmt.Errorf("read %s: %w", src.ID, err)
	}
	if err := s.statuses(&src, words[task.Status]); err != nil {
		return err
	}
	if err := s.partners(words[task.Partner]); err != nil {
		return err
	}
	if err := s.people(src.Owner, words); err != nil {
		return err
	}
	src.Sheet.Create, err = s.talk.agree("May tasks of "+name+" that were born elsewhere become rows there?", false)
	s.plan.Sources = append(s.plan.Sources, src)
	return err
}

// table looks for the table in a spreadsheet, in the tab that the address names or in another.
func (s *session) table(ctx context.Context, p gsheets.Place) (gsheets.Discovery, error) {
	for {
		d, err := gsheets.Discover(ctx, s.svc, p, gsheets.Options{Source: "init", Now: s.o.Now})
		if err != nil {
			return d, fmt.Errorf("look at the sheet: %w", err)
		}
		if d.HeaderRow > 0 {
			s.talk.say("\nIn %q, the tab %q has its headers in row %d.", d.Title, d.Tab, d.HeaderRow)
		} else {
			s.talk.say("\nIn %q, the tab %q has no table: a row of headers, with rows under it.", d.Title, d.Tab)
			if s.talk.over || len(d.Tabs) < 2 {
				return d, fmt.Errorf("find the table in %q: no tab with a row of headers was found: write headers above the rows, and try again", d.Title)
			}
		}
		if len(d.Tabs) < 2 {
			return d, nil
		}
		tab, err := s.talk.choose("Which tab holds the tasks?", d.Tab, d.Tabs)
		if err != nil {
			return d, err
		}
		if tab == d.Tab && d.HeaderRow > 0 {
			return d, nil
		}
		p.Tab = tab
	}
}

// columns shows which column seems to hold which field, and takes corrections.
func (s *session) columns(d gsheets.Discovery) (cols, doubts map[string]string, err error) {
	cols, doubts = d.Columns(), map[string]string{}
	s.talk.say("Its columns seem to hold this:")
	for _, g := range d.Guesses {
		note := g.Why
		if g.Doubt != "" {
			note += "; but " + g.Doubt
			doubts[g.Field.String()] = g.Doubt
		}
		s.talk.say("  %-11s column %s, %q (%s)", g.Field, g.Column, g.Header, note)
	}
	if rest := unusedHeaders(d, cols); len(rest) > 0 {
		s.talk.say("  not used:   %s", list(rest))
	}
	for {
		if cols["title"] == "" {
			s.talk.say("  Which column holds the title of a task is not clear: say title=, and the column's header.")
		}
		answer, err := s.talk.ask("Enter if that is right; else FIELD=HEADER, or FIELD= to leave it out:", "")
		if err != nil {
			return nil, nil, err
		}
		if answer == "" {
			if cols["title"] == "" {
				if s.talk.over {
					return nil, nil, fmt.Errorf("find the column of the titles in %q: none looks like it: head it Action or Task, and try again", d.Title)
				}
				continue
			}
			return cols, doubts, nil
		}
		if problem := correct(cols, answer, d.Headers); problem != "" {
			s.talk.say("  %s", problem)
			if s.talk.over {
				return nil, nil, fmt.Errorf("take the answer %q: %s", answer, problem)
			}
			continue
		}
		field, _, _ := strings.Cut(answer, "=")
		delete(doubts, strings.TrimSpace(field))
	}
}

// correct changes one column as a person says: "due=Deadline". It returns what is wrong with that, "" where nothing is.
func correct(cols map[string]string, answer string, headers []string) string {
	name, header, ok := strings.Cut(answer, "=")
	name, header = strings.TrimSpace(name), strings.TrimSpace(header)
	if _, known := task.ParseField(name); !ok || !known {
		return fmt.Sprintf("%q begins with no field: the fields are %s.", answer, strings.Join(fieldNames(), ", "))
	}
	if header == "" {
		delete(cols, name)
		return ""
	}
	i := slices.IndexFunc(headers, func(h string) bool { return strings.EqualFold(h, header) })
	if i < 0 {
		return fmt.Sprintf("No column is headed %q: the headers are %s.", header, list(headers))
	}
	for other, h := range cols {
		if h == headers[i] {
			delete(cols, other) // a column holds one field
		}
	}
	cols[name] = headers[i]
	return ""
}

func fieldNames() []string {
	var out []string
	for _, f := range task.AllFields() {
		out = append(out, f.String())
	}
	return out
}

func unusedHeaders(d gsheets.Discovery, cols map[string]string) []string {
	used := slices.Collect(maps.Values(cols))
	return slices.DeleteFunc(slices.Clone(d.Headers), func(h string) bool { return slices.Contains(used, h) })
}

// statuses asks what the words stand for that are not known. What looks like a misspelling is shown as one and never taken for
// granted.
func (s *session) statuses(src *source, words []gsheets.Word) error {
	const most = 40 // a column with more is no status column, and nobody answers so often
	src.Status = map[string][]string{}
	asked := 0
	for _, w := range words {
		if w.Means != "" {
			src.Known = append(src.Known, fmt.Sprintf("%s is %s", w.Text, w.Means))
			continue
		}
		if asked++; asked > most {
			src.Unknown = append(src.Unknown, w)
			continue
		}
		near := ""
		if w.Near != "" {
			near = ", perhaps " + w.Near
		}
		answer, err := s.talk.choose(fmt.Sprintf("The status %q (%s, first in %s%s) stands for %s? Enter to decide later:",
			w.Text, times(w.Count), w.First, near, strings.Join(task.Statuses(), ", ")), "", append(task.Statuses(), ""))
		if err != nil {
			return err
		}
		if answer == "" {
			src.Unknown = append(src.Unknown, w)
		} else {
			src.Status[answer] = append(src.Status[answer], w.Text)
		}
	}
	return nil
}

// partners takes over the organisations that a column names.
func (s *session) partners(words []gsheets.Word) error {
	words = slices.DeleteFunc(slices.Clone(words), func(w gsheets.Word) bool {
		return slug(w.Text, "") == "" || slices.ContainsFunc(s.plan.Partners, func(p partner) bool { return strings.EqualFold(p.Name, w.Text) })
	})
	if len(words) == 0 {
		return nil
	}
	yes, err := s.talk.agree(fmt.Sprintf("The sheet names %d partners: %s. Are they partners of yours?", len(words), list(texts(words))), true)
	if err != nil || !yes {
		return err
	}
	for _, w := range words {
		s.owner(w.Text)
	}
	return nil
}

// people takes over the names that stand in the column of those who do the work. Where a partner stands beside them is not
// looked at: they are taken for people of the sheet's owner, unless the sheet names several partners.
func (s *session) people(owner string, words map[task.Field][]gsheets.Word) error {
	if len(words[task.Partner]) > 1 {
		owner = ""
	}
	var fresh []gsheets.Word
	for _, w := range words[task.Assignee] {
		switch {
		case severalPeople(w.Text):
			s.plan.Crowds = append(s.plan.Crowds, w.Text)
		case slices.ContainsFunc(s.plan.People, func(p person) bool {
			return sameName(p.Name, w.Text) || p.Email != "" && strings.EqualFold(p.Email, w.Email)
		}):
		default:
			fresh = append(fresh, w)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	yes, err := s.talk.agree(fmt.Sprintf("The sheet names %d people: %s. Shall they stand in the configuration?", len(fresh), list(texts(fresh))), true)
	if err != nil || !yes {
		return err
	}
	for _, w := range fresh {
		if !slices.ContainsFunc(s.plan.People, func(p person) bool { return sameName(p.Name, w.Text) }) {
			s.plan.People = append(s.plan.People, person{Name: w.Text, Email: w.Email, Partner: owner, First: w.First})
		}
	}
	return nil
}

func sameName(a, b string) bool {
	return slug(a, a) == slug(b, b)
}

// severalPeople reports that a text may name more than one.
func severalPeople(s string) bool {
	folded := " " + strings.ToLower(s) + " "
	return strings.ContainsAny(s, ",;/&+\n") || strings.Contains(folded, " and ") || strings.Contains(folded, " et ") ||
		strings.Contains(folded, " und ") || strings.Contains(folded, " y ") || strings.Contains(folded, " e ")
}

func texts(words []gsheets.Word) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = w.Text
	}
	return out
}

// list names things in a line.
func list(names []string) string {
	const most = 12
	out := make([]string, 0, most)
	for i, n := range names {
		if i == most {
			return strings.Join(out, ", ") + fmt.Sprintf(" and %d more", len(names)-most)
		}
		out = append(out, fmt.Sprintf("%q", n))
	}
	return strings.Join(out, ", ")
}
