package google

import (
	"maps"
	"slices"
	"strconv"
)

func itoa(n int) string { return strconv.Itoa(n) }

func (b *batch) mergeCells(in map[string]any) (map[string]any, error) {
	t, at, err := b.rect(in["range"])
	if err != nil {
		return nil, err
	}
	if err := b.w.mayEdit(t, at); err != nil {
		return nil, err
	}
	for _, x := range t.tables {
		if x.at.rect(t).meets(at) {
			return nil, invalid("You can't merge cells of a table.")
		}
	}
	var blocks []rect
	switch asString(in["mergeType"]) {
	case "MERGE_ROWS":
		for r := at.r0; r < at.r1; r++ {
			blocks = append(blocks, rect{r, r + 1, at.c0, at.c1})
		}
	case "MERGE_COLUMNS":
		for c := at.c0; c < at.c1; c++ {
			blocks = append(blocks, rect{at.r0, at.r1, c, c + 1})
		}
	default:
		blocks = []rect{at}
	}
	t.merges = slices.DeleteFunc(t.merges, func(a area) bool {
		m := a.rect(t)
		return m.r0 >= at.r0 && m.r1 <= at.r1 && m.c0 >= at.c0 && m.c1 <= at.c1
	})
	for _, a := range t.merges {
		if a.rect(t).meets(at) {
			return nil, invalid("You must select all cells in a merged range to merge or unmerge them.")
		}
	}
	for _, m := range blocks {
		if m.rows()*m.cols() < 2 {
			continue
		}
		// The first value that there is becomes the merged cell's; the others are gone.
		var keep *cell
		for r := m.r0; r < m.r1; r++ {
			for c := m.c0; c < m.c1; c++ {
				x := t.at(r, c)
				if keep == nil && x != nil && x.v.kind != blank {
					keep = x
				}
				t.set(r, c, x.look())
			}
		}
		if keep != nil {
			t.set(m.r0, m.c0, keep)
		}
		t.merges = append(t.merges, areaOf(t, m))
	}
	return nil, nil //nolint:nilnil // the reply is empty
}

func (b *batch) unmergeCells(in map[string]any) (map[string]any, error) {
	t, at, err := b.rect(in["range"])
	if err != nil {
		return nil, err
	}
	if err := b.w.mayEdit(t, at); err != nil {
		return nil, err
	}
	t.merges = slices.DeleteFunc(t.merges, func(a area) bool { return a.rect(t).meets(at) })
	return nil, nil //nolint:nilnil // the reply is empty
}

func without(m map[string]any, names ...string) map[string]any {
	out := maps.Clone(m)
	for _, n := range names {
		delete(out, n)
	}
	return out
}

// find finds a thing by its id on any tab.
func (b *batch) find(id any, what string, list func(t *tab) *[]*ranged) (*tab, int, error) {
	for _, t := range b.w.tabs {
		for i, x := range *list(t) {
			if x.id == asInt(id) {
				return t, i, nil
			}
		}
	}
	return nil, 0, invalid("No %s with id: %d", what, asInt(id))
}

// newID takes the id that a request wishes for, or the next one.
func (b *batch) newID(wish map[string]any, name, what string, list func(t *tab) *[]*ranged) (int, error) {
	if !has(wish, name) {
		return b.w.nextID(), nil
	}
	id := asInt(wish[name])
	if _, _, err := b.find(id, what, list); err == nil {
		return 0, invalid("A %s with the id %d already exists.", what, id)
	}
	return id, nil
}

func protectedOf(t *tab) *[]*ranged { return &t.protected }
func bandsOf(t *tab) *[]*ranged     { return &t.bands }

func (b *batch) addProtectedRange(in map[string]any) (map[string]any, error) {
	p := asMap(in["protectedRange"])
	t, a, raw, err := b.filterArea(p, "protectedRange")
	if err != nil {
		return nil, err
	}
	if asBool(p["warningOnly"]) && len(asList(asMap(p["editors"])["users"])) > 0 {
		return nil, invalid("ProtectedRange is warningOnly. Editors cannot be set on it.")
	}
	id, err := b.newID(p, "protectedRangeId", "protected range", protectedOf)
	if err != nil {
		return nil, err
	}
	x := &ranged{id: id, areas: []area{a}, raw: without(raw, "unprotectedRanges", "protectedRangeId")}
	if x.wholeTab() && slices.ContainsFunc(t.protected, (*ranged).wholeTab) {
		return nil, invalid("Sheet \"%s\" already has sheet protection.", t.title)
	}
	if err := b.unprotected(x, p); err != nil {
		return nil, err
	}
	x.raw["requestingUserCanEdit"] = true // whoever protects a range may edit it
	for _, k := range []string{"warningOnly", "description"} {
		if v := x.raw[k]; v == false || v == "" {
			delete(x.raw, k)
		}
	}
	named := len(asList(asMap(x.raw["editors"])["users"])) > 0
	if named && !x.open() {
		return nil, invalid("You can't remove yourself as an editor.")
	}
	if !named {
		x.raw["editors"] = map[string]any{"users": []any{apiUser}}
	}
	reply := x.json("protectedRanges")
	if !named { // the reply names no editors yet; from then on whoever protected the range is one
		reply["editors"] = map[string]any{}
	}
	t.protected = append(t.protected, x)
	return map[string]any{"protectedRange": reply}, nil
}

// unprotected reads the parts of a protected sheet that are left open.
func (b *batch) unprotected(x *ranged, p map[string]any) error {
	x.areas = x.areas[:1]
	list := asList(p["unprotectedRanges"])
	if len(list) > 0 && !x.wholeTab() {
		return invalid("Unprotected ranges are only supported on protected sheets.")
	}
	for _, r := range list {
		_, a, err := b.area(r)
		if err != nil {
			return err
		}
		x.areas = append(x.areas, a)
	}
	return nil
}

// protection finds a protected range that the APIs' user may change: one that stops the user stops that too.
func (b *batch) protection(id any) error {
	t, i, err := b.find(id, "protected range", protectedOf)
	if err == nil && !t.protected[i].open() {
		return locked()
	}
	return err
}

func (b *batch) updateProtectedRange(in map[string]any) (map[string]any, error) {
	p := asMap(in["protectedRange"])
	if err := b.protection(p["protectedRangeId"]); err != nil {
		return nil, err
	}
	m, err := updateMask(in["fields"], "ProtectedRange")
	if err != nil {
		return nil, err
	}
	if m.under("unprotectedRanges") != nil && (!m.all || has(p, "unprotectedRanges")) {
		t, i, err := b.find(p["protectedRangeId"], "protected range", protectedOf)
		if err != nil {
			return nil, err
		}
		if err := b.unprotected(t.protected[i], p); err != nil {
			return nil, err
		}
	}
	return nil, b.updateRanged(in, "protectedRange", "ProtectedRange", "protectedRangeId", "protected range", protectedOf)
}

func (b *batch) updateRanged(in map[string]any, field, message, idField, what string, list func(t *tab) *[]*ranged) error {
	p := asMap(in[field])
	m, err := updateMask(in["fields"], message)
	if err != nil {
		return err
	}
	t, i, err := b.find(p[idField], what, list)
	if err != nil {
		return err
	}
	x := (*list(t))[i]
	if m.under("range") != nil && (!m.all || has(p, "range")) {
		to, a, err := b.area(p["range"])
		if err != nil {
			return err
		}
		x.areas[0] = a
		if to != t {
			*list(t) = slices.Delete(*list(t), i, i+1)
			*list(to) = append(*list(to), x)
		}
	}
	x.raw = without(m.assign(x.raw, p), "range", "unprotectedRanges", idField)
	return nil
}

func (b *batch) deleteProtectedRange(in map[string]any) (map[string]any, error) {
	if err := b.protection(in["protectedRangeId"]); err != nil {
		return nil, err
	}
	return nil, b.deleteRanged(in["protectedRangeId"], "protected range", protectedOf)
}

func (b *batch) deleteRanged(id any, what string, list func(t *tab) *[]*ranged) error {
	t, i, err := b.find(id, what, list)
	if err != nil {
		return err
	}
	*list(t) = slices.Delete(*list(t), i, i+1)
	return nil
}

func (b *batch) addBanding(in map[string]any) (map[string]any, error) {
	p := asMap(in["bandedRange"])
	t, a, err := b.area(p["range"])
	if err != nil {
		return nil, err
	}
	if t.taken(nil, a.rect(t)) {
		return nil, invalid("You cannot add alternating background colors to a range that already has alternating background colors.")
	}
	for _, x := range t.bands {
		if x.areas[0].rect(t).meets(a.rect(t)) {
			return nil, invalid("You cannot add alternating background colors to a range that already has alternating background colors.")
		}
	}
	id, err := b.newID(p, "bandedRangeId", "banded range", bandsOf)
	if err != nil {
		return nil, err
	}
	x := &ranged{id: id, areas: []area{a}, raw: without(p, "range", "bandedRangeId")}
	t.bands = append(t.bands, x)
	return map[string]any{"bandedRange": x.json("bandedRanges")}, nil
}

func (b *batch) updateBanding(in map[string]any) (map[string]any, error) {
	return nil, b.updateRanged(in, "bandedRange", "BandedRange", "bandedRangeId", "banded range", bandsOf)
}

func (b *batch) deleteBanding(in map[string]any) (map[string]any, error) {
	return nil, b.deleteRanged(in["bandedRangeId"], "banded range", bandsOf)
}

// rule reads a ConditionalFormatRule: its ranges must be on one tab.
func (b *batch) rule(v any) (*tab, *ranged, error) {
	in := asMap(v)
	x := &ranged{raw: without(in, "ranges")}
	var on *tab
	for _, r := range asList(in["ranges"]) {
		t, a, err := b.area(r)
		if err != nil {
			return nil, nil, err
		}
		if on != nil && t != on {
			return nil, nil, invalid("All ranges of a conditional format rule must be on the same sheet.")
		}
		on = t
		x.areas = append(x.areas, a)
	}
	if on == nil {
		return nil, nil, invalid("A conditional format rule must have at least one range.")
	}
	if !has(in, "booleanRule") && !has(in, "gradientRule") {
		return nil, nil, invalid("A conditional format rule must have a booleanRule or a gradientRule.")
	}
	if has(in, "booleanRule") {
		if err := checkCondition(asMap(asMap(in["booleanRule"])["condition"]), "booleanRule"); err != nil {
			return nil, nil, err
		}
	}
	return on, x, nil
}

func (b *batch) addConditionalFormatRule(in map[string]any) (map[string]any, error) {
	t, x, err := b.rule(in["rule"])
	if err != nil {
		return nil, err
	}
	at := asInt(in["index"])
	if at < 0 || at > len(t.rules) {
		return nil, invalid("index[%d] is out of range: there are %d rules.", at, len(t.rules))
	}
	t.rules = slices.Insert(t.rules, at, x)
	return nil, nil //nolint:nilnil // the reply is empty
}

func (b *batch) updateConditionalFormatRule(in map[string]any) (map[string]any, error) {
	if has(in, "newIndex") {
		return b.moveRule(in)
	}
	t, x, err := b.rule(in["rule"])
	if err != nil {
		return nil, err
	}
	at := asInt(in["index"])
	if at < 0 || at >= len(t.rules) {
		return nil, invalid("No conditional format on sheet: %d at index: %d", t.id, at)
	}
	old := t.rules[at].json("conditionalFormats")
	t.rules[at] = x
	out := map[string]any{"newRule": x.json("conditionalFormats"), "oldRule": old}
	if at > 0 {
		out["newIndex"], out["oldIndex"] = at, at
	}
	return out, nil
}

// moveRule puts a conditional format elsewhere in the order in which they count.
func (b *batch) moveRule(in map[string]any) (map[string]any, error) {
	t, err := b.tab(in["sheetId"])
	if err != nil {
		return nil, err
	}
	at, to := asInt(in["index"]), asInt(in["newIndex"])
	if at < 0 || at >= len(t.rules) || to < 0 || to >= len(t.rules) {
		return nil, invalid("No conditional format on sheet: %d at index: %d", t.id, max(at, to))
	}
	x := t.rules[at]
	t.rules = slices.Insert(slices.Delete(t.rules, at, at+1), to, x)
	out := map[string]any{"newRule": x.json("conditionalFormats")}
	for name, i := range map[string]int{"oldIndex": at, "newIndex": to} {
		if i > 0 {
			out[name] = i
		}
	}
	return out, nil
}

func (b *batch) deleteConditionalFormatRule(in map[string]any) (map[string]any, error) {
	t, err := b.tab(in["sheetId"])
	if err != nil {
		return nil, err
	}
	at := asInt(in["index"])
	if at < 0 || at >= len(t.rules) {
		return nil, invalid("No conditional format on sheet: %d at index: %d", t.id, at)
	}
	old := t.rules[at]
	t.rules = slices.Delete(t.rules, at, at+1)
	return map[string]any{"rule": old.json("conditionalFormats")}, nil
}
