package gdocs

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// What an edit does not change keeps its look, its link, its bullet and its comment.
func TestEditsKeepWhatTheyDoNotChange(t *testing.T) {
	t.Parallel()
	p := newPlan(t, []string{"Dig a well", "Amina Diallo", "2026-05-04", "In progress", "Ask Grace, see the survey\nthen call Amina"})
	p.edit(false,
		`{"updateTextStyle":{"range":{"startIndex":{cell 1 4 4},"endIndex":{cell 1 4 9}},"textStyle":{"bold":true},"fields":"bold"}}`,
		`{"updateTextStyle":{"range":{"startIndex":{cell 1 4 15},"endIndex":{cell 1 4 25}},"textStyle":{"link":{"url":"https://example.org/survey"}},"fields":"link"}}`,
		`{"createParagraphBullets":{"range":{"startIndex":{cell 1 4 26},"endIndex":{cell 1 4 30}},"bulletPreset":"BULLET_DISC_CIRCLE_SQUARE"}}`,
		`{"insertComment":{"range":{"startIndex":{cell 1 4 4},"endIndex":{cell 1 4 9}},"content":"Is she back?"}}`,
	)
	if got := p.runs(1, 4); got != "Ask [bold Grace], see [link the survey]|• then call Amina|" {
		t.Fatalf("at first the cell is %s", got)
	}
	c := p.connect()
	r := p.adopt(c)[0]
	if got := p.set(c, r, task.Notes, task.TextValue("Ask Grace, see the survey\nthen call Joseph")); got.Err != nil {
		t.Fatal(got.Err)
	}
	if got := p.runs(1, 4); got != "Ask [bold Grace], see [link the survey]|• then call Joseph|" {
		t.Errorf("after its end was changed the cell is %s", got)
	}
	r = p.pull(c).Records[0]
	if got := p.set(c, r, task.Notes, task.TextValue("Please ask Grace, see the survey of May\nor wait\nthen call Joseph")); got.Err != nil {
		t.Fatal(got.Err)
	}
	if got := p.shows(1, 4); got != "Please ask Grace, see the survey of May\nor wait\nthen call Joseph" {
		t.Errorf("the cell shows %q", got)
	}
	d := p.document()
	if len(d.Comments) != 1 || d.Comments[0].AnchorId == "" || d.Comments[0].PlainTextQuote != "Grace" {
		t.Errorf("the comment is %+v", d.Comments)
	}
}

// Any text becomes any other, also where they differ within what people see as one character.
func TestAnyTextBecomesAnyOther(t *testing.T) {
	t.Parallel()
	pieces := []string{"a", "b ", "\n", "é", "e\u0301", "\u0302", "😀", "😁", "👩‍🌾", "👩‍🔬", "👍🏽", "👍🏿", "🇰🇪", "🇰🇷", "❤️", "عربي", "각", "\u1100\u1161\u11A8", "\U0001F469"}
	text := rapid.Custom(func(t *rapid.T) string {
		return strings.TrimSpace(strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 6).Draw(t, "pieces"), ""))
	})
	p := newPlan(t, []string{"Dig a well"})
	c := p.connect()
	p.adopt(c)
	rapid.Check(t, func(rt *rapid.T) {
		for _, s := range rapid.SliceOfN(text, 1, 3).Draw(rt, "texts") {
			typed := rapid.Bool().Draw(rt, "a person types it")
			v := task.TextValue(s)
			if typed {
				p.must(p.srv.TypeInTable(p.id, 0, 1, 4, v.String(), false))
			}
			r := p.pull(c).Records[0]
			if got := p.set(c, r, task.Notes, v); got.Err != nil {
				rt.Fatalf("to write %q over %q: %v", s, r.Values[task.Notes], got.Err)
			}
			if got := p.shows(1, 4); task.TextValue(got) != v {
				rt.Fatalf("it shows %q, and is to show %q", got, v)
			}
		}
	})
}

// A lone chip is given its new value as a chip, in its form.
func TestChips(t *testing.T) {
	t.Parallel()
	p := newPlan(t, []string{"Dig a well"}, []string{"Lay a pipe", "Somebody else"})
	p.edit(false,
		`{"createDropdownDefinition":{"dropdownDefinition":{"dropdownDefinitionId":"kix.states","dropdownDefinitionProperties":{"options":[
			{"optionId":"dropdownItem.a","displayValue":"To do"},{"optionId":"dropdownItem.b","displayValue":"Doing"},{"optionId":"dropdownItem.c","displayValue":"Done"}]}}}}`,
		`{"insertDropdown":{"location":{"index":{cell 1 3}},"dropdownDefinitionId":"kix.states","selectedOptionId":"dropdownItem.a"}}`,
		`{"insertDate":{"location":{"index":{cell 1 2}},"dateElementProperties":{"timestamp":"2026-05-04T21:30:00Z","timeZoneId":"Africa/Nairobi","dateFormat":"DATE_FORMAT_ISO8601"}}}`,
		`{"insertPerson":{"location":{"index":{cell 1 1}},"personProperties":{"email":"amina@aquafund.org"}}}`,
	)
	c := p.connect()
	r := p.adopt(c)[0]
	// In Nairobi it is the fifth by then.
	if r.Values[task.Due] != day("2026-05-05") || r.Values[task.Assignee].String() != "Amina Diallo" || r.Values[task.Status].String() != task.NotStarted {
		t.Errorf("the chips are read as %q", r.Values)
	}
	got := c.Apply(t.Context(), []task.Patch{{Op: task.Update, Task: "CW-1", Ref: r.Ref, Set: []task.Change{
		{Field: task.Status, From: r.Values[task.Status], To: task.EnumValue(task.InProgress)},
		{Field: task.Assignee, From: r.Values[task.Assignee], To: task.PersonValue("Joseph Mwangi")},
		{Field: task.Due, From: r.Values[task.Due], To: day("2026-06-01")},
	}}})[0]
	if got.Err != nil {
		t.Fatal(got.Err)
	}
	for col, want := range map[int]string{1: "[person joseph@riverton.gov]|", 2: "[date 2026-06-01 ISO8601]|", 3: "[dropdown Doing]|"} {
		if now := p.runs(1, col); now != want {
			t.Errorf("cell %d is %s, want %s", col, now, want)
		}
	}
	// What no option means is refused, with a hint; who has no address is written out; and what is emptied is empty.
	r = p.pull(c).Records[0]
	if got := p.set(c, r, task.Status, task.EnumValue(task.Cancelled)); !fault.HasReason(got.Err, fault.Unsupported) || !strings.Contains(fault.Of(got.Err).Hint, "option") {
		t.Errorf("a status that the dropdown does not offer: %v", got.Err)
	}
	if got := p.set(c, r, task.Assignee, task.PersonValue("Grace Hopper")); got.Err != nil || p.runs(1, 1) != "Grace Hopper|" {
		t.Errorf("a person without an address: %v, %s", got.Err, p.runs(1, 1))
	}
	r = p.pull(c).Records[0]
	if got := p.set(c, r, task.Due, task.Empty(task.Date)); got.Err != nil || p.runs(1, 2) != "|" {
		t.Errorf("an emptied date: %v, %s", got.Err, p.runs(1, 2))
	}
}

// What must not be written is read, and is held with a hint that says what to do.
func TestCellsThatAreLeftAlone(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, hint string
		do         func(p *actionPlan)
		read       string // of the notes of row 1
	}{
		{"merged with the row below", "unmerge", func(p *actionPlan) {
			p.edit(false, `{"mergeTableCells":{"tableRange":{"tableCellLocation":{"tableStartLocation":{"index":{table}},"rowIndex":1,"columnIndex":4},"rowSpan":2,"columnSpan":1}}}`)
		}, "old\nother"},
		{"a table in it", "a table stands in the cell", func(p *actionPlan) {
			p.edit(false, `{"insertTable":{"location":{"index":{end 1 4}},"rows":1,"columns":1}}`)
		}, "old"},
		{"somebody suggests a change", "accept or reject it", func(p *actionPlan) {
			p.must(p.srv.TypeInTable(p.id, 0, 1, 4, "theirs", true))
		}, "old"},
		{"somebody suggests to delete", "accept or reject it", func(p *actionPlan) {
			p.must(p.srv.TypeInTable(p.id, 0, 1, 4, "", true))
		}, "old"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newPlan(t, []string{"Dig a well", "", "", "", "old"}, []string{"Lay a pipe", "", "", "", "other"})
			tt.do(p)
			c := p.connect()
			r := p.adopt(c)[0]
			if problem := r.Problems[task.Notes]; !strings.Contains(problem.Hint, tt.hint) || task.TextValue(r.Values[task.Notes].String()) != task.TextValue(tt.read) {
				t.Errorf("it is read as %q with the hint %q", r.Values[task.Notes], problem.Hint)
			}
			before := p.runs(1, 4)
			if got := p.set(c, r, task.Notes, task.TextValue("ours")); got.Err == nil || p.runs(1, 4) != before {
				t.Errorf("it was written to: %v, %s", got.Err, p.runs(1, 4))
			}
			if got := p.set(c, r, task.Title, task.TextValue("Dig two wells")); got.Err != nil || p.shows(1, 0) != "Dig two wells" {
				t.Errorf("the cell beside it: %v, %s", got.Err, p.shows(1, 0))
			}
		})
	}
}

// New rows have the table's style, also under the header alone and under merged cells.
func TestNewRows(t *testing.T) {
	t.Parallel()
	for name, rows := range map[string][][]string{"under the header": nil, "under a row": {{"Dig a well"}}} {
		p := newPlan(t, rows...)
		if rows != nil {
			p.edit(false, `{"mergeTableCells":{"tableRange":{"tableCellLocation":{"tableStartLocation":{"index":{table}},"rowIndex":1,"columnIndex":2},"rowSpan":1,"columnSpan":2}}}`)
		}
		c := p.connect()
		p.pull(c)
		var patches []task.Patch
		for _, id := range []task.ID{"CW-7", "CW-8", "CW-9"} {
			patches = append(patches, task.Patch{Op: task.Create, Task: id, Set: []task.Change{
				{Field: task.Title, To: task.TextValue("Lay pipe " + string(id) + " 😀")},
				{Field: task.Due, To: day("2026-05-04")},
				{Field: task.Notes, To: task.TextValue("=two\nlines")},
			}})
		}
		for i, got := range c.Apply(t.Context(), patches) {
			row := len(rows) + 1 + i
			if got.Err != nil || got.Record == nil || got.Record.Marker != patches[i].Task {
				t.Fatalf("%s: %+v", name, got)
			}
			if a, b := p.runs(row, 0), p.runs(row, 2); a != "Lay pipe "+string(patches[i].Task)+" 😀|" || b != "2026-05-04|" || p.shows(row, 4) != "=two\nlines" {
				t.Errorf("%s: the row is %s %s", name, a, b)
			}
		}
	}
}
