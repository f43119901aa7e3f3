package gsheets

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/sync/task"
)

const (
	tagHeader = "Tag" // a column of people's own, by which the test knows a row wherever it is
	ownHeader = "Own" // and another one
	oldName   = " (old)"
)

// sheet is one connected tab under people's hands.
type sheet struct {
	w      *world
	id     string
	tab    string
	source task.SourceID
	cfg    Config
	header map[task.Field]string

	torn    *tear
	renamed [2]string         // a header's true name and what it is now; "" where none is
	damaged map[string]string // tag → the id that a person typed over
	copies  []string          // tags of rows that were copied with their id
	tags    int
}

// tear is a sort of some columns without the others: which row's cells stand in which row now.
type tear struct {
	headers []string
	from    map[string]string // tag of the row → tag of the row that its cells are of
}

func (w *world) newSheet(source task.SourceID, tab string, header map[task.Field]string) *sheet {
	s := &sheet{w: w, tab: tab, source: source, header: header, damaged: map[string]string{}}
	s.id = w.srv.AddSpreadsheet(tab, tab, "Other")
	s.must(w.srv.Put(s.id, "Other", "A1", "do not touch"))
	s.must(w.srv.Put(s.id, tab, "A1", tagHeader))
	s.must(w.srv.Put(s.id, tab, "B1", ownHeader))
	for i, f := range slices.Sorted(maps.Keys(header)) {
		s.must(w.srv.Put(s.id, tab, columnName(i+2)+"1", header[f]))
	}
	s.cfg = Config{
		Spreadsheet: s.id, Tab: tab, Create: true, Scorecard: source == cardSource, Columns: map[string]string{},
		Partners: []Partner{{ID: "aqua", Name: "AquaFund"}, {ID: "city", Name: "Riverton"}},
	}
	for f, h := range header {
		s.cfg.Columns[f.String()] = h
	}
	return s
}

func (s *sheet) must(err error) {
	if err != nil {
		s.w.t.Fatalf("%s: %v\n%s", s.tab, err, s.w.dump())
	}
}

// rows are the tab's rows under the header; columns is where each header is.
func (s *sheet) rows() (rows [][]any, columns map[string]int) {
	all := s.w.srv.Rows(s.id, s.tab)
	columns = make(map[string]int)
	if len(all) == 0 {
		return nil, columns
	}
	for i, h := range all[0] {
		if name, ok := h.(string); ok {
			columns[name] = i
		}
	}
	return all[1:], columns
}

func at(row []any, col int, ok bool) any {
	if !ok || col >= len(row) {
		return nil
	}
	return row[col]
}

// tagAll gives a tag to each row that holds something and has none. It is a formula: what people type into columns of their
// own keeps a row from being taken away.
func (s *sheet) tagAll() {
	rows, columns := s.rows()
	col := columns[tagHeader]
	for i, row := range rows {
		if len(row) > 0 && at(row, col, true) == nil {
			s.tag(i)
		}
	}
}

func (s *sheet) tag(i int) string {
	s.tags++
	tag := fmt.Sprintf("%s#%d", s.tab, s.tags)
	_, columns := s.rows()
	s.must(s.w.srv.Type(s.id, s.tab, columnName(columns[tagHeader])+rowNumber(i+1), `="`+tag+`"`))
	return tag
}

// put types a value into the row i under a header; nothing where there is no such column.
func (s *sheet) put(i int, header string, v any) {
	_, columns := s.rows()
	if col, ok := columns[header]; ok {
		s.must(s.w.srv.Put(s.id, s.tab, columnName(col)+rowNumber(i+1), v))
	}
}

// invent makes a value that nobody typed before.
func (w *world) invent(r *rand.Rand, f task.Field) any {
	w.count++
	switch f { //nolint:exhaustive // the others are texts
	case task.Status:
		return task.StatusDisplay(task.Statuses()[r.IntN(4)])
	case task.Partner:
		return []string{"AquaFund", "Riverton"}[r.IntN(2)]
	case task.Due:
		return time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, w.count)
	}
	return fmt.Sprintf("%s %d", f, w.count)
}

// typed notes that a person typed a value of their own into a row or item.
func (w *world) typed(where string, f task.Field, v any) {
	key := fmt.Sprint(v)
	if d, ok := v.(time.Time); ok {
		key = task.DateValue(d).String()
	}
	if !unique(f) || v == nil || strings.HasPrefix(key, "formula ") || key == totalsTitle {
		return
	}
	if w.origins[key] == nil {
		w.origins[key] = map[string]bool{}
	}
	w.origins[key][where] = true
}

func unique(f task.Field) bool { return f == task.Title || f == task.Notes || f == task.Due }

func (w *world) addIssue(r *rand.Rand) {
	var v task.Values
	w.count++
	v[task.Title] = task.TextValue(fmt.Sprintf("issue %d", w.count))
	w.typed("jira "+w.jira.Add(v), task.Title, v[task.Title].String())
	_ = r
}

// addRow types a new row under the last.
func (s *sheet) addRow(r *rand.Rand) {
	rows, columns := s.rows()
	i := len(rows)
	s.fill(i, r)
	_ = columns
}

const totalsTitle = "Total"

// addTotals puts a row of totals under the last: its tag is the formula that every such row has.
func (s *sheet) addTotals() {
	rows, _ := s.rows()
	s.tag(len(rows))
	s.put(len(rows), s.header[task.Title], totalsTitle)
}

func (s *sheet) fill(i int, r *rand.Rand) {
	tag := s.tag(i)
	for _, f := range slices.Sorted(maps.Keys(s.header)) {
		if f == task.Title || f == task.Partner && r.IntN(6) > 0 || f != task.Partner && r.IntN(3) > 0 {
			v := s.w.invent(r, f)
			s.put(i, s.header[f], v)
			s.w.typed(tag, f, v)
		}
	}
}

// act is one thing that somebody does, drawn from a seed.
func (w *world) act(seed uint64) {
	r := rand.New(rand.NewPCG(seed, 1))
	if r.IntN(4) == 0 {
		w.actInJira(r)
		return
	}
	s := w.city
	if r.IntN(2) == 0 {
		s = w.card
	}
	if s.torn != nil {
		// People who tore rows apart look for a way back; nobody else goes on until they have.
		if r.IntN(3) == 0 {
			s.undo()
		}
		return
	}
	s.act(r)
	s.tagAll()
}

func (w *world) actInJira(r *rand.Rand) {
	keys := w.jira.Keys()
	if len(keys) == 0 || r.IntN(5) == 0 {
		w.addIssue(r)
		return
	}
	k := keys[r.IntN(len(keys))]
	f := []task.Field{task.Title, task.Status, task.Due, task.Notes}[r.IntN(4)]
	w.count++
	var v task.Value
	switch f {
	case task.Status:
		v = task.EnumValue(task.Statuses()[r.IntN(4)])
	case task.Due:
		v = task.DateValue(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, w.count))
	default:
		v = task.TextValue(fmt.Sprintf("%s %d of jira", f, w.count))
	}
	w.note("jira %s: %s is %s", k, f, v)
	w.jira.Edit(k, f, v)
	w.typed("jira "+k, f, v.String())
}

func (s *sheet) act(r *rand.Rand) {
	rows, columns := s.rows()
	n := len(rows)
	if n == 0 {
		s.addRow(r)
		return
	}
	i := r.IntN(n)
	row := rows[i]
	tag, _ := at(row, columns[tagHeader], true).(string)
	if !strings.HasPrefix(tag, s.tab+"#") {
		tag = "" // a row of ours, in the wrong columns for now
	}
	idCol, marked := columns[idHeader]
	id, _ := at(row, idCol, marked).(string)
	say := func(format string, args ...any) {
		s.w.note("%s row %d (%s %s): %s", s.tab, i+2, tag, id, fmt.Sprintf(format, args...))
	}
	switch k := r.IntN(24); k {
	case 0, 1, 2, 3, 4, 5:
		fields := slices.Sorted(maps.Keys(s.header))
		f := fields[r.IntN(len(fields))]
		v := s.w.invent(r, f)
		if r.IntN(6) == 0 && f != task.Title {
			v = nil
		}
		if tag == "" {
			return
		}
		say("%s is %v", f, v)
		s.put(i, s.header[f], v)
		s.w.typed(tag, f, v)
	case 6:
		say("a row is put in")
		s.must(s.w.srv.InsertRow(s.id, s.tab, i+2))
		if r.IntN(2) == 0 {
			s.fill(i, r)
		}
	case 7:
		s.addRow(r)
		s.w.note("%s: a new row", s.tab)
	case 8:
		say("deleted")
		s.must(s.w.srv.DeleteRow(s.id, s.tab, i+2))
	case 9, 10:
		to := r.IntN(n)
		say("dragged to %d", to+2)
		s.must(s.w.srv.MoveRow(s.id, s.tab, i+2, to+2))
	case 11, 12:
		all := slices.Sorted(maps.Values(columns))
		by := all[r.IntN(len(all))]
		s.w.note("%s: sorted by column %s", s.tab, columnName(by))
		s.must(s.w.srv.SortRange(s.id, s.tab, 2, n+1, 1, 0, by+1, r.IntN(2) == 0))
	case 13, 14:
		all := slices.Sorted(maps.Values(columns))
		from, to := all[r.IntN(len(all))], all[r.IntN(len(all))]
		s.w.note("%s: column %s dragged to %s", s.tab, columnName(from), columnName(to))
		s.must(s.w.srv.MoveColumn(s.id, s.tab, from+1, to+1))
	case 15:
		at := r.IntN(len(columns) + 1)
		s.w.note("%s: a column put in at %s", s.tab, columnName(at))
		s.must(s.w.srv.InsertColumn(s.id, s.tab, at+1))
	case 16:
		s.rename(r, columns)
	case 17, 18:
		s.tear(r, rows, columns)
	case 19:
		if id == "" || s.damaged[tag] != "" || slices.Contains(s.copies, tag) {
			return
		}
		if r.IntN(2) == 0 {
			say("the id is damaged")
			s.damaged[tag] = id
			s.put(i, idHeader, []string{"hello", "CW-", "42"}[r.IntN(3)])
			return
		}
		say("the id is emptied")
		s.put(i, idHeader, nil)
	case 20:
		if s.renamed[0] == idHeader {
			return // nobody finds the column
		}
		for _, tag := range slices.Sorted(maps.Keys(s.damaged)) {
			s.mend(tag, s.damaged[tag])
			return
		}
	case 21:
		s.copy(r, i, row, columns)
	case 22:
		s.duplicate()
	case 23:
		f := task.Notes
		say("a formula")
		s.w.count++
		if col, ok := columns[s.header[f]]; ok {
			s.must(s.w.srv.Type(s.id, s.tab, columnName(col)+rowNumber(i+1), fmt.Sprintf(`="formula %d"`, s.w.count)))
		}
	}
}

// find is the row of a tag, counted from 0 under the header; -1 where it is not there.
func (s *sheet) find(tag string) int {
	rows, columns := s.rows()
	return slices.IndexFunc(rows, func(row []any) bool { return at(row, columns[tagHeader], true) == any(tag) })
}

// rename gives a column another header, or back its own.
func (s *sheet) rename(r *rand.Rand, columns map[string]int) {
	if s.renamed[0] != "" {
		s.renameBack()
		return
	}
	headers := slices.Collect(maps.Values(s.header))
	headers = append(headers, idHeader)
	slices.Sort(headers)
	h := headers[r.IntN(len(headers))]
	col, ok := columns[h]
	if !ok {
		return
	}
	s.w.note("%s: the column %s is called otherwise", s.tab, h)
	s.renamed = [2]string{h, h + oldName}
	s.must(s.w.srv.Put(s.id, s.tab, columnName(col)+"1", s.renamed[1]))
}

func (s *sheet) renameBack() {
	_, columns := s.rows()
	if col, ok := columns[s.renamed[1]]; ok {
		s.w.note("%s: the column %s has its name again", s.tab, s.renamed[0])
		if made, twice := columns[s.renamed[0]]; twice {
			// Lockstep made a new one meanwhile, as it does on the scorecard: people take it out again.
			s.must(s.w.srv.DeleteColumn(s.id, s.tab, made+1))
			if made < col {
				col--
			}
		}
		s.must(s.w.srv.Put(s.id, s.tab, columnName(col)+"1", s.renamed[0]))
	}
	s.renamed = [2]string{}
}

// copy pastes a row once more under the last: with its id, or only what is to be seen.
func (s *sheet) copy(r *rand.Rand, i int, row []any, columns map[string]int) {
	rows, _ := s.rows()
	tag, _ := at(row, columns[tagHeader], true).(string)
	id, marked := columns[idHeader]
	whole := marked && at(row, id, true) != nil && r.IntN(2) == 0
	if whole && (s.damaged[tag] != "" || slices.Contains(s.copies, tag)) {
		return
	}
	to := len(rows)
	twin := s.tag(to)
	s.w.note("%s row %d (%s) is copied to row %d (%s), with its id: %v", s.tab, i+2, tag, to+2, twin, whole)
	for _, f := range slices.Sorted(maps.Keys(s.header)) {
		col, ok := columns[s.header[f]]
		v := at(row, col, ok)
		if v == nil {
			continue
		}
		if d, isDate := serial(f, v); isDate {
			v = d
		}
		s.put(to, s.header[f], v)
		s.w.typed(twin, f, v)
	}
	if whole {
		s.copies = append(s.copies, twin)
		s.put(to, idHeader, at(row, id, true))
		if s.w.bound[twin] == nil {
			s.w.bound[twin] = map[task.ID]bool{}
		}
		maps.Copy(s.w.bound[twin], s.w.bound[tag]) // it may become the row of the task
	}
}

// serial is a due date that a cell holds.
func serial(f task.Field, v any) (time.Time, bool) {
	n, ok := v.(float64)
	if !ok || f != task.Due {
		return time.Time{}, false
	}
	return time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).AddDate(0, 0, int(n)), true
}

// duplicate copies the tab, once.
func (s *sheet) duplicate() {
	if slices.Contains(s.w.srv.Tabs(s.id), "Copy") {
		return
	}
	s.w.note("%s: the tab is copied", s.tab)
	body := `{"requests":[{"duplicateSheet":{"sourceSheetId":0,"newSheetName":"Copy"}}]}`
	rec := httptest.NewRecorder()
	s.w.srv.ServeHTTP(rec, httptest.NewRequest(http.MethodPost, "/v4/spreadsheets/"+s.id+":batchUpdate", bytes.NewReader([]byte(body))))
	if rec.Code != http.StatusOK {
		s.w.t.Fatalf("copy the tab: %s", rec.Body)
	}
}

// tear sorts some columns that stand side by side without the others, if at least two rows come to hold what is known of
// others: a person who tears less apart does not differ from one who types.
func (s *sheet) tear(r *rand.Rand, rows [][]any, columns map[string]int) {
	if s.renamed[0] != "" || len(s.damaged) > 0 || len(s.copies) > 0 || len(rows) < 2 {
		return
	}
	byCol := make(map[int]string)
	for h, c := range columns {
		byCol[c] = h
	}
	all := slices.Sorted(maps.Keys(byCol))
	a, b := r.IntN(len(all)), r.IntN(len(all))
	var headers []string
	for _, c := range all[min(a, b) : max(a, b)+1] {
		if h := byCol[c]; h != tagHeader && h != ownHeader {
			headers = append(headers, h)
		}
	}
	if len(headers) == 0 || len(headers) == len(s.header)+1 && r.IntN(2) == 0 {
		return
	}
	key := columns[headers[r.IntN(len(headers))]]
	order := make([]int, 0, len(rows))
	for i, row := range rows {
		if tag := at(row, columns[tagHeader], true); tag != nil {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(x, y int) int {
		return strings.Compare(fmt.Sprint(at(rows[x], key, true)), fmt.Sprint(at(rows[y], key, true)))
	})
	cut := &tear{headers: headers, from: map[string]string{}}
	k := 0
	for _, row := range rows {
		tag, ok := at(row, columns[tagHeader], true).(string)
		if !ok {
			continue
		}
		other, _ := at(rows[order[k]], columns[tagHeader], true).(string)
		cut.from[tag] = other
		k++
	}
	if !s.plain(cut, rows, columns) {
		return
	}
	s.w.note("%s: the columns %q are sorted by themselves: %v", s.tab, headers, cut.from)
	s.torn = cut
	s.shuffle(cut.headers, cut.from)
}

// plain reports whether two rows at least come to hold what is stored of other rows alone.
func (s *sheet) plain(cut *tear, rows [][]any, columns map[string]int) bool {
	idCol, marked := columns[idHeader]
	if !marked {
		return false
	}
	owners := make(map[string]int)
	for _, l := range s.w.store.Links {
		if l.Source == s.source {
			for f := range s.header {
				if unique(f) {
					owners[f.String()+l.Base[f].String()]++
				}
			}
		}
	}
	byTag := make(map[string][]any)
	for _, row := range rows {
		if tag, ok := at(row, columns[tagHeader], true).(string); ok {
			byTag[tag] = row
		}
	}
	ids := slices.Contains(cut.headers, idHeader)
	moved := 0
	for tag, from := range cut.from {
		if tag == from {
			continue
		}
		// Seen from the id: the cells that go with it, or those that do not, are another row's.
		holder, values := byTag[tag], byTag[from]
		if ids {
			holder, values = byTag[from], byTag[tag]
		}
		for f, h := range s.header {
			if !unique(f) || slices.Contains(cut.headers, h) == ids {
				continue
			}
			id, _ := at(holder, idCol, true).(string)
			other, _ := at(values, idCol, true).(string)
			link, known := s.w.link(task.ID(other), s.source)
			_, live := s.w.link(task.ID(id), s.source)
			col, ok := columns[h]
			v := text_(f, at(values, col, ok))
			if v == "" || !known || !live || other == id || link.Base[f].String() != v || owners[f.String()+v] != 1 {
				continue
			}
			moved++
			break
		}
	}
	return moved >= 2
}

// shuffle gives each row the cells that another row has.
func (s *sheet) shuffle(headers []string, from map[string]string) {
	s.w.carry(from)
	rows, columns := s.rows()
	place := make(map[string]int)
	for i, row := range rows {
		if tag, ok := at(row, columns[tagHeader], true).(string); ok {
			place[tag] = i
		}
	}
	for tag, other := range from {
		to, ok1 := place[tag]
		src, ok2 := place[other]
		if !ok1 || !ok2 || to == src {
			continue
		}
		for _, h := range headers {
			col, ok := columns[h]
			v := at(rows[src], col, ok)
			if d, isDate := serial(s.field(h), v); isDate {
				v = d
			}
			s.put(to, h, v)
		}
	}
}

func (s *sheet) field(header string) task.Field {
	for f, h := range s.header {
		if h == header {
			return f
		}
	}
	return task.Title
}

// undo puts a torn sheet right.
func (s *sheet) undo() {
	if s.torn == nil {
		return
	}
	s.w.note("%s: undone", s.tab)
	back := make(map[string]string)
	for tag, other := range s.torn.from {
		back[other] = tag
	}
	s.shuffle(s.torn.headers, back)
	s.torn = nil
}

// carry has the books follow cells that people move from row to row: what landed in the wrong place is known by the row in which it lies.
func (w *world) carry(from map[string]string) {
	carried := make(map[string]any)
	for tag, other := range from {
		for key, v := range w.hasty {
			if strings.HasPrefix(key, other+"=") {
				carried[fmt.Sprint(tag, "=", v)] = v
			}
		}
	}
	maps.Copy(w.hasty, carried)
}

// mend puts back an id that was typed over; or deletes the row, if a copy of it has come to bear that id since.
func (s *sheet) mend(tag, id string) {
	delete(s.damaged, tag)
	i := s.find(tag)
	if i < 0 {
		return
	}
	rows, columns := s.rows()
	col, ok := columns[idHeader]
	if slices.ContainsFunc(rows, func(row []any) bool { return at(row, col, ok) == any(id) }) {
		s.w.note("%s: the row of the damaged id %s is deleted, another has it now", s.tab, id)
		s.must(s.w.srv.DeleteRow(s.id, s.tab, i+2))
		return
	}
	s.w.note("%s: the id %s is put right", s.tab, id)
	s.put(i, idHeader, id)
}

// heal has people put everything right.
func (s *sheet) heal() {
	s.undo()
	if s.renamed[0] != "" {
		s.renameBack()
	}
	for _, tag := range slices.Sorted(maps.Keys(s.damaged)) {
		s.mend(tag, s.damaged[tag])
	}
	for _, tag := range s.copies {
		if i := s.find(tag); i >= 0 {
			s.must(s.w.srv.DeleteRow(s.id, s.tab, i+2))
		}
	}
	s.copies = nil
}
