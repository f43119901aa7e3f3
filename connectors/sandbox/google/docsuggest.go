package google

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// The keys under which marks of structure carry suggestions.
const (
	insertionIDs = "suggestedInsertionIds"
	deletionIDs  = "suggestedDeletionIds"
)

// ids are the suggestions that insert, or delete, the unit.
func (u unit) ids(key string) []string {
	switch {
	case u.look != nil && key == insertionIDs:
		return u.look.ins
	case u.look != nil:
		return u.look.del
	}
	return stringsOf(u.what[key])
}

// withIDs is the unit with other suggestions.
func (u unit) withIDs(key string, ids []string) unit {
	if u.look != nil {
		u.look = u.look.with(func(l *look) {
			if key == insertionIDs {
				l.ins = ids
			} else {
				l.del = ids
			}
		})
		return u
	}
	switch u.kind {
	case tableEndUnit, tocEndUnit:
		return u // they go with what they end
	case textUnit, newlineUnit, objectUnit, sectionUnit, tableUnit, rowUnit, cellUnit, tocUnit:
	}
	u.what = maps.Clone(u.what)
	if u.what == nil {
		u.what = map[string]any{}
	}
	if delete(u.what, key); len(ids) > 0 {
		u.what[key] = anyList(ids)
	}
	return u
}

// inserted is the unit as a suggestion puts it in.
func (u unit) inserted(id string) unit { return u.withIDs(insertionIDs, []string{id}) }

// suggestionAt is the open suggestion of the same hand that touches [from, to), as when somebody types over what was just
// deleted; else a new one.
func (e *docEdit) suggestionAt(units []unit, from, to int) string {
	for _, i := range []int{from - 1, to} {
		if i < 0 || i >= len(units) {
			continue
		}
		for _, id := range slices.Concat(units[i].ids(deletionIDs), units[i].ids(insertionIDs)) {
			if s := e.d.suggestion(id); s != nil && s.person == e.person && s.status == suggestionOpen {
				if !slices.Contains(e.created, id) && !slices.Contains(e.updated, id) {
					e.updated = append(e.updated, id)
				}
				return id
			}
		}
	}
	id := e.d.newID("suggest.")
	e.d.suggestions = append(e.d.suggestions, &suggestion{id: id, person: e.person, status: suggestionOpen, at: e.s.o.Now()})
	e.created = append(e.created, id)
	return id
}

func (d *document) suggestion(id string) *suggestion {
	for _, s := range d.suggestions {
		if s.id == id {
			return s
		}
	}
	return nil
}

// suggestRemoval marks a range as deleted. What the same hand only suggested there is taken out.
func (e *docEdit) suggestRemoval(t *docTab, r stretch) {
	units := t.units(r.segment)
	id := ""
	for i := r.to - 1; i >= r.from; i-- {
		u := units[i]
		own := false
		for _, ins := range u.ids(insertionIDs) {
			s := e.d.suggestion(ins)
			own = own || s != nil && s.person == e.person
		}
		switch {
		case own && u.inline():
			e.d.splice(t, r.segment, i, i+1, nil)
			units = t.units(r.segment)
		case len(u.ids(deletionIDs)) == 0:
			if id == "" {
				id = e.suggestionAt(units, r.from, min(r.to, len(units)))
			}
			units[i] = u.withIDs(deletionIDs, []string{id})
		}
	}
}

func (e *docEdit) acceptSuggestion(in map[string]any) (map[string]any, error) {
	id, err := e.open(in)
	if err == nil {
		e.decide(id, true)
		e.accepted = append(e.accepted, id)
	}
	return nil, err
}

func (e *docEdit) rejectSuggestion(in map[string]any) (map[string]any, error) {
	id, err := e.open(in)
	if err == nil {
		e.decide(id, false)
		e.rejected = append(e.rejected, id)
	}
	return nil, err
}

func (e *docEdit) deleteSuggestion(in map[string]any) (map[string]any, error) {
	id, err := e.open(in)
	if err != nil {
		return nil, err
	}
	if e.d.suggestion(id).person != e.person {
		return nil, &apiError{code: http.StatusForbidden, status: "PERMISSION_DENIED", message: "The caller is not the author of the suggestion."}
	}
	e.decide(id, false)
	e.d.suggestions = slices.DeleteFunc(e.d.suggestions, func(s *suggestion) bool { return s.id == id })
	e.deleted = append(e.deleted, id)
	return noReply(), nil
}

func (e *docEdit) open(in map[string]any) (string, error) {
	id := asString(in["suggestionId"])
	if s := e.d.suggestion(id); s == nil || s.status != suggestionOpen {
		return "", invalid("The suggestion with ID %s was not found.", id)
	}
	return id, nil
}

// decide accepts or rejects a suggestion.
func (e *docEdit) decide(id string, accept bool) {
	e.d.decide(id, accept)
	if s := e.d.suggestion(id); s != nil {
		s.status = suggestionRejected
		if accept {
			s.status = suggestionAccepted
		}
	}
}

// decide takes a suggestion's marks off, and with them what goes: when it is accepted what it deletes, else what it inserts.
func (d *document) decide(id string, accept bool) {
	goes, stays := insertionIDs, deletionIDs
	if accept {
		goes, stays = deletionIDs, insertionIDs
	}
	for _, t := range d.tabs {
		for _, seg := range t.segments() {
			for i := len(t.units(seg)) - 1; i >= 0; i-- {
				u := t.units(seg)[i]
				switch {
				case slices.Contains(u.ids(goes), id):
					d.drop(t, seg, i)
				case slices.Contains(u.ids(stays), id):
					t.units(seg)[i] = u.withIDs(stays, less(u.ids(stays), id))
				}
			}
			settle(t.units(seg), 0, len(t.units(seg)))
		}
	}
}

// drop takes a unit out; a mark of structure with all that it holds. What is within a mark that goes too is gone by then or
// goes with it, for units are looked at from the end.
func (d *document) drop(t *docTab, seg string, at int) {
	units := t.units(seg)
	end := at + 1
	switch units[at].kind {
	case tableUnit, rowUnit:
		end = endOf(units, at)
	case cellUnit, tableEndUnit, sectionUnit, tocUnit, tocEndUnit:
		return
	case newlineUnit:
		if at+1 >= len(units) || units[at+1].structural() {
			// The last newline of a cell or a segment stays as long as the cell does.
			units[at] = units[at].withIDs(insertionIDs, nil).withIDs(deletionIDs, nil)
			return
		}
	case textUnit, objectUnit:
	}
	d.splice(t, seg, at, end, nil)
}

// endOf is where a table or a row that begins at a place ends.
func endOf(units []unit, at int) int {
	depth := 0
	for i := at; i < len(units); i++ {
		switch units[i].kind {
		case tableUnit:
			depth++
		case tableEndUnit:
			depth--
			switch {
			case depth == 0 && units[at].kind == tableUnit:
				return i + 1 // with its end; in a row it is a table within that ended
			case depth < 0:
				return i // a row, the last one
			}
		case rowUnit:
			if depth == 0 && i > at {
				return i
			}
		case textUnit, newlineUnit, objectUnit, sectionUnit, cellUnit, tocUnit, tocEndUnit:
		}
	}
	return len(units)
}

// decided is the document as it would be if everything that is suggested were accepted, or rejected.
func (d *document) decided(accept bool) *document {
	n := d.clone()
	var ids []string // of the units: suggestions that came with a loaded document have no thread
	for _, t := range n.tabs {
		for _, seg := range t.segments() {
			for i := range t.units(seg) {
				u := &t.units(seg)[i]
				ids = append(append(ids, u.ids(insertionIDs)...), u.ids(deletionIDs)...)
			}
		}
	}
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		n.decide(id, accept)
	}
	return n
}

// summary says in words what a suggestion changes.
func (d *document) summary(id string) string {
	var added, deleted []unit
	for _, t := range d.tabs {
		for _, seg := range t.segments() {
			for _, u := range t.units(seg) {
				bare := unit{kind: u.kind, char: u.char}
				if slices.Contains(u.ids(insertionIDs), id) {
					added = append(added, bare)
				}
				if slices.Contains(u.ids(deletionIDs), id) {
					deleted = append(deleted, bare)
				}
			}
		}
	}
	switch a, b := strings.TrimSpace(plainText(added)), strings.TrimSpace(plainText(deleted)); {
	case a != "" && b != "":
		return fmt.Sprintf("Replace: “%s” with “%s”", b, a)
	case b != "":
		return fmt.Sprintf("Delete: “%s”", b)
	default:
		return fmt.Sprintf("Add: “%s”", a)
	}
}

func less(ids []string, id string) []string {
	var out []string
	for _, x := range ids {
		if x != id {
			out = append(out, x)
		}
	}
	return out
}
