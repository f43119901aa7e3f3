package config

import (
	"cmp"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/lockstep-sync/lockstep/connectors/cells"
	"github.com/lockstep-sync/lockstep/connectors/gdocs"
	"github.com/lockstep-sync/lockstep/connectors/gsheets"
	"github.com/lockstep-sync/lockstep/connectors/jira"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// Fields returns the fields that the source maps and shares, in canonical order.
func (s Source) Fields() []task.Field {
	if s.Share != nil {
		return slices.Clone(s.Share)
	}
	return s.mapped()
}

func (s Source) mapped() []task.Field {
	var out []task.Field
	switch {
	case s.Jira != nil:
		to := jira.DefaultFields()
		maps.Copy(to, s.Jira.Fields)
		if s.Jira.Comments != "" {
			to[task.Notes] = "comment"
		}
		for f, name := range to {
			if name != "" {
				out = append(out, f)
			}
		}
	case s.Sheet != nil:
		out = columnFields(s.Sheet.Columns)
	case s.Doc != nil:
		out = columnFields(s.Doc.Columns)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func columnFields(columns map[string]string) []task.Field {
	var out []task.Field
	for name := range columns {
		if f, ok := task.ParseField(name); ok {
			out = append(out, f)
		}
	}
	slices.Sort(out)
	return out
}

// sources fills in the partnership's sources.
func (b *builder) sources(v *value, p *Partnership) {
	creators := map[string]string{} // partner → the source that takes its new tasks
	for _, it := range mappings(v) {
		s := Source{ID: task.SourceID(b.id(it.get("id"))), Partner: b.partnerID(it.get("partner"), p.Partners)}
		if s.ID == ScorecardID {
			b.rep.add(it.get("id").at, "the source id %s is the scorecard's own: choose another", quote(string(s.ID)))
		}
		b.unique(b.sourceIDs, it.get("id"), "source id", string(s.ID))
		b.tool(it, &s, p)
		if at, creates := creation(it, s); creates && s.Partner != "" {
			if other, ok := creators[s.Partner]; ok {
				b.rep.add(at, "the partner %s has create in %s already, and a new task can be born in one tool only: remove one of the two", quote(s.Partner), quote(other))
			} else {
				creators[s.Partner] = string(s.ID)
			}
		}
		p.Sources = append(p.Sources, s)
	}
}

// creation tells whether a source takes new tasks, and where the file says so.
func creation(v *value, s Source) (spot, bool) {
	switch {
	case s.Jira != nil && s.Jira.Create != nil:
		return v.get("jira").entry("create").at, true
	case s.Sheet != nil && s.Sheet.Create:
		return v.get("sheet").entry("create").at, true
	case s.Doc != nil && s.Doc.Create:
		return v.get("doc").entry("create").at, true
	}
	return spot{}, false
}

// tool fills in what the source is.
func (b *builder) tool(v *value, s *Source, p *Partnership) {
	j, sheet, doc := v.entry("jira"), v.entry("sheet"), v.entry("doc")
	tools := v.among("jira", "sheet", "doc")
	switch {
	case len(tools) > 1:
		b.rep.add(tools[1].at, "both %s and %s stand in one source: make two sources of it, or remove one", tools[0].name, tools[1].name)
		return
	case len(tools) == 0:
		if !anyBroken(v) && !v.broken {
			b.rep.add(v.at, "the source has no tool: add jira:, sheet: or doc:")
		}
		return
	case j != nil && j.value.kind == mapping && !j.value.broken:
		s.Jira = b.jira(v, j, p)
	case sheet != nil && sheet.value.kind == mapping && !sheet.value.broken:
		s.Sheet = b.sheet(sheet, string(s.ID), false)
		s.Sheet.Status = b.status(v.get("status"))
		s.Sheet.Partners, s.Sheet.People = sheetPartners(p), sheetPeople(p)
		if f := v.entry("fields"); f != nil {
			b.rep.add(f.at, "fields is for Jira: name the columns under sheet.columns")
		}
		b.ask(sheet, v, s.Sheet.Validate())
	case doc != nil && doc.value.kind == mapping && !doc.value.broken:
		s.Doc = b.doc(doc, v, p)
	}
}

// doc reads a table in a document.
func (b *builder) doc(section *entry, source *value, p *Partnership) *gdocs.Config {
	v := section.value
	c := &gdocs.Config{
		Document: v.get("document").str(), Table: v.get("table").str(), Columns: b.columns(v, false), Status: b.status(source.get("status")),
	}
	b.fileID(v.get("document"), "document")
	for _, flag := range []struct {
		name string
		to   *bool
	}{{"create", &c.Create}, {"suggest", &c.Suggest}, {"read_only", &c.ReadOnly}} {
		*flag.to, _ = parseFlag(v.get(flag.name).str())
	}
	for _, x := range p.Partners {
		c.Partners = append(c.Partners, cells.Partner{ID: x.ID, Name: x.Name, Aliases: x.Aliases})
	}
	for _, x := range p.People {
		c.People = append(c.People, cells.Person{Name: x.Name, Email: x.Email, Aliases: x.Aliases})
	}
	if f := source.entry("fields"); f != nil {
		b.rep.add(f.at, "fields is for Jira: name the columns under doc.columns")
	}
	if c.Document != "" {
		b.apart(v.get("document"), c.Document, "the table of "+source.get("id").str(), false)
		b.readsOnce(v.get("document"), source.get("id").str(), c.Document+" "+fold(c.Table), "this table")
	}
	b.ask(section, source, c.Validate())
	return c
}

// fileID complains of an address where only the id in it belongs.
func (b *builder) fileID(v *value, what string) {
	if v.str() == "" || regexp.MustCompile(`^[A-Za-z0-9_-]{1,200}$`).MatchString(v.text) {
		return
	}
	remedy := "copy what stands between /d/ and /edit in the " + what + "'s address"
	if m := regexp.MustCompile(`/d/([A-Za-z0-9_-]+)`).FindStringSubmatch(v.shown); m != nil {
		remedy = "write only the id, " + clip(m[1])
	}
	b.rep.add(v.at, "%s: %s is not an id: %s", what, quote(v.shown), remedy)
}

func (b *builder) jira(v *value, section *entry, p *Partnership) *jira.Config {
	j := section.value
	id := v.get("id").str()
	c := &jira.Config{
		URL:           strings.TrimRight(j.get("url").str(), "/"),
		Flavor:        or(j.get("flavor").str(), "auto"),
		Email:         j.get("email").str(),
		Token:         b.secret(j, "token"),
		WebhookSecret: b.secret(j, "webhook_secret"),
		JQL:           j.get("jql").str(),
		Comments:      j.get("comments").str(),
		Status:        b.status(v.get("status")),
		Fields:        map[task.Field]string{},
	}
	if c.Token == "" {
		c.Token = unknownSecret // what is wrong with it has been said, and the connector is asked about the rest
	}
	if u, err := url.Parse(c.URL); err == nil && j.entry("email") == nil && strings.HasSuffix(strings.ToLower(u.Hostname()), ".atlassian.net") {
		b.rep.add(section.at, "jira.email is missing: add email: with the address of the account that the token belongs to")
	}
	if c.URL != "" {
		if err := webAddr(c.URL); err != nil {
			b.rep.add(j.get("url").at, "url: %s %w", quote(j.get("url").shown), err)
		}
	}
	if c.Email != "" && !validLogin(c) {
		b.rep.add(j.get("email").at, "email: %s is not an e-mail address: write that of the account whose token this is", quote(j.get("email").shown))
	}
	if e := j.entry("create"); e != nil && e.value.kind == mapping {
		c.Create = &jira.Create{
			Project: e.value.get("project").str(), IssueType: or(e.value.get("issue_type").str(), "Task"), Fields: namesOf(e.value.get("fields")),
		}
		if v := e.value.get("project"); v.str() != "" && !regexp.MustCompile(`^[A-Z][A-Z0-9_]+$`).MatchString(v.text) {
			b.rep.add(v.at, "project: %s is not a project's key: write the capital letters before the number of its issues, such as WASH", quote(v.shown))
		}
	}
	c.TransitionFields = namesOf(j.get("transition_fields"))
	if f := v.get("fields"); f != nil {
		for _, e := range f.entries {
			field, ok := task.ParseField(e.name)
			switch {
			case !ok || e.value.kind != scalar || e.value.broken:
			case field == task.Partner:
				b.rep.add(e.at, "partner cannot be mapped: every task in this tool is of the partner %s; remove this line", quote(v.get("partner").str()))
			default:
				c.Fields[field] = e.value.text
			}
		}
	}
	for _, person := range p.People {
		c.People = append(c.People, jira.Person{Name: person.Name, Email: person.Email, Aliases: person.Aliases})
	}
	if c.URL != "" && c.JQL != "" {
		b.readsOnce(j.get("jql"), id, strings.ToLower(c.URL)+" "+fold(c.JQL), "these issues")
	}
	b.ask(section, v, c.Validate())
	return c
}

// namesOf are a map of texts; nil where there is none.
func namesOf(v *value) map[string]string {
	if v == nil {
		return nil
	}
	out := map[string]string{}
	for _, e := range v.entries {
		if e.value.kind == scalar && !e.value.broken {
			out[e.name] = e.value.text
		}
	}
	return out
}

// validLogin reports that the email can be one: on Data Center, and where it is not known that the Jira is no such, it may
// be a user name.
func validLogin(c *jira.Config) bool {
	if c.Flavor == "cloud" || jira.IsAtlassian(c.URL) {
		return validEmail(c.Email)
	}
	return !strings.ContainsFunc(c.Email, func(r rune) bool { return r == ':' || unicode.IsControl(r) })
}

// unknownSecret stands in for a secret whose mistake has been reported. No configuration with one is ever handed out.
const unknownSecret = "-"

func (b *builder) sheet(section *entry, id string, scorecard bool) *gsheets.Config {
	v := section.value
	c := &gsheets.Config{
		Spreadsheet: v.get("spreadsheet").str(),
		Tab:         v.get("tab").str(),
		HeaderRow:   1,
		Scorecard:   scorecard,
	}
	b.fileID(v.get("spreadsheet"), "spreadsheet")
	if h := v.get("header_row"); h.str() != "" {
		n, err := parseWhole(h.text)
		if err == nil && n < 1 {
			b.rep.add(h.at, "header_row: %s is before the first row: write 1 or more", quote(h.shown))
		}
		c.HeaderRow = n
	}
	c.Create, _ = parseFlag(v.get("create").str())
	c.ReadOnly, _ = parseFlag(v.get("read_only").str())
	c.Columns = b.columns(v, scorecard)
	if c.Spreadsheet != "" && c.Tab != "" {
		b.readsOnce(v.get("tab"), id, c.Spreadsheet+" "+c.Tab, "this tab")
	}
	return c
}

// columns reads which column holds which field; nil where nothing is said of that.
func (b *builder) columns(v *value, scorecard bool) map[string]string {
	e := v.entry("columns")
	if e == nil || e.value.kind != mapping || e.value.broken {
		return nil
	}
	out, headers := map[string]string{}, map[string]string{}
	for _, col := range e.value.entries {
		s := col.value.str()
		if s == "" {
			continue
		}
		if other, ok := headers[fold(s)]; ok {
			b.rep.add(col.value.at, "columns: the header %s belongs to %s already: a column holds one field", quote(col.value.shown), other)
			continue
		}
		headers[fold(s)] = col.name
		out[col.name] = s
	}
	if e.value.entry("title") == nil && !scorecard && len(e.value.entries) > 0 && !anyBroken(e.value) {
		b.rep.add(e.at, "columns.title is missing: add title: with the header of the column that says what is to be done")
	}
	return out
}

// readsOnce reports a source that reads what another source reads: each would take the other's marks for its own.
func (b *builder) readsOnce(v *value, source, what, called string) {
	for _, r := range b.reads {
		if r.what == what {
			b.rep.add(v.at, "%s reads %s already (line %d): give each source its own", quote(r.source), called, r.at.line)
			return
		}
	}
	b.reads = append(b.reads, reading{what, source, v.at})
}

// ask passes on what a connector finds wrong with its own configuration, at the key that the error begins with. A key
// that has been complained about already is left alone.
func (b *builder) ask(section *entry, source *value, errs []error) {
	for _, err := range errs {
		name, _, _ := strings.Cut(err.Error(), ":")
		first, _, _ := strings.Cut(name, ".")
		at, known := section.at, b.rep.has(section.at, first)
		if e := cmp.Or(section.value.find(name), source.find(name), section.value.find(name+fileSuffix)); e != nil {
			at, known = e.value.at, e.value.broken || anyBroken(e.value) || b.rep.has(e.value.at, "") || b.rep.has(e.at, "")
		}
		// A key that was misspelled has been reported, and is not missing too.
		known = known || slices.ContainsFunc(section.value.entries, func(e entry) bool {
			_, near := nearest(e.name, []string{name})
			return e.value.broken && near
		})
		if !known {
			b.rep.add(at, "%w", err)
		}
	}
}

// find returns the entry of a dotted name, or of as much of it as there is; nil where there is nothing of it.
func (v *value) find(name string) *entry {
	var e *entry
	for part := range strings.SplitSeq(name, ".") {
		next := v.entry(part)
		if next == nil {
			break
		}
		e, v = next, next.value
	}
	return e
}

func (b *builder) status(v *value) map[string][]string {
	if v == nil || v.kind != mapping {
		return nil
	}
	out, means := map[string][]string{}, map[string]string{}
	for _, e := range v.entries {
		for _, it := range items(e.value) {
			s := it.str()
			if s == "" {
				continue
			}
			if other, ok := means[fold(s)]; ok {
				b.rep.add(it.at, "status: %s means %s already: keep one of the two", quote(it.shown), other)
				continue
			}
			means[fold(s)] = e.name
			out[e.name] = append(out[e.name], s)
		}
	}
	return out
}

func sheetPartners(p *Partnership) []gsheets.Partner {
	var out []gsheets.Partner
	for _, x := range p.Partners {
		out = append(out, gsheets.Partner{ID: x.ID, Name: x.Name, Aliases: x.Aliases})
	}
	return out
}

func sheetPeople(p *Partnership) []gsheets.Person {
	var out []gsheets.Person
	for _, x := range p.People {
		out = append(out, gsheets.Person{Name: x.Name, Email: x.Email, Aliases: x.Aliases})
	}
	return out
}
