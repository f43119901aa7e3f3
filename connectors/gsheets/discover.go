package gsheets

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"google.golang.org/api/googleapi"
	"google.golang.org/api/sheets/v4"

	"github.com/lockstep-sync/lockstep/connectors/cells"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

const (
	discoverTabs = 10 // of a spreadsheet are looked at when none is named
	discoverRows = 40 // in which a header is looked for
)

// Place names a tab of a spreadsheet, as a person gives it.
type Place struct {
	Spreadsheet string
	Sheet       int64  // the tab's number, from the address; negative where it names none
	Tab         string // the tab's title; "" where none is named
}

// ParseAddress reads the address of a spreadsheet as the browser shows it, or its bare id. The error says what is wrong.
func ParseAddress(s string) (Place, error) {
	p := Place{Sheet: -1}
	s = strings.TrimSpace(s)
	if _, after, ok := strings.Cut(s, "/d/"); ok {
		p.Spreadsheet, _, _ = strings.Cut(strings.TrimPrefix(after, "e/"), "/")
		p.Spreadsheet, _, _ = strings.Cut(p.Spreadsheet, "?")
		p.Spreadsheet, _, _ = strings.Cut(p.Spreadsheet, "#")
	} else {
		p.Spreadsheet = s
	}
	if p.Spreadsheet == "" || strings.Trim(p.Spreadsheet, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") != "" {
		return p, fmt.Errorf("%s is no address of a spreadsheet: copy it from the browser's address bar, it has /spreadsheets/d/ in it", cells.Quote(s))
	}
	if strings.Contains(s, "/document/") {
		return p, fmt.Errorf("%s is the address of a document, not of a spreadsheet", cells.Quote(s))
	}
	if _, after, ok := strings.Cut(s, "gid="); ok {
		var n int64
		if _, err := fmt.Sscanf(after, "%d", &n); err == nil && n >= 0 {
			p.Sheet = n
		}
	}
	return p, nil
}

// Discovery is what was found in a spreadsheet.
type Discovery struct {
	Title, Locale, TimeZone string
	Tabs                    []string // those with cells that are not hidden
	Tab                     string   // the one that was looked at
	HeaderRow               int      // counted from 1; 0 where no header was found, and then there is nothing below
	Headers                 []string // in their order, as the configuration may name them
	Guesses                 []Guess  // by field
}

// Guess is a column that seems to hold a field.
type Guess struct {
	Field  task.Field
	Header string // as the configuration may name it
	Column string // its letters
	Why    string // what speaks for it
	Doubt  string // what speaks against it; "" for nothing
}

// Columns are the guesses as the configuration has them.
func (d *Discovery) Columns() map[string]string {
	out := make(map[string]string, len(d.Guesses))
	for _, g := range d.Guesses {
		out[g.Field.String()] = g.Header
	}
	return out
}

// Discover looks for the table of tasks in a spreadsheet: its tab, its header, and what its columns hold. It only reads, in at most
// three requests. The error is a fault with a hint; that no table was found is none.
func Discover(ctx context.Context, svc *sheets.Service, p Place, o Options) (Discovery, error) {
	c := &Connector{cfg: Config{Spreadsheet: p.Spreadsheet}, svc: svc, o: o}
	if c.o.Now == nil {
		return Discovery{}, errors.New("discover the sheet: there is no clock")
	}
	s, err := svc.Spreadsheets.Get(p.Spreadsheet).Context(ctx).
		Fields("properties(title,locale,timeZone),sheets(properties(sheetId,title,sheetType,hidden))").Do()
	if err != nil {
		f, _ := c.fault("read the spreadsheet", err) //nolint:contextcheck // the answer is here: nothing is sent
		return Discovery{}, f
	}
	var d Discovery
	if s.Properties != nil {
		d.Title, d.Locale, d.TimeZone = s.Properties.Title, s.Properties.Locale, s.Properties.TimeZone
	}
	for _, sh := range s.Sheets {
		q := sh.Properties
		if q == nil || q.SheetType != "" && q.SheetType != "GRID" {
			continue
		}
		if q.SheetId == p.Sheet && p.Tab == "" || p.Tab != "" && q.Title == p.Tab {
			d.Tab = q.Title
		}
		if !q.Hidden {
			d.Tabs = append(d.Tabs, q.Title)
		}
	}
	if p.Tab != "" && d.Tab == "" {
		f := fault.New(fault.Permanent, fault.NotFound, "find the tab", "there is no tab %s in the spreadsheet", cells.Quote(p.Tab))
		return d, f.WithHint("the tabs there are %s%s", cells.QuoteAll(d.Tabs), cells.DidYouMean(p.Tab, d.Tabs))
	}
	if d.Tab == "" {
		if d.Tab, err = c.likeliestTab(ctx, d.Tabs); err != nil || d.Tab == "" {
			return d, err
		}
	}
	c.cfg.Tab = d.Tab
	g, err := c.readTab(ctx, "read the tab", readCell, memory{})
	if err != nil {
		return d, err
	}
	at := likeliestHeader(g)
	if at < 0 {
		return d, nil
	}
	d.HeaderRow = at + 1
	d.propose(g, at)
	return d, nil
}

// likeliestTab is the tab with the likeliest header; "" where none has one.
func (c *Connector) likeliestTab(ctx context.Context, tabs []string) (string, error) {
	if len(tabs) <= 1 {
		return strings.Join(tabs, ""), nil
	}
	tabs = tabs[:min(len(tabs), discoverTabs)]
	ranges := make([]string, len(tabs))
	for i, tab := range tabs {
		ranges[i] = fmt.Sprintf("%s!1:%d", tabRange(tab), discoverRows)
	}
	s, err := c.svc.Spreadsheets.Get(c.cfg.Spreadsheet).Ranges(ranges...).Fields(gridMask(readCell)).Context(ctx).Do()
	if answer, ok := errors.AsType[*googleapi.Error](err); ok && answer.Code == http.StatusBadRequest {
		return tabs[0], nil // a tab was renamed meanwhile: the first one is as good a guess
	}
	if err != nil {
		f, _ := c.fault("read the tabs", err) //nolint:contextcheck // the answer is here: nothing is sent
		return "", f
	}
	best, score := "", 0.0
	for _, tab := range tabs {
		if g := readGrid(s, tab); g != nil {
			if at := likeliestHeader(g); at >= 0 && headerScore(g, at) > score {
				best, score = tab, headerScore(g, at)
			}
		}
	}
	return best, nil
}

// likeliestHeader is the row, counted from 0, that looks most like the header of a table of tasks; -1 where none does.
func likeliestHeader(g *grid) int {
	best, score := -1, 0.0
	for at := range min(len(g.cells), discoverRows) {
		if x := headerScore(g, at); x > score {
			best, score = at, x
		}
	}
	return best
}

// headerScore says how much a row looks like a header: words that head columns, each a text of its own, with something
// below. 0: not at all.
func headerScore(g *grid, at int) float64 {
	score, texts, fields := 0.0, map[string]bool{}, map[task.Field]bool{}
	for col, h := range headerTexts(g, at) {
		c := g.at(at, col)
		if h == "" {
			continue
		}
		if c.kind != textCell && !c.blank() || c.formula {
			return 0
		}
		texts[cells.FoldHeader(h)] = true
		for _, f := range task.AllFields() {
			if x := matchHeader(h, f); x >= 3 && !fields[f] {
				fields[f] = true
				score += x
			} else if x > 0 && !fields[f] {
				score += x / 3
			}
		}
	}
	below := g.below(at)
	if below >= len(g.cells) || len(texts) == 0 || len(texts) == 1 && len(fields) == 0 {
		return 0
	}
	return score + 0.2*float64(min(len(texts), 20))
}

// matchHeader says how well a header fits a field: 3 and more for a known word, 1.5 for one among others, 0 for none.
func matchHeader(header string, f task.Field) float64 {
	w := headerWord(header)
	if w == "" {
		return 0
	}
	words := headerWords(f)
	part := 0.0
	for i, known := range words {
		k := cells.FoldWord(known)
		if k == w {
			return 3 + float64(len(words)-i)/float64(len(words))/2
		}
		if len(k) >= 4 && strings.Contains(" "+w+" ", " "+k+" ") {
			part = max(part, 1.5+float64(len(k))/100) // "planned end date" is more of an end date than of a date
		}
	}
	return part
}
