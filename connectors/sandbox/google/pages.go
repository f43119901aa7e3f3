package google

import (
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
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
			e.State = d.access.words()
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
	Rows                    []gridRow
	From, To, Last          int
	Prev, Next, Toggle      string
	ShowHidden              bool
	Hidden                  int
	Ref, Text               string // what stands in the line for editing
	Locale, TimeZone        string
}

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

type gridRow struct {
	Number int
	Hidden bool
	Cells  []gridCell
}

type gridCell struct {
	Ref, Text, Edit, Link, Note, Class string
	Choices                            []string
	On                                 bool
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
			for _, r := range v.Rows {
				longest = max(longest, utf8.RuneCountInString(r.Cells[i].Text))
			}
			col.Width = min(max(100, longest*7+20), 280)
		}
	}
	return "grid.html", v, nil
}

// fill sets the cells of the page's rows.
func (s *Server) fill(v *gridView, w *workbook, t *tab, chosen string) {
	k := newCalculator(w, s.o.Now())
	for r := v.From - 1; r < v.To; r++ {
		l := t.rowLane(r)
		if l.hidden && !v.ShowHidden {
			continue
		}
		row := gridRow{Number: r + 1, Hidden: l.hidden}
		for _, col := range v.Columns {
			c := gridCell{Ref: col.Letters + itoa(r+1)}
			if x := t.at(r, col.Number-1); x != nil {
				res := k.result(t, r, col.Number-1)
				f := effectiveOf(x.f, res.numType)
				c.Text, c.Edit, c.Link = display(res.v, f, k.l), editable(x, k), linkOf(x, res)
				switch res.v.kind {
				case number:
					c.Class = "num"
				case failure:
					c.Class, c.Note = "err", res.v.msg
				case boolean:
					c.Class = "bool"
				default:
				}
				if x.x != nil {
					if x.x.note != "" {
						c.Note = x.x.note
					}
					if cond := asMap(x.x.rule["condition"]); asString(cond["type"]) == "ONE_OF_LIST" {
						for _, one := range asList(cond["values"]) {
							c.Choices = append(c.Choices, asString(asMap(one)["userEnteredValue"]))
						}
					}
				}
			}
			if c.On = c.Ref == chosen; c.On {
				v.Ref, v.Text = c.Ref, c.Edit
			}
			row.Cells = append(row.Cells, c)
		}
		if r < t.frozenRows {
			for i := range row.Cells {
				row.Cells[i].Class += " head"
			}
		}
		v.Rows = append(v.Rows, row)
	}
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
