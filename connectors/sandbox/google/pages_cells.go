package google

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

type gridRow struct {
	View   *gridView
	Number int
	Hidden bool
	Cells  []gridCell
}

// gridCell is one cell as the page shows it.
type gridCell struct {
	Ref, Text, Edit string
	Links           []string
	Class           string
	Color           string     // of the background, "#rrggbb"; "" is none
	Parts           []cellPart // the text in runs, when it has chips
	Tips            []string   // notes, comments, errors and warnings
	Choices         []string   // a list to choose from, when Pick is set
	Pick, Strict    bool
	Check, Checked  bool
	Rows, Cols      int  // how many it spans, 0 is 1
	Covered         bool // it lies under a merged cell
	On              bool
	Label           string // what the cell is, for those who do not see where it stands
}

// cellPart is a run of a cell's text: a chip, or what stands between chips.
type cellPart struct {
	Text, Title string
	Chip        bool
}

// painter builds the cells of a page.
type painter struct {
	w        *workbook
	t        *tab
	k        *calculator
	chosen   string
	dressed  bool
	comments map[[2]int][]string
}

func (s *Server) painter(w *workbook, t *tab, chosen string) *painter {
	p := &painter{w: w, t: t, k: newCalculator(w, s.o.Now()), chosen: chosen, dressed: t.dressed(), comments: map[[2]int][]string{}}
	for _, th := range w.threads {
		if th.at.tab == t.id && !th.resolved {
			at := th.at.rect(t)
			p.comments[[2]int{at.r0, at.c0}] = append(p.comments[[2]int{at.r0, at.c0}], th.posts[0].author.name+": "+th.posts[0].content)
		}
	}
	return p
}

// row is a row of the page with a cell for each of its columns.
func (p *painter) row(r int, columns []gridColumn, l lane) gridRow {
	out := gridRow{Number: r + 1, Hidden: l.hidden || l.filtered}
	for _, col := range columns {
		out.Cells = append(out.Cells, p.cell(r, col))
	}
	return out
}

func (p *painter) cell(r int, col gridColumn) gridCell {
	c := col.Number - 1
	out := gridCell{Ref: col.Letters + itoa(r+1)}
	out.Label = out.Ref
	if r >= p.t.frozenRows && p.t.frozenRows > 0 {
		if name := p.shown(p.t.frozenRows-1, c); name != "" {
			out.Label = strings.Join(strings.Fields(name), " ") + ", " + out.Ref
		}
	}
	out.On = out.Ref == p.chosen
	if r < p.t.frozenRows {
		out.Class = "head"
	}
	x := p.t.at(r, c)
	p.fill(&out, x, r, c)
	p.paint(&out, x, r, c)
	out.Tips = append(out.Tips, p.comments[[2]int{r, c}]...)
	if len(out.Tips) > 0 {
		out.Class += " noted"
	}
	for _, g := range p.t.protected {
		if p.w.protectedRect(p.t, g).meets(rect{r, r + 1, c, c + 1}) && x != nil && x.v.kind != blank {
			out.Class += " locked"
			out.Tips = append(out.Tips, "Protected: this is worked out or kept by somebody else. What you type here may be written over.")
			break
		}
	}
	out.Class = strings.TrimSpace(out.Class)
	return out
}

func (p *painter) shown(r, c int) string {
	x := p.t.at(r, c)
	if x == nil {
		return ""
	}
	res := p.k.result(p.t, r, c)
	return display(res.v, effectiveOf(x.f, res.numType), p.k.l)
}

// fill sets what the cell holds and how it is edited.
func (p *painter) fill(out *gridCell, x *cell, r, c int) {
	if x == nil {
		return
	}
	res := p.k.result(p.t, r, c)
	out.Text, out.Edit = p.shown(r, c), editable(x, p.k)
	if link := linkOf(x, res); link != "" {
		out.Links = []string{link}
	}
	switch res.v.kind {
	case number:
		out.Class += " num"
	case failure:
		out.Class += " err"
		if res.v.msg != "" {
			out.Tips = append(out.Tips, res.v.msg)
		}
	case boolean:
		out.Class += " bool"
	default:
	}
	if x.x == nil {
		return
	}
	if x.x.note != "" {
		out.Tips = append(out.Tips, x.x.note)
	}
	for _, run := range x.x.runs {
		if uri := asString(asMap(asMap(asMap(run)["format"])["link"])["uri"]); uri != "" && !slices.Contains(out.Links, uri) {
			out.Links = append(out.Links, uri)
		}
	}
	p.chips(out, x)
	cond := asMap(x.x.rule["condition"])
	switch asString(cond["type"]) {
	case "ONE_OF_LIST", "ONE_OF_RANGE":
		out.Pick, out.Strict, out.Choices = true, asBool(x.x.rule["strict"]), p.choices(cond)
		if out.Text != "" && !slices.Contains(out.Choices, out.Text) {
			out.Choices = append([]string{out.Text}, out.Choices...)
			out.Tips = append(out.Tips, "Not one of the values in the list.")
		}
	case "BOOLEAN":
		out.Check = res.v.kind == boolean || res.v.kind == blank
		out.Checked = res.v.kind == boolean && res.v.num != 0
	}
	if x.v.kind == formula { // a list or a box over a formula would type over it
		out.Pick, out.Check = false, false
	}
}

// choices are the values of a list.
func (p *painter) choices(cond map[string]any) []string {
	var out []string
	for _, one := range asList(cond["values"]) {
		v := asString(asMap(one)["userEnteredValue"])
		if asString(cond["type"]) == "ONE_OF_LIST" {
			out = append(out, v)
			continue
		}
		t, b, err := p.w.a1(strings.TrimPrefix(v, "="))
		if err != nil {
			continue
		}
		for r := b.r0; r < min(b.r1, len(t.rows)); r++ {
			for c := b.c0; c < b.c1; c++ {
				if v := p.k.value(t, r, c); v.kind != blank && !slices.Contains(out, p.text(v)) {
					out = append(out, p.text(v))
				}
			}
		}
	}
	return out
}

func (p *painter) text(v value) string { return display(v, nil, p.k.l) }

// chips parts the text of a cell into its chips and what stands between.
func (p *painter) chips(out *gridCell, x *cell) {
	if x.x.chips == nil || x.v.kind != text {
		return
	}
	units := []rune(x.v.str)
	// Indexes of runs are UTF-16 units; a rune beyond the basic plane is two of them.
	at := func(n int) int {
		for i, r := range units {
			if n <= 0 {
				return i
			}
			if n--; r > 0xffff {
				n--
			}
		}
		return len(units)
	}
	for i, run := range x.x.chips {
		lo, hi := at(asInt(asMap(run)["startIndex"])), len(units)
		if i+1 < len(x.x.chips) {
			hi = at(asInt(asMap(x.x.chips[i+1])["startIndex"]))
		}
		chip := asMap(asMap(run)["chip"])
		part := cellPart{Text: string(units[lo:hi]), Chip: len(chip) > 0, Title: asString(asMap(chip["personProperties"])["email"])}
		if uri := asString(asMap(chip["richLinkProperties"])["uri"]); uri != "" {
			part.Title = uri
			out.Links = append(out.Links, uri)
		}
		out.Parts = append(out.Parts, part)
	}
}

// paint sets the cell's looks. The text's colour follows from the background's, so that it can always be read.
func (p *painter) paint(out *gridCell, x *cell, r, c int) {
	var raw map[string]any
	if x != nil && x.f != nil {
		raw = x.f.raw
	}
	if p.dressed {
		raw = p.k.lookAt(p.t, r, c).formatWith(raw)
	}
	if raw == nil {
		return
	}
	tf := asMap(raw["textFormat"])
	for _, name := range []string{"bold", "italic", "strikethrough"} {
		if asBool(tf[name]) {
			out.Class += " " + name
		}
	}
	color := asMap(asMap(raw["backgroundColorStyle"])["rgbColor"])
	if color == nil {
		if color = asMap(raw["backgroundColor"]); color == nil {
			return
		}
	}
	channel := func(name string) float64 {
		f, _ := color[name].(float64)
		if n, ok := color[name].(int); ok {
			f = float64(n)
		}
		return min(max(f, 0), 1)
	}
	red, green, blue := channel("red"), channel("green"), channel("blue")
	if red+green+blue == 3 {
		return // white is the paper
	}
	byteOf := func(f float64) int { return int(math.Round(f * 255)) }
	out.Color = fmt.Sprintf("#%02x%02x%02x", byteOf(red), byteOf(green), byteOf(blue))
	if 0.2126*linear(red)+0.7152*linear(green)+0.0722*linear(blue) > 0.179 {
		out.Class += " light"
	} else {
		out.Class += " dark"
	}
}

// linear takes the gamma out of a channel, for telling how bright a colour is.
func linear(f float64) float64 {
	if f <= 0.04045 {
		return f / 12.92
	}
	return math.Pow((f+0.055)/1.055, 2.4)
}

// span joins the cells of merged ranges, as far as their rows and columns are on the page.
func (p *painter) span(rows []gridRow, columns []gridColumn) {
	for _, m := range p.t.merges {
		b := m.rect(p.t)
		var first *gridCell
		tall, wide := 0, 0
		for i := range rows {
			if n := rows[i].Number - 1; n < b.r0 || n >= b.r1 {
				continue
			}
			tall++
			wide = 0
			for j := range columns {
				if n := columns[j].Number - 1; n < b.c0 || n >= b.c1 {
					continue
				}
				wide++
				if first == nil {
					first = &rows[i].Cells[j]
					continue
				}
				rows[i].Cells[j].Covered = true
			}
		}
		if first != nil {
			first.Rows, first.Cols = tall, wide
		}
	}
}
