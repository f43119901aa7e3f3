package config

import (
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// accounts reads the people's account ids, which name sources, and hands them to those sources.
func (b *builder) accounts(v, sources *value, p *Partnership) {
	var jiras []string
	for _, s := range p.Sources {
		if s.Jira != nil {
			jiras = append(jiras, string(s.ID))
		}
	}
	taken := map[string]string{}
	for i, it := range mappings(v) {
		ids := it.get("jira")
		if ids == nil || ids.kind != mapping {
			continue
		}
		for _, e := range ids.entries {
			at := slices.IndexFunc(p.Sources, func(s Source) bool { return string(s.ID) == e.name })
			switch {
			case e.value.str() == "":
			case at < 0 && unsure(sources):
			case at < 0:
				b.rep.add(e.at, "unknown source %s: %s", quote(e.name), meant(e.name, jiras))
			case p.Sources[at].Jira == nil && p.Sources[at].Sheet == nil && p.Sources[at].Doc == nil: // its own mistake has been reported
			case p.Sources[at].Jira == nil:
				b.rep.add(e.at, "the source %s is not a Jira: remove this line, or name one that is (%s)", quote(e.name), listed(jiras))
			default:
				id := e.value.text
				same := e.name + " " + strings.ToLower(id) // user names differ in more than case
				if other, ok := taken[same]; ok {
					b.rep.add(e.value.at, "the account is %s's already: give each person their own", quote(other))
					continue
				}
				taken[same] = p.People[i].Name
				p.Sources[at].Jira.People[i].AccountID = id
				if p.People[i].Jira == nil {
					p.People[i].Jira = map[task.SourceID]string{}
				}
				p.People[i].Jira[task.SourceID(e.name)] = id
			}
		}
	}
}

// unsure reports that a list, or the id of an item in it, could not be read, so that a name which is not found may well
// be there.
func unsure(v *value) bool {
	return v == nil || v.broken || v.kind != list || len(v.items) == 0 || slices.ContainsFunc(v.items, func(it *value) bool {
		return it.broken || it.kind != mapping || it.get("id") == nil || it.get("id").broken
	})
}

// share fills in which fields leave a tool.
func (b *builder) share(v, sources *value, p *Partnership) {
	if v == nil || v.kind != mapping {
		return
	}
	var ids []string
	for _, s := range p.Sources {
		ids = append(ids, string(s.ID))
	}
	for _, e := range v.entries {
		at := slices.Index(ids, e.name)
		switch {
		case e.name == string(ScorecardID):
			b.rep.add(e.at, "share: the scorecard holds what all have agreed and shares all of it: remove this line")
		case at < 0 && unsure(sources):
		case at < 0:
			b.rep.add(e.at, "share: unknown source %s: %s", quote(e.name), meant(e.name, ids))
		case e.value.kind == list && !e.value.broken:
			p.Sources[at].Share = b.shared(e, p.Sources[at])
		}
	}
}

func (b *builder) shared(e entry, s Source) []task.Field {
	mapped := s.mapped()
	out := []task.Field{}
	for _, it := range e.value.items {
		name := it.str()
		f, ok := task.ParseField(name)
		switch {
		case name == "":
		case !ok:
			b.rep.add(it.at, "share: unknown field %s: %s", quote(it.shown), meant(name, fieldNames()))
		case len(mapped) > 0 && !slices.Contains(mapped, f):
			b.rep.add(it.at, "share: %s does not map %s: map it there, or remove it here", e.name, f)
		case slices.Contains(out, f):
			b.rep.add(it.at, "share: %s stands in the list twice: keep one", f)
		default:
			out = append(out, f)
		}
	}
	if !slices.Contains(out, task.Title) && !slices.ContainsFunc(e.value.items, func(it *value) bool { return it.broken || it.str() == "title" }) {
		b.rep.add(e.at, "share: title is missing for %s: add it, since a task cannot be without one", e.name)
	}
	slices.Sort(out)
	return out
}

// scorecard fills in the scorecard: a column for each field that some tool has, and those that it cannot be without.
func (b *builder) scorecard(v *value, p *Partnership) {
	p.Scorecard.ID = ScorecardID
	b.board(v, p)
	p.Scorecard.Report = b.report(v, p)
	sheet := v.entry("sheet")
	if sheet == nil || sheet.value.kind != mapping || sheet.value.broken {
		return
	}
	c := b.sheet(sheet, string(ScorecardID), true)
	fields := []task.Field{task.Title, task.Partner, task.Status, task.Assignee, task.Due}
	for _, s := range p.Sources {
		fields = append(fields, s.Fields()...)
	}
	fields = append(fields, columnFields(c.Columns)...)
	slices.Sort(fields)
	c.Fields = slices.Compact(fields)
	c.Status = b.status(v.get("status"))
	c.Partners, c.People = sheetPartners(p), sheetPeople(p)
	b.ask(sheet, v, c.Validate())
	p.Scorecard.Sheet = *c
}

// has reports whether a mistake is known at that place whose text holds the word.
func (r *reporter) has(at spot, word string) bool {
	return slices.ContainsFunc(r.lost, func(f found) bool { return f.at == at && strings.Contains(f.text, word) })
}
