package gdocs

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// The table is found by its heading and its header row, among others and in any tab; else it is said which tables there are.
func TestFindTheTable(t *testing.T) {
	t.Parallel()
	retype := func(col int, header string) func(p *actionPlan) {
		return func(p *actionPlan) { p.must(p.srv.TypeInTable(p.id, 0, 0, col, header, false)) }
	}
	tests := []struct {
		name, table string
		do          func(p *actionPlan)
		found       bool
		hint        string // of the error, or of a hold
	}{
		{name: "by its heading", table: "action  TRACKER", found: true},
		{name: "by its header alone", found: true, do: func(p *actionPlan) {
			p.must(p.srv.AddTable(p.id, "Budget", []string{"Item", "Cost"}, []string{"Drill", "7"}))
		}},
		{name: "people write between heading and table", table: "Action tracker", found: true, do: func(p *actionPlan) {
			p.edit(false, `{"insertText":{"location":{"index":`+fmt.Sprint(p.table().StartIndex-1)+`},"text":"\nPlease keep it current!"}}`,
				`{"updateParagraphStyle":{"range":{"startIndex":`+fmt.Sprint(p.table().StartIndex+23)+`,"endIndex":`+fmt.Sprint(p.table().StartIndex+24)+
					`},"paragraphStyle":{"namedStyleType":"NORMAL_TEXT"},"fields":"namedStyleType"}}`)
		}},
		{name: "two of them", found: false, hint: "“Action tracker”, “Old actions”", do: func(p *actionPlan) {
			p.must(p.srv.AddTable(p.id, "Old actions", header))
		}},
		{name: "two of them, told apart by the heading", table: "Action tracker", found: true, do: func(p *actionPlan) {
			p.must(p.srv.AddTable(p.id, "Old actions", header))
		}},
		{name: "another heading", table: "Activities", found: false, hint: "“Action tracker”"},
		{name: "the title's header changed", table: "Action tracker", found: false, hint: "“What”, “Who”", do: retype(0, "What")},
		{name: "another header changed", table: "Action tracker", found: true, hint: "no column “When”", do: retype(2, "By when?")},
		{name: "a header twice", table: "Action tracker", found: true, hint: "more than one column “State”", do: retype(4, "State")},
		{name: "no table", found: false, hint: "undo its deletion", do: func(p *actionPlan) {
			e := p.table()
			p.edit(false, fmt.Sprintf(`{"deleteContentRange":{"range":{"startIndex":%d,"endIndex":%d}}}`, e.StartIndex, e.EndIndex))
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newPlan(t, []string{"Dig a well", "", "2026-05-04", "Doing"})
			p.cfg.Table = tt.table
			if tt.do != nil {
				tt.do(p)
			}
			snap, err := p.connect().Pull(t.Context(), "")
			if !tt.found {
				if !fault.HasReason(err, fault.SchemaDrift) || !strings.Contains(fault.Of(err).Hint, tt.hint) {
					t.Errorf("%v, hint %q", err, fault.Of(err).Hint)
				}
				return
			}
			if err != nil || len(snap.Records) != 1 || snap.Records[0].Values[task.Title].String() != "Dig a well" {
				t.Fatalf("%v, %+v", err, snap.Records)
			}
			if tt.hint != "" && (len(snap.Held) == 0 || !strings.Contains(snap.Held[0].Hint, tt.hint)) {
				t.Errorf("held %+v", snap.Held)
			}
		})
	}
}

// A table in a tab of a tab is read and written there.
func TestTableInAChildTab(t *testing.T) {
	t.Parallel()
	p := newPlan(t)
	doc := `{"title":"Plan","tabs":[{"tabProperties":{"tabId":"t.0","title":"One"},"documentTab":{"body":{"content":[
		{"endIndex":1,"sectionBreak":{}},{"startIndex":1,"endIndex":7,"paragraph":{"elements":[{"startIndex":1,"endIndex":7,"textRun":{"content":"Hello\n"}}]}}]}},
		"childTabs":[{"tabProperties":{"tabId":"t.sub","title":"Sub","parentTabId":"t.0"},"documentTab":{"body":{"content":[
			{"endIndex":1,"sectionBreak":{}},%s,{"startIndex":999,"endIndex":1000,"paragraph":{"elements":[{"textRun":{"content":"\n"}}]}}]}}}]}]}`
	cell := func(s string) string {
		return `{"tableCellStyle":{},"content":[{"paragraph":{"elements":[{"textRun":{"content":"` + s + `\n"}}]}}]}`
	}
	table := `{"table":{"rows":2,"columns":2,"tableRows":[{"tableCells":[` + cell("Action") + `,` + cell("Notes") + `]},{"tableCells":[` + cell("Dig") + `,` + cell("") + `]}]}}`
	id, err := p.srv.LoadDocument(strings.NewReader(fmt.Sprintf(doc, table)))
	p.must(err)
	p.id, p.cfg = id, Config{Document: id, Columns: map[string]string{"title": "Action", "notes": "Notes"}, Create: true}
	c := p.connect()
	r := p.adopt(c)[0]
	if !strings.HasSuffix(r.URL, "tab=t.sub") {
		t.Errorf("its address is %s", r.URL)
	}
	if got := p.set(c, r, task.Notes, task.TextValue("with a drill")); got.Err != nil {
		t.Fatal(got.Err)
	}
	if got := p.srv.DocumentTable(id, 0); fmt.Sprint(got) != "[[Action Notes] [Dig with a drill]]" {
		t.Errorf("the table is %q", got)
	}
}
