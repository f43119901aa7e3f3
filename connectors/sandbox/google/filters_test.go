package google

import (
	"fmt"
	"strings"
	"testing"

	"google.golang.org/api/sheets/v4"
)

// filled is a sandbox with a small sheet: a header and four rows.
func filled(t *testing.T) (*bench, string) {
	t.Helper()
	b := newBench(t, Options{})
	id := b.srv.AddSpreadsheet("Book")
	_, err := b.srv.LoadRows(id, "Sheet1", strings.NewReader(`{"A":"Action","B":"RAG","C":"Days"}
{"A":"pump","B":"Red","C":3}
{"A":"well","B":"Green","C":9}
{"A":"dam","B":"red / late"}
{"A":"road","B":"Amber","C":1}`))
	b.must(err)
	return b, id
}

func condition(kind string, values ...string) *sheets.BooleanCondition {
	c := &sheets.BooleanCondition{Type: kind}
	for _, v := range values {
		c.Values = append(c.Values, &sheets.ConditionValue{UserEnteredValue: v})
	}
	return c
}

// hiddenRows lists the rows that are hidden by the filter, counted from 1.
func (b *bench) hiddenRows(id string) string {
	b.Helper()
	got, err := b.sheets.Spreadsheets.Get(id).Ranges("A1:C6").Fields("sheets.data.rowMetadata").Context(b.Context()).Do()
	b.must(err)
	var out []string
	for i, m := range got.Sheets[0].Data[0].RowMetadata {
		if m.HiddenByUser {
			b.Errorf("row %d is hidden by a person", i+1)
		}
		if m.HiddenByFilter {
			out = append(out, itoa(i+1))
		}
	}
	return strings.Join(out, ",")
}

func TestTheBasicFilterHidesRows(t *testing.T) {
	t.Parallel()
	b, id := filled(t)
	set := func(specs ...*sheets.FilterSpec) error {
		_, err := b.batch(id, &sheets.Request{SetBasicFilter: &sheets.SetBasicFilterRequest{
			Filter: &sheets.BasicFilter{Range: grid(0, 5, 0, 3), FilterSpecs: specs},
		}})
		return err
	}
	spec := func(col int64, c *sheets.FilterCriteria) *sheets.FilterSpec {
		return &sheets.FilterSpec{ColumnIndex: col, FilterCriteria: c, ForceSendFields: []string{"ColumnIndex"}}
	}
	for _, c := range []struct {
		name  string
		specs []*sheets.FilterSpec
		want  string
	}{
		{"nothing", nil, ""},
		{"hidden values", []*sheets.FilterSpec{spec(1, &sheets.FilterCriteria{HiddenValues: []string{"Red", "Amber"}})}, "2,5"},
		{"a condition", []*sheets.FilterSpec{spec(1, &sheets.FilterCriteria{Condition: condition("TEXT_CONTAINS", "RED")})}, "3,5"},
		{"not blank", []*sheets.FilterSpec{spec(2, &sheets.FilterCriteria{Condition: condition("NOT_BLANK")})}, "4"},
		{"two columns", []*sheets.FilterSpec{
			spec(1, &sheets.FilterCriteria{HiddenValues: []string{"Red"}}), spec(2, &sheets.FilterCriteria{Condition: condition("NUMBER_GREATER", "1")}),
		}, "2,4,5"},
		{"a formula", []*sheets.FilterSpec{spec(0, &sheets.FilterCriteria{Condition: condition("CUSTOM_FORMULA", "=C2>2")})}, "4,5"},
	} {
		b.must(set(c.specs...))
		if got := b.hiddenRows(id); got != c.want {
			t.Errorf("%s hides %q, want %q", c.name, got, c.want)
		}
	}
	// What is written afterwards is not filtered, and the rows move with their filter.
	b.must(b.srv.Put(id, "Sheet1", "C5", 8))
	b.must(b.srv.InsertRow(id, "Sheet1", 1))
	if got := b.hiddenRows(id); got != "5,6" {
		t.Errorf("later: %s", got)
	}
	got, err := b.sheets.Spreadsheets.Get(id).Context(t.Context()).Do()
	b.must(err)
	if f := got.Sheets[0].BasicFilter; f.Range.StartRowIndex != 1 || len(f.FilterSpecs) != 1 || f.Criteria["0"].Condition.Type != "CUSTOM_FORMULA" {
		t.Errorf("the filter reads back as %+v", f)
	}
	_, err = b.batch(id, &sheets.Request{ClearBasicFilter: &sheets.ClearBasicFilterRequest{}})
	b.must(err)
	if got := b.hiddenRows(id); got != "" {
		t.Errorf("cleared, %s are still hidden", got)
	}
	_, err = b.batch(id, &sheets.Request{SetBasicFilter: &sheets.SetBasicFilterRequest{Filter: &sheets.BasicFilter{
		Range: grid(1, 6, 0, 3), SortSpecs: []*sheets.SortSpec{{DimensionIndex: 2, SortOrder: "DESCENDING"}},
	}}})
	b.must(err)
	if got := fmt.Sprint(b.srv.Cell(id, "Sheet1", "A3"), " ", b.srv.Cell(id, "Sheet1", "A6")); got != "well dam" {
		t.Errorf("sorted by the filter: %s", got)
	}
}

func TestFilterViews(t *testing.T) {
	t.Parallel()
	b, id := filled(t)
	resp, err := b.batch(id, &sheets.Request{AddFilterView: &sheets.AddFilterViewRequest{Filter: &sheets.FilterView{
		Range: grid(0, 5, 0, 3), Criteria: map[string]sheets.FilterCriteria{"1": {HiddenValues: []string{"Red"}}},
	}}})
	b.must(err)
	made := resp.Replies[0].AddFilterView.Filter
	if made.Title != "Filter 1" || made.FilterViewId == 0 || len(made.FilterSpecs) != 1 || made.FilterSpecs[0].ColumnIndex != 1 {
		t.Errorf("made %+v", made)
	}
	resp, err = b.batch(id,
		&sheets.Request{UpdateFilterView: &sheets.UpdateFilterViewRequest{
			Fields: "title,range,filterSpecs", Filter: &sheets.FilterView{FilterViewId: made.FilterViewId, Title: "Late", Range: grid(0, 4, 0, 2)},
		}},
		&sheets.Request{DuplicateFilterView: &sheets.DuplicateFilterViewRequest{FilterId: made.FilterViewId}},
		&sheets.Request{DuplicateFilterView: &sheets.DuplicateFilterViewRequest{FilterId: made.FilterViewId}},
		&sheets.Request{AddFilterView: &sheets.AddFilterViewRequest{Filter: &sheets.FilterView{Range: grid(0, 3, 0, 3), Title: "Mine", FilterViewId: 7}}},
		&sheets.Request{DeleteFilterView: &sheets.DeleteFilterViewRequest{FilterId: made.FilterViewId}})
	b.must(err)
	if got := resp.Replies[1].DuplicateFilterView.Filter.Title + "|" + resp.Replies[2].DuplicateFilterView.Filter.Title; got != "Copy of Late|Copy of Late 1" {
		t.Errorf("the copies are called %s", got)
	}
	got, err := b.sheets.Spreadsheets.Get(id).Context(t.Context()).Do()
	b.must(err)
	var views []string
	for _, v := range got.Sheets[0].FilterViews {
		views = append(views, fmt.Sprintf("%s %d-%d %d", v.Title, v.Range.StartRowIndex, v.Range.EndRowIndex, len(v.FilterSpecs)))
	}
	if got := strings.Join(views, "|"); got != "Copy of Late 0-4 0|Copy of Late 1 0-4 0|Mine 0-3 0" {
		t.Errorf("the views are %s", got)
	}
	if got := b.hiddenRows(id); got != "" {
		t.Errorf("a view hides %s from everybody", got)
	}
	for _, c := range []struct {
		r    *sheets.Request
		want string
	}{
		{&sheets.Request{AddFilterView: &sheets.AddFilterViewRequest{Filter: &sheets.FilterView{Range: grid(0, 3, 0, 3), FilterViewId: 7}}}, "addFilterView: A filter view with the id 7 already exists."},
		{&sheets.Request{AddFilterView: &sheets.AddFilterViewRequest{Filter: &sheets.FilterView{Range: grid(0, 3, 0, 3), Title: "mine"}}}, `addFilterView: A filter view with the title "mine" already exists.`},
		{&sheets.Request{DeleteFilterView: &sheets.DeleteFilterViewRequest{FilterId: made.FilterViewId}}, "deleteFilterView: No filter view with id: " + itoa(int(made.FilterViewId))},
	} {
		_, err := b.batch(id, c.r)
		b.refused(err, 400, "Invalid requests[0]."+c.want)
	}
}

func TestConditionalFormatsAndBandsColourCells(t *testing.T) {
	t.Parallel()
	b, id := filled(t)
	rule := func(c *sheets.BooleanCondition, red float64, r0, r1, c0, c1 int64) *sheets.Request {
		return &sheets.Request{AddConditionalFormatRule: &sheets.AddConditionalFormatRuleRequest{Rule: &sheets.ConditionalFormatRule{
			Ranges: []*sheets.GridRange{grid(r0, r1, c0, c1)}, BooleanRule: &sheets.BooleanRule{
				Condition: c, Format: &sheets.CellFormat{BackgroundColor: &sheets.Color{Red: red}, TextFormat: &sheets.TextFormat{Bold: true}},
			},
		}}}
	}
	_, err := b.batch(id,
		rule(condition("TEXT_EQ", "Red"), 0.9, 1, 5, 1, 2), rule(condition("CUSTOM_FORMULA", "=$C2>5"), 0.3, 1, 5, 0, 1),
		&sheets.Request{AddBanding: &sheets.AddBandingRequest{BandedRange: &sheets.BandedRange{Range: grid(0, 5, 0, 3), RowProperties: &sheets.BandingProperties{
			HeaderColor: &sheets.Color{Red: 0.1}, FirstBandColor: &sheets.Color{Red: 0.2}, SecondBandColor: &sheets.Color{Green: 1},
		}}}},
		&sheets.Request{RepeatCell: &sheets.RepeatCellRequest{Range: grid(4, 5, 2, 3), Fields: "userEnteredFormat.backgroundColor", Cell: &sheets.CellData{
			UserEnteredFormat: &sheets.CellFormat{BackgroundColor: &sheets.Color{Red: 0.7}},
		}}})
	b.must(err)
	for a1, want := range map[string]string{
		"A1": "0.1 false", "B1": "0.1 false", "A2": "0.2 false", "B2": "0.9 true", "A3": "0.3 true", "B3": "0 false", "B4": "0.2 false", "C5": "0.7 false",
	} {
		f := b.cell(id, a1).EffectiveFormat
		if got := fmt.Sprint(f.BackgroundColor.Red, " ", f.TextFormat.Bold); got != want {
			t.Errorf("%s is %s, want %s", a1, got, want)
		}
		if f.BackgroundColorStyle.RgbColor.Red != f.BackgroundColor.Red {
			t.Errorf("%s says its colour in two ways", a1)
		}
	}
	resp, err := b.batch(id, &sheets.Request{UpdateConditionalFormatRule: &sheets.UpdateConditionalFormatRuleRequest{Index: 0, NewIndex: 1}})
	b.must(err)
	if r := resp.Replies[0].UpdateConditionalFormatRule; r.NewIndex != 1 || r.NewRule.BooleanRule.Condition.Type != "CUSTOM_FORMULA" {
		t.Errorf("moved: %+v", r)
	}
	_, err = b.batch(id, rule(condition("TEXT_EQ"), 0.5, 1, 5, 1, 2))
	b.refused(err, 400, "Invalid requests[0].addConditionalFormatRule: TEXT_EQ conditions require at least one value")
	_, err = b.batch(id, rule(condition("NUMBER_BETWEEN", "1"), 0.5, 1, 5, 1, 2))
	b.refused(err, 400, "Invalid requests[0].addConditionalFormatRule: ConditionType 'NUMBER_BETWEEN' requires exactly 2 ConditionValues, but there are 1")
}

func TestConditions(t *testing.T) {
	t.Parallel()
	b, id := filled(t)
	b.must(b.srv.Type(id, "Sheet1", "D1", "14/03/2026"))
	b.must(b.srv.Type(id, "Sheet1", "D2", "amina@aquafund.example"))
	b.must(b.srv.Type(id, "Sheet1", "D3", "TRUE"))
	w := b.srv.book(id)
	k := newCalculator(w, noon)
	for _, c := range []struct {
		a1   string
		cond *sheets.BooleanCondition
		want bool
	}{
		{"B2", condition("TEXT_EQ", "red"), true},
		{"B2", condition("TEXT_NOT_EQ", "red"), false},
		{"B4", condition("TEXT_STARTS_WITH", "Red"), true},
		{"B4", condition("TEXT_ENDS_WITH", "late"), true},
		{"B4", condition("TEXT_NOT_CONTAINS", "late"), false},
		{"C4", condition("BLANK"), true},
		{"C4", condition("TEXT_CONTAINS", ""), false},
		{"B2", condition("ONE_OF_LIST", "Green", "Red"), true},
		{"B4", condition("ONE_OF_LIST", "Green", "Red"), false},
		{"C2", condition("NUMBER_BETWEEN", "1", "3"), true},
		{"C2", condition("NUMBER_NOT_BETWEEN", "1", "3"), false},
		{"C2", condition("NUMBER_EQ", "3"), true},
		{"C2", condition("NUMBER_LESS", "=C3"), true},
		{"B2", condition("NUMBER_LESS", "9"), false},
		{"D1", condition("DATE_IS_VALID"), true},
		{"D1", condition("DATE_BEFORE", "15/03/2026"), true},
		{"D1", condition("DATE_AFTER", "14/03/2026"), false},
		{"D1", condition("DATE_EQ", "=TODAY()"), true},
		{"D1", condition("DATE_ON_OR_AFTER", "14/03/2026"), true},
		{"D2", condition("TEXT_IS_EMAIL"), true},
		{"D2", condition("TEXT_IS_URL"), false},
		{"D3", condition("BOOLEAN"), true},
		{"C2", condition("CUSTOM_FORMULA", "=AND(C2>2,B2=\"Red\")"), true},
	} {
		cond := map[string]any{"type": c.cond.Type}
		var values []any
		for _, v := range c.cond.Values {
			values = append(values, map[string]any{"userEnteredValue": v.UserEnteredValue})
		}
		cond["values"] = values
		row, col, _ := corner(c.a1)
		if got := k.holds(cond, w.tabs[0], row, col, rect{row, row + 1, col, col + 1}); got != c.want {
			t.Errorf("%s %s %v: %v", c.a1, c.cond.Type, values, got)
		}
	}
	relative := map[string]any{"type": "DATE_BEFORE", "values": []any{map[string]any{"relativeDate": "TOMORROW"}}}
	if !k.holds(relative, w.tabs[0], 0, 3, rect{0, 1, 3, 4}) {
		t.Error("today is not before tomorrow")
	}
}
