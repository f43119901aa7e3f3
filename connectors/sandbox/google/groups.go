package google

import "slices"

// group is a run of rows or columns that can be folded away together. Groups lie within one another, the deeper inside.
type group struct {
	at        span
	depth     int
	collapsed bool
}

func (t *tab) groups(rows bool) *[]group {
	if rows {
		return &t.rowGroups
	}
	return &t.colGroups
}

func groupsJSON(tabID int, rows bool, gs []group) []any {
	dim := "COLUMNS"
	if rows {
		dim = "ROWS"
	}
	var out []any
	for _, g := range gs {
		r := map[string]any{"dimension": dim, "startIndex": g.at.lo, "endIndex": g.at.hi}
		if tabID != 0 {
			r["sheetId"] = tabID
		}
		one := map[string]any{"range": r, "depth": g.depth}
		if g.collapsed {
			one["collapsed"] = true
		}
		out = append(out, one)
	}
	return out
}

// setDepths works the groups out anew from how deep each row or column lies.
func setDepths(gs []group, change span, by int) []group {
	end := change.hi
	for _, g := range gs {
		end = max(end, g.at.hi)
	}
	depth := make([]int, end+1)
	collapsed := map[span]bool{}
	for _, g := range gs {
		collapsed[g.at] = g.collapsed
		for i := g.at.lo; i < g.at.hi; i++ {
			depth[i] = max(depth[i], g.depth)
		}
	}
	for i := change.lo; i < change.hi; i++ {
		depth[i] = max(0, depth[i]+by)
	}
	var out []group
	for d := 1; d <= slices.Max(depth); d++ {
		for i := 0; i < len(depth); i++ {
			if depth[i] < d {
				continue
			}
			j := i
			for j < len(depth) && depth[j] >= d {
				j++
			}
			s := span{i, j}
			out = append(out, group{at: s, depth: d, collapsed: collapsed[s]})
			i = j
		}
	}
	slices.SortStableFunc(out, func(a, b group) int {
		if a.at.lo != b.at.lo {
			return a.at.lo - b.at.lo
		}
		return a.depth - b.depth
	})
	return out
}

func (b *batch) addDimensionGroup(in map[string]any) (map[string]any, error) {
	return b.changeGroups(in, 1)
}

func (b *batch) deleteDimensionGroup(in map[string]any) (map[string]any, error) {
	return b.changeGroups(in, -1)
}

func (b *batch) changeGroups(in map[string]any, by int) (map[string]any, error) {
	t, rows, s, err := b.lanes(in["range"])
	if err != nil {
		return nil, err
	}
	if n := t.laneCount(rows); s.hi > n {
		return nil, invalid("range.endIndex[%d] exceeds the grid size: %d.", s.hi, n)
	}
	gs := t.groups(rows)
	if by < 0 && !slices.ContainsFunc(*gs, func(g group) bool { return g.at.lo < s.hi && s.lo < g.at.hi }) {
		return nil, invalid("There is no group in the range to delete.")
	}
	*gs = setDepths(*gs, s, by)
	if by > 0 { // where the handle for folding is becomes part of the sheet's properties
		t.keepGrid(map[bool]string{true: "rowGroupControlAfter", false: "columnGroupControlAfter"}[rows], true)
	}
	out := map[string]any{}
	if list := groupsJSON(t.id, rows, *gs); len(list) > 0 {
		out["dimensionGroups"] = list
	}
	return out, nil
}

func (s shift) groups(gs []group) []group {
	var out []group
	for _, g := range gs {
		if at, ok := s.stretch(g.at); ok {
			g.at = at
			out = append(out, g)
		}
	}
	return out
}
