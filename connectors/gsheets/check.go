package gsheets

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"google.golang.org/api/sheets/v4"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/connectors/cells"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

var _ connectors.Checker = (*Connector)(nil)

const (
	checkRows   = 10 // shown as they would be read
	checkDoubts = 50 // cells that are named one by one
)

// Check tries what the source needs against the live spreadsheet: see connectors.Checker. It only reads, in two requests and one
// of Drive.
func (c *Connector) Check(ctx context.Context) ([]connectors.Finding, error) {
	k := &checkup{c: c}
	for _, step := range []func(context.Context) bool{
		k.access, k.rights, k.header, k.columns, k.rows, k.statuses, k.partners, k.people, k.days, k.doubts, k.sample,
	} {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("check the sheet: %w", err)
		}
		if !step(ctx) {
			break
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("check the sheet: %w", err)
	}
	return k.out, nil
}

// checkup is one Check. Each of its steps reports whether the rest can be tried.
type checkup struct {
	c     *Connector
	out   []connectors.Finding
	t     *table
	sheet *sheets.Sheet // what is known of the tab besides its cells
	recs  []task.Record
	held  []task.Hold
}

func (k *checkup) ok(topic, format string, args ...any) {
	k.out = append(k.out, connectors.Finding{Level: connectors.LevelOK, Topic: topic, Text: fmt.Sprintf(format, args...)})
}

func (k *checkup) warn(topic, hint, format string, args ...any) {
	k.out = append(k.out, connectors.Finding{Level: connectors.LevelWarning, Topic: topic, Text: fmt.Sprintf(format, args...), Hint: hint})
}

// bad is what went wrong when something was tried.
func (k *checkup) bad(topic string, level connectors.Level, err error) {
	f := fault.Of(err)
	k.out = append(k.out, connectors.Finding{Level: level, Topic: topic, Text: f.Error(), Hint: f.Hint})
}

// access reads what the spreadsheet says of itself.
func (k *checkup) access(ctx context.Context) bool {
	c := k.c
	s, err := c.svc.Spreadsheets.Get(c.cfg.Spreadsheet).Context(ctx).
		Fields("properties(title,locale,timeZone),sheets(properties(sheetId,title,sheetType),protectedRanges(range,warningOnly,requestingUserCanEdit,description))").Do()
	if err != nil {
		f, _ := c.fault("read the spreadsheet", err) //nolint:contextcheck // the answer is here: nothing is sent
		k.bad("access", connectors.LevelError, f)
		return false
	}
	if s.Properties != nil {
		k.ok("access", "the spreadsheet %s can be read (locale %s, time zone %s)", cells.Quote(s.Properties.Title), s.Properties.Locale, s.Properties.TimeZone)
	}
	var names []string
	for _, sh := range s.Sheets {
		if sh.Properties == nil {
			continue
		}
		if sh.Properties.Title == c.cfg.Tab {
			k.sheet = sh
		}
		names = append(names, sh.Properties.Title)
	}
	switch {
	case k.sheet == nil:
		k.out = append(k.out, connectors.Finding{
			Level: connectors.LevelError, Topic: "tab", Text: fmt.Sprintf("there is no tab %s in the spreadsheet", cells.Quote(c.cfg.Tab)),
			Hint: "the tabs there are " + cells.QuoteAll(names) + cells.DidYouMean(c.cfg.Tab, names) + ": correct tab in the configuration",
		})
		return false
	case k.sheet.Properties.SheetType != "" && k.sheet.Properties.SheetType != "GRID":
		k.out = append(k.out, connectors.Finding{
			Level: connectors.LevelError, Topic: "tab", Text: fmt.Sprintf("the tab %s holds no cells", cells.Quote(c.cfg.Tab)),
			Hint: "name a tab with a table in it; the tabs there are " + cells.QuoteAll(names),
		})
		return false
	}
	return true
}

// rights tells, without writing, what may be written.
func (k *checkup) rights(ctx context.Context) bool {
	if k.c.o.Drive != nil {
		const hint = "share the spreadsheet, as an editor, with the service account's address: it is client_email in google.credentials_file"
		switch f, err := k.c.o.Drive.File(ctx, k.c.cfg.Spreadsheet); {
		case err != nil:
			k.bad("rights", connectors.LevelWarning, err)
		case f.Trashed:
			k.warn("rights", "restore it in Google Drive: open the bin, and choose Restore; after 30 days Google deletes it for good", "the spreadsheet lies in the bin")
		case k.c.cfg.ReadOnly:
			k.ok("rights", "the spreadsheet can be read, and read_only says that nothing is written to it")
		case !f.Writable:
			k.warn("rights", hint, "the spreadsheet may only be read: nothing can be written to it")
		default:
			k.ok("rights", "the spreadsheet may be edited")
		}
	}
	for _, p := range k.sheet.ProtectedRanges {
		if k.c.cfg.ReadOnly || p == nil || p.WarningOnly || p.RequestingUserCanEdit {
			continue
		}
		what := "a part of the tab"
		if r := p.Range; r == nil || r.EndColumnIndex == 0 && r.EndRowIndex == 0 {
			what = "the tab"
		} else if r.EndColumnIndex > 0 {
			what = "columns " + columnName(int(r.StartColumnIndex)) + " to " + columnName(int(r.EndColumnIndex)-1)
		}
		k.warn("rights", "open Data, Protect sheets and ranges, and let the service account's address edit it too: it is client_email in google.credentials_file",
			"%s is protected, and Lockstep may not write there%s", what, described(p.Description))
	}
	return true
}

func described(s string) string {
	if s == "" {
		return ""
	}
	return ": " + cells.Quote(s)
}

// header reads the tab and looks for the header.
func (k *checkup) header(ctx context.Context) bool {
	c := k.c
	g, err := c.readTab(ctx, "read the tab", readCell, memory{})
	if err == nil {
		k.t, err = c.understand(g)
	}
	if err == nil {
		if f := c.lost(k.t, false); f != nil {
			err = f
		}
	}
	if err != nil {
		k.bad("header", connectors.LevelError, err)
		return false
	}
	t := k.t
	switch {
	case t.blank && c.cfg.Scorecard:
		k.ok("header", "the tab %s is empty: it gets its header, %s, with the first cycle", cells.Quote(c.cfg.Tab), cells.QuoteAll(c.shownHeaders()))
		return false
	case t.headerAt != c.cfg.headerIndex():
		h := c.movedHold(t.headerAt)
		k.warn("header", h.Hint, "the headers are in row %s, not in row %s", rowNumber(t.headerAt), rowNumber(c.cfg.headerIndex()))
	default:
		k.ok("header", "row %s of the tab %s holds the headers", rowNumber(t.headerAt), cells.Quote(c.cfg.Tab))
	}
	k.recs, k.held = c.records(t)
	return true
}

func (c *Connector) shownHeaders() []string {
	return slices.DeleteFunc(slices.Clone(c.headers[:]), func(h string) bool { return h == "" })
}

// columns says where each field is, and which columns are not read.
func (k *checkup) columns(context.Context) bool {
	t := k.t
	for _, f := range k.c.cfg.fields() {
		if col := t.column[f]; col >= 0 {
			k.ok("columns", "%s is column %s, %s", f, columnName(col), cells.Quote(t.header[col]))
		}
	}
	for _, h := range k.held {
		if f, ok := task.ParseField(h.Field); ok && h.Reason == task.HoldSchemaDrift {
			k.warn("columns", h.Hint, "%s: there is no single column %s", f, cells.Quote(h.Raw))
		}
	}
	var rest []string
	for col, h := range t.header {
		if h != "" && col != t.id && !slices.Contains(t.column[:], col) {
			rest = append(rest, h)
		}
	}
	if len(rest) > 0 {
		k.ok("columns", "not read, and never touched: %s", cells.QuoteAll(rest))
	}
	return true
}

// rows says which rows are tasks.
func (k *checkup) rows(context.Context) bool {
	t := k.t
	marked := 0
	for _, r := range t.items {
		if r.id != "" {
			marked++
		}
	}
	k.ok("rows", "%d rows are tasks, of which %d bear an id of Lockstep's", len(k.recs), marked)
	by := map[string][]string{}
	for _, at := range slices.Sorted(maps.Keys(t.strays)) {
		by[t.strays[at]] = append(by[t.strays[at]], rowNumber(at))
	}
	for _, why := range slices.Sorted(maps.Keys(by)) {
		rows := by[why]
		if len(rows) > 20 {
			rows = append(rows[:20:20], "…")
		}
		k.ok("rows", "passed over as %s: row %s", why, strings.Join(rows, ", "))
	}
	for _, h := range k.held {
		if h.Reason != task.HoldSchemaDrift {
			k.warn("rows", h.Hint, "%s is held: %s %s", h.Name, h.Reason, cells.Quote(h.Raw))
		}
	}
	return true
}

// words counts what stands in the column of a field, in the rows that are tasks.
func (k *checkup) words(f task.Field) []wordCount {
	if k.t.column[f] < 0 {
		return nil
	}
	var rows []int
	for _, r := range k.t.items {
		rows = append(rows, r.at)
	}
	return k.t.count(f, rows)
}

// wordCount is a text of a column: how often it stands there, and where it stands first.
type wordCount struct {
	cell  cell
	shown string // one way to write it
	n     int
	at    string // A1 notation
}

// count counts the texts in a field's column, in their order in the alphabet. Texts that differ in case, accents and blanks only
// are one.
func (t *table) count(f task.Field, rows []int) []wordCount {
	seen := map[string]*wordCount{}
	col := t.column[f]
	for _, at := range rows {
		c := t.at(at, col)
		if c.blank() || c.kind == errorCell {
			continue
		}
		key := cells.FoldName(text(c))
		if seen[key] == nil {
			seen[key] = &wordCount{cell: c, shown: strings.Join(strings.Fields(text(c)), " "), at: columnName(col) + rowNumber(at)}
		}
		seen[key].n++
	}
	var out []wordCount
	for _, key := range slices.Sorted(maps.Keys(seen)) {
		out = append(out, *seen[key])
	}
	slices.SortStableFunc(out, func(x, y wordCount) int { return cmp.Compare(y.n, x.n) })
	return out
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}
