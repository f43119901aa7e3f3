package gsheets

import (
	"slices"
	"strings"
	"unicode/utf16"

	"google.golang.org/api/sheets/v4"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// readChips gives the addresses of the person chips in a cell, and whether it says anything besides them.
func readChips(d *sheets.CellData) (people []string, beside bool) {
	if len(d.ChipRuns) == 0 {
		return nil, false
	}
	var units []uint16
	if d.EffectiveValue != nil && d.EffectiveValue.StringValue != nil {
		units = utf16.Encode([]rune(*d.EffectiveValue.StringValue))
	}
	part := func(from, to int) string {
		from, to = min(max(from, 0), len(units)), min(max(to, 0), len(units))
		return string(utf16.Decode(units[from:max(from, to)]))
	}
	end := len(units)
	for _, run := range slices.Backward(d.ChipRuns) {
		if run == nil {
			continue
		}
		start := int(run.StartIndex)
		switch {
		case run.Chip != nil && run.Chip.PersonProperties != nil:
			people = append(people, run.Chip.PersonProperties.Email)
		case !task.TextValue(part(start, end)).IsEmpty():
			beside = true
		}
		end = start
	}
	slices.Reverse(people)
	return people, beside || !task.TextValue(part(0, end)).IsEmpty()
}

// person reads a cell that names somebody: by chip, e-mail address, name or alias. Whoever is not known, or could be two
// people, comes back as the cell shows them.
func (r *reader) person(c cell) task.Value {
	if len(c.people) == 1 && !c.beside {
		if name, ok := r.vocabulary.Person(c.people[0]); ok {
			return task.PersonValue(name)
		}
		if shown := strings.Trim(c.raw(), "@ "); shown == "" {
			return task.PersonValue(c.people[0])
		}
	}
	s := text(c)
	if name := r.vocabulary.PersonOf(s); name != "" {
		return task.PersonValue(name)
	}
	return task.PersonValue(s)
}
