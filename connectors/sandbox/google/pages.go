package google

import (
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

//go:embed page
var pageFiles embed.FS

// pages serves people: a list of the files, a grid to see and edit each spreadsheet, documents to read. Forms post to
// addresses under /sandbox/ and work without scripts; a script makes them nicer.
func (s *Server) pages() http.Handler {
	tmpl := template.Must(template.New("").ParseFS(pageFiles, "page/*.html"))
	mux := http.NewServeMux()
	page := func(f func(w http.ResponseWriter, r *http.Request) (string, any, error)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			name, data, err := f(w, r)
			if err != nil {
				http.Error(w, err.Error(), http.StatusNotFound)
				return
			}
			var b strings.Builder
			if err := tmpl.ExecuteTemplate(&b, name, data); err != nil {
				http.Error(w, "the page could not be written", http.StatusInternalServerError)
				return
			}
			secure(w)
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = w.Write([]byte(b.String()))
		}
	}
	mux.HandleFunc("GET /{$}", page(s.indexPage))
	mux.HandleFunc("GET /spreadsheets/d/{id}/edit", page(s.gridPage))
	mux.HandleFunc("GET /document/d/{id}/edit", page(s.documentPage))
	mux.HandleFunc("GET /spreadsheets/d/{id}", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/spreadsheets/d/"+url.PathEscape(r.PathValue("id"))+"/edit", http.StatusFound)
	})
	for name, kind := range map[string]string{"style.css": "text/css; charset=utf-8", "grid.js": "text/javascript; charset=utf-8"} {
		mux.HandleFunc("GET /sandbox/"+name, func(w http.ResponseWriter, r *http.Request) {
			secure(w)
			w.Header().Set("Content-Type", kind)
			http.ServeFileFS(w, r, pageFiles, "page/"+name)
		})
	}
	mux.HandleFunc("GET /sandbox/events", s.events)
	mux.HandleFunc("POST /sandbox/spreadsheets/{id}/{act}", s.act)
	mux.HandleFunc("POST /sandbox/documents/{id}/{act}", s.actDoc)
	return mux
}

// secure lets the page load nothing but its own parts: cell texts are anybody's.
func secure(w http.ResponseWriter) {
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "+
		"form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Cache-Control", "no-store")
}

type indexEntry struct {
	Title, Link, What, State string
	Changed                  string
}

func (s *Server) indexPage(http.ResponseWriter, *http.Request) (string, any, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []indexEntry
	for _, id := range s.order {
		if w := s.books[id]; w != nil {
			e := indexEntry{
				Title: w.title, Link: "/spreadsheets/d/" + id + "/edit", What: fmt.Sprintf("Spreadsheet, %d tabs", len(w.tabs)),
				Changed: w.modified.UTC().Format("2 Jan 2006 15:04:05"),
			}
			e.State = access{w.trashed, w.unshared, w.readOnly}.words()
			out = append(out, e)
		} else if d := s.docs[id]; d != nil {
			e := indexEntry{
				Title: d.title, Link: "/document/d/" + id + "/edit", What: "Document", Changed: d.modified.UTC().Format("2 Jan 2006 15:04:05"),
			}
			e.State = d.words()
			out = append(out, e)
		}
	}
	return "index.html", out, nil
}

// rowsAPage is how many rows of a tab are on one page.
const rowsAPage = 200

type gridView struct {
	ID, Title, Tab, Message string
	Gid                     int
	Tabs                    []gridTab
	Columns                 []gridColumn
	Frozen, Rows            []gridRow
	Comments                []Comment
	People                  []string
	CanUndo                 bool
	From, To, Last          int
	Prev, Next, Toggle      string
	ShowHidden              bool
	Hidden, HiddenRows      int    // columns and rows that are left out
	Ref, Text               string // what stands in the line for editing
	ColumnActs, RowActs     []pageAct
	Locale, TimeZone        string
}

// pageAct is an entry of a row's or a column's menu.
type pageAct struct{ Act, Name string }

type gridTab struct {
	Title, Link string
	On          bool
}

type gridColumn struct {
	Letters string
	Number  int
	Width   int // pixels; set by somebody, or by what the column holds
	Hidden  bool
}

func (s *Server) gridPage(_ http.ResponseWriter, r *http.Request) (string, any, error) {
	w := s.book(r.PathValue("id"))
	if w == nil {
		return "", nil, fmt.Errorf("there is no such spreadsheet")
	}
	q := r.URL.Query()
	if len(w.tabs) == 0 {
		return "", nil, fmt.Errorf("the spreadsheet has no tabs")
	}
	t := w.tabs[0]
	if gid, err := strconv.Atoi(q.Get("gid")); err == nil && w.tabID(gid) != nil {
		t = w.tabID(gid)
	}
	v := gridView{
		ID: w.id, Title: w.title, Tab: t.title, Gid: t.id, ShowHidden: q.Get("hidden") == "1", Message: q.Get("message"),
		Locale: w.locale, TimeZone: w.timeZone, Last: t.lastRow(),
		ColumnActs: []pageAct{
			{"sort", "Sort A to Z"},
			{"sort-down", "Sort Z to A"},
			{"insert-column", "Insert a column to the left"},
			{"move-left", "Move left"},
			{"move-right", "Move right"},
			{"hide-column", "Hide or show"},
			{"delete-column", "Delete this column"},
		},
		RowActs: []pageAct{
			{"insert-row", "Insert a row above"},
			{"copy-row", "Copy this row below"},
			{"move-up", "Move up"},
			{"move-down", "Move down"},
			{"hide-row", "Hide or show"},
			{"delete-row", "Delete this row"},
		},
	}
	link := func(gid, from int, hidden bool) string {
		l := url.Values{"gid": {itoa(gid)}}
		if from > 1 {
			l.Set("from", itoa(from))
		}
		if hidden {
			l.Set("hidden", "1")
		}
		return "/spreadsheets/d/" + w.id + "/edit?" + l.Encode() + "#gid=" + itoa(gid)
	}
	v.From, _ = strconv.Atoi(q.Get("from"))
	v.From = max(1, min(v.From, t.rowCount))
	v.To = min(t.rowCount, v.From+rowsAPage-1, max(v.Last+5, v.From+19))
	if v.From > 1 {
		v.Prev = link(t.id, max(1, v.From-rowsAPage), v.ShowHidden)
	}
	if v.To < v.Last {
		v.Next = link(t.id, v.To+1, v.ShowHidden)
	}
	v.Toggle = link(t.id, v.From, !v.ShowHidden)
	for _, o := range w.tabs {
		if !o.hidden || o == t || v.ShowHidden {
			v.Tabs = append(v.Tabs, gridTab{o.title, link(o.id, 1, v.ShowHidden), o == t})
		}
	}
	wide := 6
	for _, k := range t.rows {
		if k != nil {
			for c := len(k.cells) - 1; c >= wide; c-- {
				if k.cells[c] != nil {
					wide = c + 1
				}
			}
		}
	}
	for c := range min(wide+1, t.colCount) {
		l := t.colLane(c)
		if l.hidden {
			v.Hidden++
		}
		if !l.hidden || v.ShowHidden {
			v.Columns = append(v.Columns, gridColumn{columnName(c), c + 1, l.size, l.hidden})
		}
	}
	s.fill(&v, w, t, strings.ToUpper(q.Get("cell")))
	for i := range v.Columns {
		if col := &v.Columns[i]; col.Width == 0 {
			longest := 0
			for _, r := range slices.Concat(v.Frozen, v.Rows) {
				longest = max(longest, utf8.RuneCountInString(r.Cells[i].Text))
			}
			col.Width = min(max(100, longest*7+20), 280)
		}
	}
	return "grid.html", v, nil
}

// fill sets the page's rows: those that are frozen, which stay on top, and the others.
func (s *Server) fill(v *gridView, w *workbook, t *tab, chosen string) {
	p := s.painter(w, t, chosen)
	for r := range t.frozenRows {
		if l := t.rowLane(r); !l.hidden || v.ShowHidden {
			v.Frozen = append(v.Frozen, p.row(r, v.Columns, l))
		}
	}
	for r := max(v.From-1, t.frozenRows); r < v.To; r++ {
		l := t.rowLane(r)
		if (l.hidden || l.filtered) && !v.ShowHidden {
			v.HiddenRows++
			continue
		}
		v.Rows = append(v.Rows, p.row(r, v.Columns, l))
	}
	p.span(v.Frozen, v.Columns)
	p.span(v.Rows, v.Columns)
	for _, rows := range [][]gridRow{v.Frozen, v.Rows} {
		for i := range rows {
			rows[i].View = v
		}
	}
	for _, c := range slices.Concat(v.Frozen, v.Rows) {
		for _, x := range c.Cells {
			if x.On {
				v.Ref, v.Text = x.Ref, x.Edit
			}
		}
	}
	for _, c := range s.Comments(w.id) {
		if c.Tab == t.title || c.Tab == "" {
			v.Comments = append(v.Comments, c)
		}
	}
	s.mu.RLock()
	for _, name := range s.people {
		v.People = append(v.People, name)
	}
	_, v.CanUndo = s.undo[w.id]
	s.mu.RUnlock()
	slices.Sort(v.People)
}

// editable is what a person has to type to get the cell as it is.
func editable(x *cell, k *calculator) string {
	asText := x.f != nil && x.f.numType == "TEXT"
	switch x.v.kind {
	case formula:
		return x.v.str
	case text:
		if got := typedText(x.v.str, k.l, asText, k.now); got.v != x.v {
			return "'" + x.v.str
		}
		return x.v.str
	case number:
		if x.f.isDate() {
			shown := display(x.v, x.f, k.l)
			if got := typedText(shown, k.l, false, k.now); got.v == x.v {
				return shown
			}
		}
		return displayNumber(x.v.num, "", k.l)
	default:
		return display(x.v, x.f, k.l)
	}
}
