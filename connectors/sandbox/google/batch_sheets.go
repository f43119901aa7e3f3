package google

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

var localeName = regexp.MustCompile(`^[a-z]{2,3}([_-][A-Za-z0-9]{2,4})?$`)

func (b *batch) updateSpreadsheetProperties(in map[string]any) (map[string]any, error) {
	m, err := updateMask(in["fields"], "SpreadsheetProperties")
	if err != nil {
		return nil, err
	}
	props := asMap(in["properties"])
	if m.under("title") != nil && (!m.all || has(props, "title")) {
		if b.w.title = asString(props["title"]); b.w.title == "" {
			return nil, invalid("The title must not be empty.")
		}
	}
	if m.under("locale") != nil && (!m.all || has(props, "locale")) {
		if b.w.locale = asString(props["locale"]); !localeName.MatchString(b.w.locale) {
			return nil, invalid("Unsupported locale: %s", b.w.locale)
		}
	}
	if m.under("timeZone") != nil && (!m.all || has(props, "timeZone")) {
		b.w.timeZone = asString(props["timeZone"])
		if _, err := time.LoadLocation(b.w.timeZone); err != nil || b.w.timeZone == "" {
			return nil, invalid("Invalid time zone: %s", b.w.timeZone)
		}
	}
	if m.under("autoRecalc") != nil && (!m.all || has(props, "autoRecalc")) {
		b.w.autoRecal = asString(props["autoRecalc"])
	}
	return nil, nil //nolint:nilnil // the reply is empty
}

// checkTitle refuses a title that another tab has, without regard to case, or that is none.
func (w *workbook) checkTitle(title string, of *tab) error {
	if title == "" || utf8.RuneCountInString(title) > 100 {
		return invalid("A sheet name must be between 1 and 100 characters long.")
	}
	for _, t := range w.tabs {
		if t != of && strings.EqualFold(t.title, title) {
			return invalid("A sheet with the name \"%s\" already exists. Please enter another name.", title)
		}
	}
	return nil
}

func (b *batch) updateSheetProperties(in map[string]any) (map[string]any, error) {
	m, err := updateMask(in["fields"], "SheetProperties")
	if err != nil {
		return nil, err
	}
	props := asMap(in["properties"])
	t, err := b.tab(props["sheetId"])
	if err != nil {
		return nil, err
	}
	if err := b.w.mayChangeTab(t); err != nil {
		return nil, err
	}
	return nil, b.w.applyProperties(t, props, m)
}

func (w *workbook) applyProperties(t *tab, props map[string]any, m *mask) error {
	wants := func(name string) bool { return m.under(name) != nil && (!m.all || has(props, name)) }
	if wants("title") {
		title := asString(props["title"])
		if err := w.checkTitle(title, t); err != nil {
			return err
		}
		w.rename(t, title)
	}
	if wants("hidden") {
		t.hidden = asBool(props["hidden"])
		if !w.visible() {
			return invalid("You can't hide all the sheets in a document.")
		}
	}
	if wants("index") {
		to := asInt(props["index"])
		if to < 0 || to > len(w.tabs) {
			return invalid("The index %d is out of range.", to)
		}
		from := slices.Index(w.tabs, t)
		w.tabs = slices.Delete(w.tabs, from, from+1)
		if to > from {
			to-- // counted before the tab is taken out
		}
		w.tabs = slices.Insert(w.tabs, to, t)
	}
	grid := asMap(props["gridProperties"])
	if sub := m.under("gridProperties"); sub != nil && (!m.all || has(props, "gridProperties")) {
		if err := w.resize(t, grid, sub); err != nil {
			return err
		}
	}
	for _, name := range []string{"tabColor", "tabColorStyle", "rightToLeft"} {
		if !wants(name) {
			continue
		}
		if t.props == nil {
			t.props = map[string]any{}
		}
		delete(t.props, name)
		if v, ok := props[name]; ok {
			t.props[name] = v
		}
	}
	return nil
}

// resize applies GridProperties: sizes, frozen rows and columns, and what is only kept.
func (w *workbook) resize(t *tab, grid map[string]any, m *mask) error {
	wants := func(name string) bool { return m.under(name) != nil && (!m.all || has(grid, name)) }
	for _, d := range []struct {
		name string
		rows bool
		have int
	}{{"rowCount", true, t.rowCount}, {"columnCount", false, t.colCount}} {
		if !wants(d.name) {
			continue
		}
		n := asInt(grid[d.name])
		if n < 1 {
			return invalid("gridProperties.%s[%d] must be greater than 0.", d.name, n)
		}
		switch {
		case n < d.have:
			w.deleteLanes(t, d.rows, n, d.have)
		case d.rows:
			t.rowCount = n
		default:
			t.colCount = n
		}
	}
	if wants("frozenRowCount") {
		t.frozenRows = asInt(grid["frozenRowCount"])
	}
	if wants("frozenColumnCount") {
		t.frozenCols = asInt(grid["frozenColumnCount"])
	}
	if t.frozenRows < 0 || t.frozenRows > 0 && t.frozenRows >= t.rowCount {
		return invalid("You can't freeze all visible rows on the sheet.")
	}
	if t.frozenCols < 0 || t.frozenCols > 0 && t.frozenCols >= t.colCount {
		return invalid("You can't freeze all visible columns on the sheet.")
	}
	for _, name := range []string{"hideGridlines", "rowGroupControlAfter", "columnGroupControlAfter"} {
		if !wants(name) {
			continue
		}
		t.keepGrid(name, asBool(grid[name]))
	}
	return w.withinLimit()
}

// keepGrid keeps one of the grid's properties that mean nothing here.
func (t *tab) keepGrid(name string, on bool) {
	kept := maps.Clone(asMap(t.props["gridProperties"]))
	if kept == nil {
		kept = map[string]any{}
	}
	delete(kept, name)
	if on {
		kept[name] = true
	}
	if t.props == nil {
		t.props = map[string]any{}
	}
	t.props["gridProperties"] = kept
}

// rename gives a tab another title, in the formulas that point to it too.
func (w *workbook) rename(t *tab, title string) {
	old := t.title
	t.title = title
	for _, on := range w.tabs {
		for _, k := range on.rows {
			if k == nil {
				continue
			}
			for c, x := range k.cells {
				if x != nil && x.v.kind == formula {
					y := *x
					y.v.str = renameRefs(x.v.str, old, title)
					k.cells[c] = &y
				}
			}
		}
	}
}

func (b *batch) addSheet(in map[string]any) (map[string]any, error) {
	props := asMap(in["properties"])
	if kind := asString(props["sheetType"]); kind != "" && kind != "GRID" {
		return nil, notSpoken("addSheet with the type " + kind)
	}
	t, err := b.w.newTab(props)
	if err != nil {
		return nil, err
	}
	return map[string]any{"properties": t.properties(slices.Index(b.w.tabs, t))}, nil
}

// newTab adds a tab with the given SheetProperties; what they leave open is chosen as the service does.
func (w *workbook) newTab(props map[string]any) (*tab, error) {
	title := asString(props["title"])
	for n := len(w.tabs) + 1; title == ""; n++ {
		if name := "Sheet" + itoa(n); w.tabTitled(name) == nil {
			title = name
		}
	}
	if err := w.checkTitle(title, nil); err != nil {
		return nil, err
	}
	id := -1
	if has(props, "sheetId") {
		if id = asInt(props["sheetId"]); id < 0 || w.tabID(id) != nil {
			return nil, invalid("A sheet with the ID %d already exists or the ID is not allowed.", id)
		}
	}
	t := w.addTab(title)
	if id >= 0 {
		t.id = id
	}
	rest := maps.Clone(props)
	delete(rest, "title")
	if has(rest, "index") {
		rest["index"] = float64(min(asInt(rest["index"]), len(w.tabs)))
	}
	return t, w.applyProperties(t, rest, &mask{all: true})
}

func (b *batch) deleteSheet(in map[string]any) (map[string]any, error) {
	t, err := b.tab(in["sheetId"])
	if err != nil {
		return nil, err
	}
	if err := b.w.mayChangeTab(t); err != nil {
		return nil, err
	}
	return nil, b.w.deleteTab(t)
}

func (w *workbook) deleteTab(t *tab) error {
	rest := slices.DeleteFunc(slices.Clone(w.tabs), func(o *tab) bool { return o == t })
	if !slices.ContainsFunc(rest, func(t *tab) bool { return !t.hidden }) {
		return invalid("You can't remove all the visible sheets in a document.")
	}
	w.tabs = rest
	w.meta = slices.DeleteFunc(w.meta, func(m *metadata) bool { return m.place != "SPREADSHEET" && m.tab == t.id })
	w.named = slices.DeleteFunc(w.named, func(n *ranged) bool { return n.areas[0].tab == t.id })
	for _, th := range w.threads {
		if th.at.tab == t.id {
			th.at.tab = -1
		}
	}
	return nil
}

// duplicateSheet copies a tab with everything on it but its metadata, which has ids of its own.
func (b *batch) duplicateSheet(in map[string]any) (map[string]any, error) {
	src, err := b.tab(in["sourceSheetId"])
	if err != nil {
		return nil, err
	}
	name := asString(in["newSheetName"])
	for n := 1; name == ""; n++ {
		try := "Copy of " + src.title
		if n > 1 {
			try += " " + itoa(n)
		}
		if b.w.tabTitled(try) == nil {
			name = try
		}
	}
	if err := b.w.checkTitle(name, nil); err != nil {
		return nil, err
	}
	t := src.clone()
	t.title, t.hidden = name, false
	if t.id = b.w.nextID(); has(in, "newSheetId") {
		if t.id = asInt(in["newSheetId"]); t.id < 0 || b.w.tabID(t.id) != nil {
			return nil, invalid("A sheet with the ID %d already exists or the ID is not allowed.", t.id)
		}
	}
	at := asInt(in["insertSheetIndex"])
	if at < 0 || at > len(b.w.tabs) {
		return nil, invalid("insertSheetIndex[%d] is out of range.", at)
	}
	for i := range t.merges {
		t.merges[i].tab = t.id
	}
	lists := [][]*ranged{t.protected, t.bands, t.rules, t.views}
	if t.filter != nil {
		lists = append(lists, []*ranged{t.filter})
	}
	for _, list := range lists {
		for _, x := range list {
			x.id = b.w.nextID()
			for i := range x.areas {
				x.areas[i].tab = t.id
			}
		}
	}
	for _, x := range t.tables {
		stem := x.name + "_"
		x.id, x.at.tab = b.w.stringID(), t.id
		for n := 2; b.nameTable(x) != nil; n++ {
			x.name = stem + itoa(n)
		}
	}
	b.w.tabs = slices.Insert(b.w.tabs, at, t)
	if err := b.w.withinLimit(); err != nil {
		return nil, err
	}
	return map[string]any{"properties": t.properties(at)}, nil
}
