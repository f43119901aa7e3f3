package google

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// criteria reads a filter's conditions by the column's index in the tab. filterSpecs win over the older criteria.
func criteria(raw map[string]any) map[int]map[string]any {
	out := map[int]map[string]any{}
	for key, c := range asMap(raw["criteria"]) {
		if n, err := strconv.Atoi(key); err == nil {
			out[n] = asMap(c)
		}
	}
	for _, x := range asList(raw["filterSpecs"]) {
		spec := asMap(x)
		out[asInt(spec["columnIndex"])] = asMap(spec["filterCriteria"])
	}
	return out
}

// bothCriteria writes a filter's conditions in both of the forms that answers carry.
func bothCriteria(raw map[string]any) map[string]any {
	cs := criteria(raw)
	out := without(raw, "criteria", "filterSpecs")
	if len(cs) == 0 {
		return out
	}
	old := map[string]any{}
	var specs []any
	for _, n := range slices.Sorted(maps.Keys(cs)) {
		old[itoa(n)] = cs[n]
		spec := map[string]any{"filterCriteria": cs[n]}
		if n > 0 {
			spec["columnIndex"] = n
		}
		specs = append(specs, spec)
	}
	out["criteria"], out["filterSpecs"] = old, specs
	return out
}

func (b *batch) setBasicFilter(in map[string]any) (map[string]any, error) {
	filter := asMap(in["filter"])
	t, a, raw, err := b.filterArea(filter, "filter")
	if err != nil {
		return nil, err
	}
	if asString(filter["tableId"]) == "" {
		for _, x := range t.tables {
			if x.at.rect(t).meets(a.rect(t)) {
				return nil, invalid("The filter overlaps a table; a table has a filter of its own.")
			}
		}
	}
	k := newCalculator(b.w, b.s.o.Now())
	if err := b.sortBySpecs(t, a, asList(raw["sortSpecs"]), k); err != nil {
		return nil, err
	}
	t.setFilter(&ranged{areas: []area{a}, raw: bothCriteria(raw)}, newCalculator(b.w, b.s.o.Now()))
	return nil, nil //nolint:nilnil // the reply is empty
}

// filterArea reads what a filter or a filter view covers: a range, a table, or a named range. The rest of it comes back
// without the range.
func (b *batch) filterArea(filter map[string]any, what string) (*tab, area, map[string]any, error) {
	given := 0
	for _, name := range []string{"range", "tableId", "namedRangeId"} {
		if has(filter, name) {
			given++
		}
	}
	if given > 1 {
		return nil, area{}, nil, invalid("Only one of %s.range, namedRangeId or tableId may be set.", what)
	}
	rest := without(filter, "range")
	if id := asString(filter["tableId"]); id != "" {
		t, x, err := b.w.table(id)
		if err != nil {
			return nil, area{}, nil, err
		}
		return t, x.at, rest, nil
	}
	if id := asString(filter["namedRangeId"]); id != "" {
		n, err := b.w.namedRange(id)
		if err != nil {
			return nil, area{}, nil, err
		}
		return b.w.tabID(n.areas[0].tab), n.areas[0], rest, nil
	}
	t, a, err := b.area(filter["range"])
	return t, a, rest, err
}

// sortBySpecs sorts what lies below the first row of a filter's area, as setting a filter with a sort order does.
func (b *batch) sortBySpecs(t *tab, a area, specs []any, k *calculator) error {
	at := a.rect(t)
	keys, err := sortKeys(specs, at)
	if err != nil || len(keys) == 0 || at.rows() < 2 {
		return err
	}
	at.r0++
	b.w.sortRows(t, at, keys, k)
	return nil
}

func sortKeys(specs []any, at rect) ([]sortKey, error) {
	var keys []sortKey
	for _, x := range specs {
		spec := asMap(x)
		k := sortKey{col: asInt(spec["dimensionIndex"]), desc: asString(spec["sortOrder"]) == "DESCENDING"}
		if k.col < at.c0 || k.col >= at.c1 {
			return nil, invalid("sortSpec.dimensionIndex %d is outside of the range.", k.col)
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// setFilter makes f the tab's basic filter and hides the rows that it leaves out; nil takes the filter away and shows all
// rows again. What is written later is not filtered until the filter is set anew, as in Sheets.
func (t *tab) setFilter(f *ranged, k *calculator) {
	for _, r := range t.rows {
		if r != nil {
			r.lane.filtered = false
		}
	}
	if t.filter = f; f == nil {
		return
	}
	at, cs := f.areas[0].rect(t), criteria(f.raw)
	body := rect{at.r0 + 1, at.r1, at.c0, at.c1}
	for r := body.r0; r < body.r1 && len(cs) > 0; r++ {
		for c, crit := range cs {
			if c >= body.c0 && c < body.c1 && !k.passes(crit, t, r, c, body) {
				t.row(r).lane.filtered = true
				break
			}
		}
	}
}

// passes reports whether a cell may be seen by a FilterCriteria.
func (k *calculator) passes(crit map[string]any, t *tab, r, c int, body rect) bool {
	shown := ""
	if x := t.at(r, c); x != nil {
		res := k.result(t, r, c)
		shown = display(res.v, effectiveOf(x.f, res.numType), k.l)
	}
	for _, v := range asList(crit["hiddenValues"]) {
		if asString(v) == shown {
			return false
		}
	}
	cond, ok := crit["condition"].(map[string]any)
	return !ok || k.holds(cond, t, r, c, rect{body.r0, body.r1, c, c + 1})
}

func (b *batch) clearBasicFilter(in map[string]any) (map[string]any, error) {
	t, err := b.tab(in["sheetId"])
	if err != nil {
		return nil, err
	}
	t.setFilter(nil, nil)
	return nil, nil //nolint:nilnil // the reply is empty
}

func viewsOf(t *tab) *[]*ranged { return &t.views }

func (b *batch) addFilterView(in map[string]any) (map[string]any, error) {
	p := asMap(in["filter"])
	t, a, raw, err := b.filterArea(p, "filter")
	if err != nil {
		return nil, err
	}
	id, err := b.newID(p, "filterViewId", "filter view", viewsOf)
	if err != nil {
		return nil, err
	}
	x := &ranged{id: id, areas: []area{a}, raw: bothCriteria(without(raw, "filterViewId"))}
	if err := b.nameView(t, x, "Filter "); err != nil {
		return nil, err
	}
	t.views = append(t.views, x)
	return map[string]any{"filter": x.json("filterViews")}, nil
}

// nameView gives a filter view without a title the next free one, and refuses a title that another has on the tab.
func (b *batch) nameView(t *tab, x *ranged, stem string) error {
	taken := func(title string) bool {
		return slices.ContainsFunc(t.views, func(o *ranged) bool { return o != x && strings.EqualFold(asString(o.raw["title"]), title) })
	}
	title := asString(x.raw["title"])
	for n := 1; title == ""; n++ {
		if try := stem + itoa(n); !taken(try) {
			title = try
		}
	}
	if taken(title) {
		return invalid("A filter view with the title \"%s\" already exists.", title)
	}
	x.raw["title"] = title
	return nil
}

func (b *batch) updateFilterView(in map[string]any) (map[string]any, error) {
	p := asMap(in["filter"])
	m, err := updateMask(in["fields"], "FilterView")
	if err != nil {
		return nil, err
	}
	t, i, err := b.find(p["filterViewId"], "filter view", viewsOf)
	if err != nil {
		return nil, err
	}
	x := t.views[i]
	old := x.raw
	if m.under("filterSpecs") != nil || m.under("criteria") != nil {
		old = without(old, "criteria", "filterSpecs")
	}
	raw := m.assign(old, p)
	for _, name := range []string{"range", "tableId", "namedRangeId"} {
		if m.under(name) == nil || !has(p, name) {
			continue
		}
		to, a, _, err := b.filterArea(map[string]any{name: p[name]}, "filter")
		if err != nil {
			return nil, err
		}
		if to != t {
			return nil, invalid("A filter view cannot be moved to another sheet.")
		}
		x.areas = []area{a}
	}
	x.raw = bothCriteria(without(raw, "range", "filterViewId"))
	return nil, b.nameView(t, x, "Filter ")
}

func (b *batch) duplicateFilterView(in map[string]any) (map[string]any, error) {
	t, i, err := b.find(in["filterId"], "filter view", viewsOf)
	if err != nil {
		return nil, err
	}
	x := t.views[i].clone()
	x.id, x.raw = b.w.nextID(), maps.Clone(x.raw)
	stem := "Copy of " + asString(x.raw["title"])
	if x.raw["title"] = stem; b.nameView(t, x, "") != nil {
		x.raw["title"] = ""
		if err := b.nameView(t, x, stem+" "); err != nil {
			return nil, err
		}
	}
	t.views = append(t.views, x)
	return map[string]any{"filter": x.json("filterViews")}, nil
}

func (b *batch) deleteFilterView(in map[string]any) (map[string]any, error) {
	return nil, b.deleteRanged(in["filterId"], "filter view", viewsOf)
}
