package google

import "slices"

// mayEdit refuses a write by the APIs' user to cells that somebody has protected against others. A protection that only
// warns refuses nothing, and one that names the user among its editors does not either.
func (w *workbook) mayEdit(t *tab, at rect) error {
	if w.byPerson { // the file's owner
		return nil
	}
	for _, p := range t.protected {
		if p.open() {
			continue
		}
		if b := w.protectedRect(t, p); b.meets(at) && !t.spared(p, at) {
			return locked()
		}
	}
	return nil
}

// mayReshape refuses to take out or to part rows or columns that are protected against the APIs' user.
func (w *workbook) mayReshape(t *tab, rows bool, s span) error {
	at := rect{0, t.rowCount, s.lo, s.hi}
	if rows {
		at = rect{s.lo, s.hi, 0, t.colCount}
	}
	return w.mayEdit(t, at)
}

// mayInsert refuses rows or columns that would come to lie within a range that is protected against the APIs' user.
func (w *workbook) mayInsert(t *tab, rows bool, at int) error {
	for _, p := range t.protected {
		b := w.protectedRect(t, p)
		lo, hi := b.c0, b.c1
		if rows {
			lo, hi = b.r0, b.r1
		}
		if !p.open() && at > lo && at < hi {
			return locked()
		}
	}
	return nil
}

// mayChangeTab refuses a change to the tab itself when it is protected as a whole.
func (w *workbook) mayChangeTab(t *tab) error {
	for _, p := range t.protected {
		if !p.open() && p.wholeTab() {
			return locked()
		}
	}
	return nil
}

func locked() *apiError {
	return invalid("You are trying to edit a protected cell or object. Please contact the spreadsheet owner to remove protection if you need to edit.")
}

// open reports whether the APIs' user may edit what the protection covers.
func (x *ranged) open() bool {
	editors := asMap(x.raw["editors"])
	return asBool(x.raw["warningOnly"]) || asBool(editors["domainUsersCanEdit"]) || slices.Contains(asList(editors["users"]), any(apiUser))
}

// wholeTab reports whether the protection is one of a sheet rather than of a range.
func (x *ranged) wholeTab() bool {
	open := span{-1, -1}
	return x.areas[0].rows == open && x.areas[0].cols == open && !has(x.raw, "tableId") && !has(x.raw, "namedRangeId")
}

// protectedRect is what a protection covers now: its own range, or that of the table or named range behind it.
func (w *workbook) protectedRect(t *tab, p *ranged) rect {
	if id := asString(p.raw["tableId"]); id != "" {
		if on, x, err := w.table(id); err == nil && on == t {
			return x.at.rect(t)
		}
	}
	if id := asString(p.raw["namedRangeId"]); id != "" {
		if n, err := w.namedRange(id); err == nil && n.areas[0].tab == t.id {
			return n.areas[0].rect(t)
		}
	}
	return p.areas[0].rect(t)
}

// spared reports whether the block lies in one of the parts of a protected sheet that are left open.
func (t *tab) spared(p *ranged, at rect) bool {
	for _, a := range p.areas[1:] {
		b := a.rect(t)
		if at.r0 >= b.r0 && at.r1 <= b.r1 && at.c0 >= b.c0 && at.c1 <= b.c1 {
			return true
		}
	}
	return false
}

// Protect protects a range ("B2:C9"; "" is the whole tab) in the name of the file's owner. With warnOnly it stops nobody;
// else only the owner and the editors named may edit it, and the APIs' user is none unless named.
func (s *Server) Protect(id, tab, a1 string, warnOnly bool, editors ...string) error {
	return s.onTab(id, tab, func(w *workbook, t *tabHands) error {
		a := area{tab: t.id, rows: span{-1, -1}, cols: span{-1, -1}}
		if a1 != "" {
			b, ok := a1Bounds(a1, t.rowCount, t.colCount)
			if !ok {
				return invalid("Unable to parse range: %s", a1)
			}
			a = areaOf(t.tab, b)
		}
		raw := map[string]any{"warningOnly": true}
		if !warnOnly {
			users := []any{personUser}
			for _, e := range editors {
				users = append(users, e)
			}
			raw = map[string]any{"editors": map[string]any{"users": users}}
		}
		t.protected = append(t.protected, &ranged{id: w.nextID(), areas: []area{a}, raw: raw})
		return nil
	})
}

// APIUser is the e-mail address of the one account that the APIs are used with.
const APIUser = apiUser

// personUser is the address of whoever edits by hand.
const personUser = "person@sandbox.example"
