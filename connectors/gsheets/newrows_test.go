package gsheets

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// TestNewRowsGoAboveWhatStandsUnderTheTable: a person who adds a task puts it above the totals, and not under another table.
func TestNewRowsGoAboveWhatStandsUnderTheTable(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lines []string
		want  []string // the first cells of the rows under the header afterwards
	}{
		"nothing":               {[]string{"Pump|2026-03-01|5"}, []string{"Pump", "Well", "Tank"}},
		"totals":                {[]string{"Pump|2026-03-01|5", "Pipe||7", "Total||=SUM(C2:C3)"}, []string{"Pump", "Pipe", "Well", "Tank", "Total"}},
		"totals, after a blank": {[]string{"Pump||5", "||", "Total||=SUM(C2:C3)"}, []string{"Pump", "Well", "Tank", "", "Total"}},
		"another table": {
			[]string{"Pump||5", "||", "Name|Role|Phone", "Amina|Chair|123"},
			[]string{"Pump", "Well", "Tank", "", "Name", "Amina"},
		},
		"totals of no rows at all": {[]string{"Total||=SUM(C5:C6)"}, []string{"Well", "Tank", "Total"}},
		"subtotals":                {[]string{"Pump||5", "Subtotal||=SUM(C2:C2)", "Pipe||7", "Subtotal||=SUM(C4:C4)", "Total||=C3+C5"}, []string{"Pump", "Subtotal", "Pipe", "Well", "Tank", "Subtotal", "Total"}},
		"tasks under the totals":   {[]string{"Pump||5", "Total||=SUM(C2:C2)", "Pipe||7"}, []string{"Pump", "Total", "Pipe", "Well", "Tank"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := open(t, columns("title", "Action", "due", "Due"), "Action|Due|Cost")
			for i, line := range c.lines {
				for col, text := range strings.Split(line, "|") {
					if text != "" {
						b.typed(columnName(col)+rowNumber(i+1), text)
					}
				}
			}
			b.adopt()
			rows := len(b.srv.Rows(b.id, tab))
			b.asked()
			var patches []task.Patch
			for i, title := range []string{"Well", "Tank"} {
				var v task.Values
				v[task.Title], v[task.Due] = task.TextValue(title), date(2026, 5, 1+i)
				patches = append(patches, creating(task.ID(fmt.Sprint("CW-", 90+i)), v))
			}
			for i, r := range b.landed(patches...) {
				if r.Record == nil || r.Record.Values[task.Due] != date(2026, 5, 1+i) {
					t.Errorf("the receipt holds %+v", r.Record)
				}
			}
			if reads, writes := b.asked(); reads != 1 || writes != 1 {
				t.Errorf("%d reads and %d writes", reads, writes)
			}
			var got []string
			g, err := b.c.readTab(t.Context(), "look", readCell, memory{})
			b.must(err)
			for i, row := range b.srv.Rows(b.id, tab)[1:] {
				first, _ := at(row, 0, true).(string)
				got = append(got, first)
				if first == "Well" {
					if c := g.at(i+1, 1); !c.dated() {
						t.Errorf("the new date is shown as %q", c.shown)
					}
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("the rows are %q; want %q", got, c.want)
			}
			if n := len(b.srv.Rows(b.id, tab)); n != rows+2 {
				t.Errorf("%d rows came to be %d", rows, n)
			}
			// The next look sees them as it wrote them, and writes nothing.
			if snap := b.pull(); b.titled(snap, "Well").Marker != "CW-90" || b.titled(snap, "Tank").Marker != "CW-91" {
				t.Errorf("read again: %+v", snap.Records)
			}
			if name == "totals" {
				b.is("C6", 12.0)
			}
		})
	}
}
