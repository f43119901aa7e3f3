package jira

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// test is a query, or a part of one, made ready to run.
type test func(i *issue) bool

// compiler turns a parsed query into a test. It collects every complaint before it gives up, as Jira does.
type compiler struct {
	s        *Server
	errors   []string
	blind    bool // whoever asks may see no project, and no issue
	volatile bool // the query's meaning moves with the clock, so its result cannot be kept
}

func (c *compiler) fail(format string, args ...any) test {
	c.errors = append(c.errors, fmt.Sprintf(format, args...))
	return func(*issue) bool { return false }
}

func (c *compiler) node(n node) test {
	if n.op == "clause" {
		return c.clause(n.clause)
	}
	kids := make([]test, 0, len(n.kids))
	for _, k := range n.kids {
		kids = append(kids, c.node(k))
	}
	if n.op == "and" {
		return func(i *issue) bool { return !slices.ContainsFunc(kids, func(t test) bool { return !t(i) }) }
	}
	return func(i *issue) bool { return slices.ContainsFunc(kids, func(t test) bool { return t(i) }) }
}

func (c *compiler) clause(cl clause) test {
	if c.blind && c.unseen(cl) {
		return func(*issue) bool { return false }
	}
	switch f := strings.ToLower(cl.field); f {
	case "project":
		return c.oneOf(cl, c.s.projectIDs, func(i *issue) []string { return []string{i.project.id} })
	case "key", "issuekey", "issue", "id":
		return c.keys(cl)
	case "status":
		return c.oneOf(cl, c.s.statusIDs, func(i *issue) []string { return []string{i.status.id} })
	case "statuscategory":
		return c.oneOf(cl, categoryIDs, func(i *issue) []string { return []string{strconv.Itoa(i.status.category.id)} })
	case "issuetype", "type":
		return c.oneOf(cl, c.s.typeIDs, func(i *issue) []string { return []string{i.kind.id} })
	case "labels":
		// A label that no issue has is no error, unlike every other value.
		return c.oneOf(cl, func(o operand) []string { return []string{strings.ToLower(o.text)} }, func(i *issue) []string {
			out := make([]string, 0, len(i.labels))
			for _, l := range i.labels {
				out = append(out, strings.ToLower(l))
			}
			return out
		})
	case "component":
		return c.oneOf(cl, c.s.componentIDs, func(i *issue) []string {
			var out []string
			for _, x := range i.components {
				out = append(out, x.id)
			}
			return out
		})
	case "resolution":
		for n, o := range cl.values {
			cl.values[n].empty = o.empty || strings.EqualFold(o.text, "unresolved")
		}
		return c.oneOf(cl, c.s.resolutionIDs, func(i *issue) []string { return namedKey(i.resolution) })
	case "priority":
		return c.oneOf(cl, c.s.priorityIDs, func(i *issue) []string { return namedKey(i.priority) })
	case "assignee":
		return c.oneOf(cl, c.s.accountIDs, func(i *issue) []string { return accountKey(i.assignee) })
	case "reporter":
		return c.oneOf(cl, c.s.accountIDs, func(i *issue) []string { return accountKey(i.reporter) })
	case "updated", "updateddate":
		return c.moments(cl, func(i *issue) time.Time { return i.updated })
	case "created", "createddate":
		return c.moments(cl, func(i *issue) time.Time { return i.created })
	case "resolved", "resolutiondate":
		return c.moments(cl, func(i *issue) time.Time { return i.resolved })
	case "due", "duedate":
		return c.moments(cl, func(i *issue) time.Time { return c.s.day(i.due) })
	case "summary", "description", "text":
		return c.words(cl, f)
	case "parent":
		return c.issues(cl, func(i *issue) int64 { return i.parent })
	case "level":
		return c.oneOf(cl, c.s.levelIDs, func(i *issue) []string { return namedKey(i.security) })
	default:
		if defs := c.s.fieldsCalled(cl.field); defs != nil {
			return c.customClause(cl, defs)
		}
		return c.fail("Field '%s' does not exist or you do not have permission to view it.", cl.field)
	}
}

func namedKey(n *named) []string {
	if n == nil {
		return nil
	}
	return []string{n.id}
}

func accountKey(u *user) []string {
	if u == nil {
		return nil
	}
	return []string{u.account}
}

// oneOf compares fields that are one or several of a set. An issue without any value matches neither = nor !=, in nor
// not in: only IS EMPTY finds it. resolve gives the ids that a word may mean, nil when it means nothing.
func (c *compiler) oneOf(cl clause, resolve func(operand) []string, of func(*issue) []string) test {
	want := map[string]bool{}
	empty := false
	for _, o := range cl.values {
		switch {
		case o.empty:
			empty = true
			continue
		case o.call == "currentuser":
			want[c.s.bot.account] = true
			continue
		case o.call != "":
			return c.fail("Unable to find JQL function '%s(%s)'.", o.text, strings.Join(o.args, ", "))
		}
		ids := resolve(o)
		if ids == nil {
			return c.fail("The value '%s' does not exist for the field '%s'.", o.text, cl.field)
		}
		for _, id := range ids {
			want[id] = true
		}
	}
	hit := func(i *issue) bool { return slices.ContainsFunc(of(i), func(v string) bool { return want[v] }) }
	switch cl.operator {
	case "=", "in":
		return func(i *issue) bool { return hit(i) || empty && len(of(i)) == 0 }
	case "!=", "not in":
		return func(i *issue) bool { return len(of(i)) > 0 && !hit(i) }
	case "is", "is not":
		if !empty {
			return c.fail("The '%s' operator does not support the value '%s': only EMPTY or NULL.", cl.operator, cl.values[0].text)
		}
		none := cl.operator == "is"
		return func(i *issue) bool { return (len(of(i)) == 0) == none }
	}
	return c.fail("The operator '%s' is not supported by the '%s' field.", cl.operator, cl.field)
}

// keys compares ids and keys. Former keys of moved issues count; a key that nobody has is an error.
func (c *compiler) keys(cl clause) test {
	field := strings.ToLower(cl.field)
	want := map[int64]bool{}
	var bound *issue
	for _, o := range cl.values {
		id, known := c.s.keys[strings.ToUpper(o.text)]
		if !known {
			if n, err := strconv.ParseInt(o.text, 10, 64); err == nil {
				_, known = c.s.records[n]
				id = n
				if !known {
					return c.fail("A value with ID '%s' does not exist for the field '%s'.", o.text, field)
				}
			}
		}
		if r := c.s.records[id]; known && r != nil {
			bound = r.lastKnown()
		}
		if !known || bound == nil || !c.s.shows(bound) {
			return c.fail("An issue with key '%s' does not exist for field '%s'.", o.text, field)
		}
		want[id] = true
	}
	switch cl.operator {
	case "=", "in":
		return func(i *issue) bool { return want[i.id] }
	case "!=", "not in":
		return func(i *issue) bool { return !want[i.id] }
	case "<", "<=", ">", ">=":
		return func(i *issue) bool {
			return i.project == bound.project && compares(cmp.Compare(i.number(), bound.number()), cl.operator)
		}
	}
	return c.fail("The operator '%s' is not supported by the '%s' field.", cl.operator, field)
}

func compares(order int, operator string) bool {
	switch operator {
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	case ">=":
		return order >= 0
	case "=", "in":
		return order == 0
	default:
		return order != 0
	}
}

// moments compares times. An issue without one matches nothing but IS EMPTY.
func (c *compiler) moments(cl clause, exact func(*issue) time.Time) test {
	of := func(i *issue) time.Time { return c.s.kept(exact(i)) }
	if len(cl.values) == 1 && cl.values[0].empty {
		none := cl.operator == "is" || cl.operator == "="
		return func(i *issue) bool { return of(i).IsZero() == none }
	}
	var all []time.Time
	for _, o := range cl.values {
		t, ok := c.moment(o)
		if !ok {
			return c.fail("Date value '%s' for field '%s' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', 'yyyy-MM-dd HH:mm', "+
				"'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'.", o.text, cl.field)
		}
		all = append(all, t)
	}
	switch cl.operator {
	case "~", "!~", "is", "is not":
		return c.fail("The operator '%s' is not supported by the '%s' field.", cl.operator, cl.field)
	case "in", "not in":
		in := cl.operator == "in"
		return func(i *issue) bool {
			t := of(i)
			return !t.IsZero() && slices.ContainsFunc(all, t.Equal) == in
		}
	}
	return func(i *issue) bool {
		t := of(i)
		return !t.IsZero() && compares(t.Compare(all[0]), cl.operator)
	}
}

var (
	periodPattern = regexp.MustCompile(`^([-+]?)((?:\d+[wdhm]\s*)+)$`)
	periodPart    = regexp.MustCompile(`\d+[wdhm]`)
)

// moment reads a date: bare digits are milliseconds since 1970; quoted dates are minutes or days in the account's zone.
func (c *compiler) moment(o operand) (time.Time, bool) {
	local := c.s.now().In(c.s.zone)
	midnight := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, c.s.zone)
	switch o.call {
	case "":
	case "now":
		c.volatile = true
		return local, true
	case "startofday":
		c.volatile = true
		return midnight, len(o.args) == 0
	case "endofday":
		c.volatile = true
		return midnight.AddDate(0, 0, 1).Add(-time.Millisecond), len(o.args) == 0
	default:
		return time.Time{}, false
	}
	if n, err := strconv.ParseInt(o.text, 10, 64); err == nil && !o.quoted {
		return time.UnixMilli(n), true
	}
	for _, layout := range []string{"2006-01-02 15:04", "2006/01/02 15:04", time.DateOnly, "2006/01/02"} {
		if t, err := time.ParseInLocation(layout, o.text, c.s.zone); err == nil {
			return t, true
		}
	}
	m := periodPattern.FindStringSubmatch(o.text)
	if m == nil {
		return time.Time{}, false
	}
	c.volatile = true
	var span time.Duration
	for _, part := range periodPart.FindAllString(m[2], -1) {
		n, err := strconv.Atoi(part[:len(part)-1])
		if err != nil || n > 100_000 {
			return time.Time{}, false
		}
		unit := map[byte]time.Duration{'w': 7 * 24 * time.Hour, 'd': 24 * time.Hour, 'h': time.Hour, 'm': time.Minute}[part[len(part)-1]]
		span += time.Duration(n) * unit
	}
	if m[1] == "-" {
		span = -span
	}
	return local.Add(span), true
}

// day is a due date as a moment: its midnight in the account's zone.
func (s *Server) day(date string) time.Time {
	t, err := time.ParseInLocation(time.DateOnly, date, s.zone)
	if err != nil {
		return time.Time{}
	}
	return t
}

// words searches text: every word must occur, in any case.
func (c *compiler) words(cl clause, field string) test {
	if cl.operator != "~" && cl.operator != "!~" {
		return c.fail("The operator '%s' is not supported by the '%s' field.", cl.operator, cl.field)
	}
	words := strings.Fields(strings.ToLower(cl.values[0].text))
	return func(i *issue) bool {
		text := ""
		if field != "description" {
			text = i.summary
		}
		if field != "summary" {
			text += "\n" + i.description.text
		}
		text = strings.ToLower(text)
		missing := slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) })
		return missing == (cl.operator == "!~")
	}
}

func (s *Server) projectIDs(o operand) []string {
	for _, k := range s.catalogue.projectKeys {
		if p := s.catalogue.projects[k]; !s.browsable(p) {
			continue
		} else if strings.EqualFold(p.key, o.text) || strings.EqualFold(p.name, o.text) || p.id == o.text {
			return []string{p.id}
		}
	}
	return nil
}

func (s *Server) statusIDs(o operand) []string {
	return matching(s.catalogue.statuses, o.text, func(st *status) *named { return &st.named })
}

func (s *Server) typeIDs(o operand) []string {
	return matching(s.catalogue.types, o.text, func(t *issueType) *named { return &t.named })
}

func (s *Server) priorityIDs(o operand) []string {
	return matching(s.catalogue.priorities, o.text, same)
}

func (s *Server) resolutionIDs(o operand) []string {
	return matching(s.catalogue.resolutions, o.text, same)
}

func (s *Server) componentIDs(o operand) []string {
	var out []string
	for _, k := range s.catalogue.projectKeys {
		out = append(out, matching(s.catalogue.projects[k].components, o.text, same)...)
	}
	return out
}

func (s *Server) accountIDs(o operand) []string {
	var out []string
	for _, u := range s.catalogue.users {
		if u.account == o.text || s.dataCenter() && (strings.EqualFold(u.account, o.text) || u.key == o.text) || strings.EqualFold(u.name, o.text) || u.email != "" && strings.EqualFold(u.email, o.text) {
			out = append(out, u.account)
		}
	}
	return out
}

func same(n *named) *named { return n }

// matching lists the ids of what has a name or an id, nil when nothing has.
func matching[T any](all []T, word string, of func(T) *named) []string {
	var out []string
	for _, x := range all {
		if n := of(x); strings.EqualFold(n.name, word) || n.id == word {
			out = append(out, n.id)
		}
	}
	return out
}

func categoryIDs(o operand) []string {
	if c := categoryOf(o.text); c != nil {
		return []string{strconv.Itoa(c.id)}
	}
	for _, c := range categories {
		if strconv.Itoa(c.id) == o.text {
			return []string{o.text}
		}
	}
	return nil
}
