package google

import (
	"regexp"
	"slices"
	"strings"
)

// copyPaste copies everything of the cells, or formulas and values alone; other ways to paste are not spoken.
func (b *batch) copyPaste(in map[string]any) (map[string]any, error) {
	way := asString(in["pasteType"])
	if way != "" && way != "PASTE_NORMAL" && way != "PASTE_FORMULA" {
		return nil, notSpoken("copyPaste with " + way)
	}
	if asString(in["pasteOrientation"]) == "TRANSPOSE" {
		return nil, notSpoken("copyPaste with TRANSPOSE")
	}
	from, src, err := b.rect(in["source"])
	if err != nil {
		return nil, err
	}
	to, dst, err := b.rect(in["destination"])
	if err != nil {
		return nil, err
	}
	// A destination larger than the source is filled with copies of it, one that is smaller is outgrown.
	rows, cols := src.rows()*max(1, dst.rows()/src.rows()), src.cols()*max(1, dst.cols()/src.cols())
	if dst.r0+rows > to.rowCount || dst.c0+cols > to.colCount {
		return nil, invalid("The destination exceeds grid limits.")
	}
	if err := b.w.mayEdit(to, rect{dst.r0, dst.r0 + rows, dst.c0, dst.c0 + cols}); err != nil {
		return nil, err
	}
	copied := make([]*cell, 0, src.rows()*src.cols())
	for r := src.r0; r < src.r1; r++ {
		for c := src.c0; c < src.c1; c++ {
			copied = append(copied, from.at(r, c))
		}
	}
	for i := range rows {
		for j := range cols {
			x := copied[i%src.rows()*src.cols()+j%src.cols()]
			if x != nil && x.v.kind == formula {
				y := *x
				y.v.str = shiftRefs(x.v.str, dst.r0+i-src.r0-i%src.rows(), dst.c0+j-src.c0-j%src.cols())
				x = &y
			}
			if way == "PASTE_FORMULA" {
				x = contentOver(x, to.at(dst.r0+i, dst.c0+j))
			}
			to.set(dst.r0+i, dst.c0+j, x)
		}
	}
	return nil, nil //nolint:nilnil // the reply is empty
}

// contentOver is a cell with what x holds and the looks of the one that it replaces.
func contentOver(x, old *cell) *cell {
	y := &cell{}
	if x != nil {
		y.v = x.v
	}
	if old != nil {
		y.f, y.x = old.f, old.x
	}
	return y
}

// cutPaste moves everything of the cells. Formulas keep what they say, as when a person cuts and pastes.
func (b *batch) cutPaste(in map[string]any) (map[string]any, error) {
	if p := asString(in["pasteType"]); p != "" && p != "PASTE_NORMAL" {
		return nil, notSpoken("cutPaste with " + p)
	}
	from, src, err := b.rect(in["source"])
	if err != nil {
		return nil, err
	}
	dst := asMap(in["destination"])
	to, err := b.tab(dst["sheetId"])
	if err != nil {
		return nil, err
	}
	r0, c0 := asInt(dst["rowIndex"]), asInt(dst["columnIndex"])
	if r0 < 0 || c0 < 0 || r0+src.rows() > to.rowCount || c0+src.cols() > to.colCount {
		return nil, invalid("The destination exceeds grid limits.")
	}
	if err := b.w.mayEdit(from, src); err != nil {
		return nil, err
	}
	if err := b.w.mayEdit(to, rect{r0, r0 + src.rows(), c0, c0 + src.cols()}); err != nil {
		return nil, err
	}
	cut := make([]*cell, 0, src.rows()*src.cols())
	for r := src.r0; r < src.r1; r++ {
		for c := src.c0; c < src.c1; c++ {
			cut = append(cut, from.at(r, c))
			from.set(r, c, nil)
		}
	}
	for i, x := range cut {
		to.set(r0+i/src.cols(), c0+i%src.cols(), x)
	}
	return nil, nil //nolint:nilnil // the reply is empty
}

func (b *batch) findReplace(in map[string]any) (map[string]any, error) {
	find := asString(in["find"])
	if find == "" {
		return nil, invalid("find must not be empty.")
	}
	pattern := find
	if !asBool(in["searchByRegex"]) {
		pattern = regexp.QuoteMeta(find)
	}
	if !asBool(in["matchCase"]) {
		pattern = "(?i)" + pattern
	}
	if asBool(in["matchEntireCell"]) {
		pattern = "^(?:" + pattern + ")$"
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, invalid("The find parameter is not a valid regular expression.")
	}
	replacement := asString(in["replacement"])
	if !asBool(in["searchByRegex"]) {
		replacement = strings.ReplaceAll(replacement, "$", "$$")
	}
	tabs := b.w.tabs
	limit := rect{0, 1 << 30, 0, 1 << 30}
	switch {
	case has(in, "range"):
		t, at, err := b.rect(in["range"])
		if err != nil {
			return nil, err
		}
		tabs, limit = []*tab{t}, at
	case has(in, "sheetId"):
		t, err := b.tab(in["sheetId"])
		if err != nil {
			return nil, err
		}
		tabs = []*tab{t}
	case !asBool(in["allSheets"]):
		return nil, invalid("One of range, sheetId or allSheets must be set.")
	}
	counts := map[string]int{}
	for _, t := range tabs {
		changedRows := 0
		for r, k := range t.rows {
			if k == nil || r < limit.r0 || r >= limit.r1 {
				continue
			}
			changed := false
			for c := limit.c0; c < min(limit.c1, len(k.cells)); c++ {
				x := k.cells[c]
				if x == nil || x.v.kind != text && (x.v.kind != formula || !asBool(in["includeFormulas"])) {
					continue
				}
				n := len(re.FindAllStringIndex(x.v.str, -1))
				if n == 0 {
					continue
				}
				if err := b.w.mayEdit(t, rect{r, r + 1, c, c + 1}); err != nil {
					return nil, err
				}
				y := *x
				y.x = x.x.plain()
				if y.v.str = re.ReplaceAllString(x.v.str, replacement); y.v.str == "" {
					y.v = value{}
				}
				t.set(r, c, &y)
				counts["occurrencesChanged"] += n
				counts[map[kind]string{text: "valuesChanged", formula: "formulasChanged"}[x.v.kind]]++
				changed = true
			}
			if changed {
				changedRows++
			}
		}
		if changedRows > 0 {
			counts["rowsChanged"] += changedRows
			counts["sheetsChanged"]++
		}
	}
	out := map[string]any{}
	for k, n := range counts {
		out[k] = n
	}
	return out, nil
}

func (b *batch) sortRange(in map[string]any) (map[string]any, error) {
	t, at, err := b.rect(in["range"])
	if err != nil {
		return nil, err
	}
	keys, err := sortKeys(asList(in["sortSpecs"]), at)
	if err != nil {
		return nil, err
	}
	if err := b.w.mayEdit(t, at); err != nil {
		return nil, err
	}
	if len(keys) == 0 {
		return nil, invalid("Must specify at least one sortSpec.")
	}
	if slices.ContainsFunc(t.merges, func(a area) bool { return a.rect(t).meets(at) && a.rect(t).rows() > 1 }) {
		return nil, invalid("You can't sort a range that has vertical merges.")
	}
	b.w.sortRows(t, at, keys, newCalculator(b.w, b.s.o.Now()))
	return nil, nil //nolint:nilnil // the reply is empty
}
