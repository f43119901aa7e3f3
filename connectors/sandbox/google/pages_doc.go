package google

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// docPage is a document as a person sees it: paragraphs and tables in order, and one cell that is being edited.
type docPage struct {
	ID, Title, Message string
	Tabs               []docPageTab
	Suggestions        []docPageSuggestion
	State              string
}

type docPageTab struct {
	Title  string
	Blocks []docBlock
}

type docPageSuggestion struct{ ID, Who, Text string }

// docBlock is a paragraph or a table.
type docBlock struct {
	Heading int // 1 to 6; 0 is no heading
	Bullet  int // how deep, from 1; 0 is no bullet
	Spans   []docSpan
	Table   *docPageTable
}

// docSpan is a stretch of text in one look.
type docSpan struct {
	Text, Link           string
	Tone                 string // red, amber, green or grey behind the words; "" for none
	Bold, Italic         bool
	Chip, Added, Removed bool
}

type docPageTable struct {
	Number, Last int   // Last is the number of its last row
	Widths       []int // of its columns, in hundredths; nil where they are all alike
	Rows         []docPageRow
}

type docPageRow struct {
	Number         int
	Added, Removed bool
	Header         bool
	Cells          []docPageCell
}

type docPageCell struct {
	Number  int
	Blocks  []docBlock
	Text    string // as it stands in the box
	Editing bool
	Name    string // for a screen reader
	Color   string // behind it: #f4c7c3; "" for none
}

// Links are the stretches of the cell that lead somewhere.
func (c docPageCell) Links() []docSpan {
	var out []docSpan
	for _, b := range c.Blocks {
		for _, s := range b.Spans {
			if s.Link != "" {
				out = append(out, s)
			}
		}
	}
	return out
}

// rgb are the channels of an OptionalColor, and false where it has none.
func rgb(v any) (red, green, blue float64, ok bool) {
	color := asMap(asMap(v)["color"])
	in := asMap(color["rgbColor"])
	channel := func(name string) float64 {
		f, _ := in[name].(float64)
		return min(max(f, 0), 1)
	}
	return channel("red"), channel("green"), channel("blue"), in != nil
}

// toneOf is which of a few colours one is nearest to; "" for none, and for white.
func toneOf(v any) string {
	red, green, blue, ok := rgb(v)
	switch low := min(red, green, blue); {
	case !ok || low > 0.97:
		return ""
	case max(red, green, blue)-low < 0.05:
		return "grey"
	case green > red:
		return "green"
	case green > 0.85 && blue < 0.85:
		return "amber"
	}
	return "red"
}

// hexOf is a colour as the page shows it behind a cell; "" for none.
func hexOf(v any) string {
	red, green, blue, ok := rgb(v)
	if !ok {
		return ""
	}
	return fmt.Sprintf("#%02x%02x%02x", int(red*255), int(green*255), int(blue*255))
}

// widthsOf are the widths of a table's columns in hundredths; nil where not all are given.
func widthsOf(table map[string]any) []int {
	var out []float64
	all := 0.0
	for _, x := range asList(asMap(table["tableStyle"])["tableColumnProperties"]) {
		w, _ := asMap(asMap(x)["width"])["magnitude"].(float64)
		if w <= 0 {
			return nil
		}
		out = append(out, w)
		all += w
	}
	var shares []int
	for _, w := range out {
		shares = append(shares, int(94*w/all)) // the rest is for what can be done with a row
	}
	return shares
}

// documentPage shows a document. With table, row and cell in the query that cell is open for editing.
func (s *Server) documentPage(_ http.ResponseWriter, r *http.Request) (string, any, error) {
	d := s.document(r.PathValue("id"))
	if d == nil {
		return "", nil, fmt.Errorf("there is no such document")
	}
	q := r.URL.Query()
	open := [3]int{-1, -1, -1}
	for i, k := range []string{"table", "row", "cell"} {
		if n, err := strconv.Atoi(q.Get(k)); err == nil {
			open[i] = n
		}
	}
	p := docPage{ID: d.id, Title: d.title, Message: q.Get("message"), State: d.words()}
	n := 0
	for _, t := range d.tabs {
		v := docViewer{units: t.body, tables: &n, open: open}
		blocks, _ := v.blocks(0)
		p.Tabs = append(p.Tabs, docPageTab{t.title, blocks})
	}
	for _, x := range d.suggestions {
		if x.status == suggestionOpen {
			who := "lockstep"
			if x.person {
				who = "a person"
			}
			p.Suggestions = append(p.Suggestions, docPageSuggestion{x.id, who, d.summary(x.id)})
		}
	}
	return "document.html", p, nil
}

// docViewer turns units into what the page shows.
type docViewer struct {
	units  []unit
	tables *int // how many were shown; nil within a cell, where tables have no number
	open   [3]int
}

func (v *docViewer) blocks(i int) ([]docBlock, int) {
	var out []docBlock
	for i < len(v.units) {
		switch v.units[i].kind {
		case cellUnit, rowUnit, tableEndUnit, tocEndUnit:
			return out, i
		case sectionUnit, tocUnit:
			i++
		case tableUnit:
			var t docPageTable
			t, i = v.table(i)
			out = append(out, docBlock{Table: &t})
		case textUnit, newlineUnit, objectUnit:
			var b docBlock
			b, i = v.paragraph(i)
			out = append(out, b)
		}
		if i < len(v.units) && v.units[i].kind == tocEndUnit {
			i++
		}
	}
	return out, i
}

func (v *docViewer) paragraph(i int) (docBlock, int) {
	var b docBlock
	for {
		u := &v.units[i]
		if u.kind == newlineUnit {
			style := asMap(u.what["paragraphStyle"])
			if n, ok := strings.CutPrefix(asString(style["namedStyleType"]), "HEADING_"); ok {
				b.Heading, _ = strconv.Atoi(n)
			} else if asString(style["namedStyleType"]) == "TITLE" {
				b.Heading = 1
			}
			if bullet := asMap(u.what["bullet"]); bullet != nil {
				b.Bullet = asInt(bullet["nestingLevel"]) + 1
			}
			return b, i + 1
		}
		from := i
		for i++; u.kind == textUnit && v.units[i].kind == textUnit && v.units[i].look == u.look; i++ {
		}
		s := docSpan{
			Link: asString(asMap(u.look.style["link"])["url"]), Bold: asBool(u.look.style["bold"]), Italic: asBool(u.look.style["italic"]),
			Added: len(u.look.ins) > 0, Removed: len(u.look.del) > 0, Tone: toneOf(u.look.style["backgroundColor"]),
		}
		if u.kind == objectUnit {
			s.Chip, s.Text = true, chipText(u.what)
			if link := asString(asMap(asMap(u.what["richLink"])["richLinkProperties"])["uri"]); link != "" {
				s.Link = link
			}
		} else {
			bare := make([]unit, i-from)
			for k := range bare {
				bare[k] = unit{char: v.units[from+k].char}
			}
			s.Text = strings.ReplaceAll(plainText(bare), "\v", "\n")
		}
		if !strings.HasPrefix(s.Link, "https://") && !strings.HasPrefix(s.Link, "http://") {
			s.Link = "" // what else stands there leads nowhere
		}
		b.Spans = append(b.Spans, s)
	}
}

func (v *docViewer) table(i int) (docPageTable, int) {
	t := docPageTable{Number: -1, Widths: widthsOf(v.units[i].what)}
	if v.tables != nil {
		t.Number = *v.tables
		*v.tables++
	}
	tables := v.tables
	v.tables = nil
	defer func() { v.tables = tables }()
	var head []string
	for i++; v.units[i].kind == rowUnit; {
		u := &v.units[i]
		row := docPageRow{
			Number: len(t.Rows), Added: len(u.ids(insertionIDs)) > 0, Removed: len(u.ids(deletionIDs)) > 0, Header: len(t.Rows) == 0,
		}
		for i++; v.units[i].kind == cellUnit; {
			c := docPageCell{Number: len(row.Cells)}
			from := i + 1
			c.Color = hexOf(asMap(v.units[i].what["tableCellStyle"])["backgroundColor"])
			c.Blocks, i = v.blocks(from)
			c.Text = shownText(v.units[from:i])
			c.Editing = t.Number >= 0 && v.open == [3]int{t.Number, row.Number, c.Number}
			if row.Header {
				head = append(head, c.Text)
			}
			c.Name = fmt.Sprintf("row %d, column %d", row.Number+1, c.Number+1)
			if c.Number < len(head) && head[c.Number] != "" {
				c.Name = fmt.Sprintf("%s, row %d", head[c.Number], row.Number+1)
			}
			row.Cells = append(row.Cells, c)
		}
		t.Last, t.Rows = row.Number, append(t.Rows, row)
	}
	return t, i + 1
}

// actDoc does what a form of a document's page asks for and goes back to the page, with a message when it could not be
// done.
func (s *Server) actDoc(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "the form could not be read", http.StatusBadRequest)
		return
	}
	id := r.PathValue("id")
	if s.document(id) == nil {
		http.Error(w, "there is no such document", http.StatusNotFound)
		return
	}
	back := url.Values{}
	if err := s.doActDoc(r.PathValue("act"), id, r.PostForm); err != nil {
		back.Set("message", err.Error())
	}
	http.Redirect(w, r, "/document/d/"+url.PathEscape(id)+"/edit?"+back.Encode()+"#table-"+url.PathEscape(r.PostForm.Get("table")), http.StatusSeeOther)
}

func (s *Server) doActDoc(act, id string, form url.Values) error {
	at := func(key string) int {
		n, err := strconv.Atoi(form.Get(key))
		if err != nil {
			return -1 // no table, row or cell
		}
		return n
	}
	suggest := form.Get("suggest") != ""
	switch act {
	case "cell":
		text := strings.ReplaceAll(form.Get("text"), "\r\n", "\n")
		return s.TypeInTable(id, at("table"), at("row"), at("cell"), text, suggest)
	case "add-row":
		return s.AddTableRow(id, at("table"), at("row"), suggest, form["text"]...)
	case "delete-row":
		return s.DeleteTableRow(id, at("table"), at("row"), suggest)
	case "move-row":
		return s.MoveTableRow(id, at("table"), at("row"), at("before"))
	case "copy-row":
		return s.CopyTableRow(id, at("table"), at("row"), at("row")+1)
	case "accept", "reject":
		return s.DecideSuggestion(id, form.Get("suggestion"), act == "accept")
	}
	return fmt.Errorf("the page knows nothing called %q", act)
}
