package gsheets

import (
	"net/mail"
	"strings"

	"google.golang.org/api/sheets/v4"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// readChips gives the addresses of the person chips in a cell, and whether there is anything besides them.
func readChips(d *sheets.CellData) (people []string, beside bool) {
	for i, run := range d.ChipRuns {
		switch {
		case run == nil:
		case run.Chip != nil && run.Chip.PersonProperties != nil:
			people = append(people, run.Chip.PersonProperties.Email)
			if i == 0 && run.StartIndex > 0 {
				beside = true
			}
		default:
			beside = true // text, or a chip of another kind; a chip is one character long, so that nothing hides behind it
		}
	}
	return people, beside && len(people) > 0
}

// person reads a cell that names somebody: by chip, e-mail address, name or alias. Whoever is not known, or could be two
// people, comes back as the cell shows them.
func (r *reader) person(c cell) task.Value {
	if len(c.people) == 1 && (!c.beside || strings.Trim(c.text, "@ \u00A0\n") == "") {
		if name, ok := r.vocabulary.people.of(c.people[0]); ok {
			return task.PersonValue(name)
		}
		if shown := strings.Trim(c.raw(), "@ "); shown == "" {
			return task.PersonValue(c.people[0])
		}
	}
	s := text(c)
	if name := r.vocabulary.personOf(s); name != "" {
		return task.PersonValue(name)
	}
	return task.PersonValue(s)
}

// personOf is the canonical name of whoever a text names; "" where nobody is known by it, or more than one.
func (v *vocabulary) personOf(s string) string {
	if name, ok := v.people.of(s); ok {
		return name
	}
	plain := strings.TrimSpace(s)
	plain = strings.TrimPrefix(strings.TrimPrefix(plain, "@"), "mailto:")
	if name, ok := v.people.of(plain); ok {
		return name
	}
	a, err := mail.ParseAddress(plain)
	if err != nil || a.Name == "" {
		return ""
	}
	byMail, known := v.people.of(a.Address)
	byName, named := v.people.of(a.Name)
	if !known || named && byName != byMail {
		return ""
	}
	return byMail
}
