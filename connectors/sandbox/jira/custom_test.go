package jira_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
)

// field makes a custom field and returns its id.
func (s *site) field(spec jira.FieldSpec) string {
	s.t.Helper()
	id, err := s.AddField(spec)
	if err != nil {
		s.t.Fatal(err)
	}
	return id
}

func (s *site) fieldsOf(key string) map[string]any {
	s.t.Helper()
	m, _ := s.do("GET", "/rest/api/3/issue/"+key, nil).want(s.t, 200).at("fields").(map[string]any)
	return m
}

func obj(pairs ...any) map[string]any {
	m := map[string]any{}
	for n := 0; n < len(pairs); n += 2 {
		m[fmt.Sprint(pairs[n])] = pairs[n+1]
	}
	return m
}

func document(text string) map[string]any {
	return obj("type", "doc", "version", 1, "content", []any{
		obj("type", "paragraph", "content", []any{obj("type", "text", "text", text)}),
	})
}

// TestCustomFieldTypes sets every type of field as a client and as a person, and looks for the value in the issue, in a
// person's view and in the changelog.
func TestCustomFieldTypes(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{}).checked()
	amina := s.AddUser("Amina Diallo", "amina@example.org")
	s.AddUser("Bo Chen", "")
	epic := s.Add(jira.Seed{Summary: "Wells", Type: "Epic"})
	pick := func(v any, path ...string) any {
		for _, p := range path {
			m, _ := v.(map[string]any)
			v = m[p]
		}
		return v
	}
	one := func(v any, n int) any {
		l, _ := v.([]any)
		if n >= len(l) {
			return nil
		}
		return l[n]
	}
	for _, c := range []struct {
		typ          jira.FieldType
		options      []string
		kind, items  string
		sent         any
		shown        func(v any) any
		read         any
		view, person any
		personView   any
		told         string // in the changelog, of what was sent
	}{
		{typ: jira.FieldText, kind: "string", sent: "north", read: "north", view: "north", person: "south", personView: "south", told: "north"},
		{typ: jira.FieldTextArea, kind: "string", sent: document("two words"), read: "doc", shown: func(v any) any { return pick(v, "type") }, view: "two words", person: "h1. x", personView: "h1. x", told: "two words"},
		{typ: jira.FieldNumber, kind: "number", sent: 12.5, read: 12.5, view: 12.5, person: 3, personView: 3.0, told: "12.5"},
		{typ: jira.FieldDate, kind: "date", sent: "2026-10-01", read: "2026-10-01", view: "2026-10-01", person: "2026-11-01", personView: "2026-11-01", told: "2026-10-01"},
		{typ: jira.FieldDateTime, kind: "datetime", sent: "2026-10-01T08:30:00.000+0200", read: "2026-10-01T06:30:00.000+0000", told: "2026-10-01T06:30:00Z", person: "2026-10-02T06:30:00Z"},
		{typ: jira.FieldSelect, options: []string{"Red", "Green"}, kind: "option", sent: obj("value", "Red"), shown: func(v any) any { return pick(v, "value") }, read: "Red", view: "Red", person: "Green", personView: "Green", told: "Red"},
		{typ: jira.FieldRadio, options: []string{"Yes", "No"}, kind: "option", sent: obj("value", "No"), shown: func(v any) any { return pick(v, "value") }, read: "No", view: "No", person: "Yes", personView: "Yes", told: "No"},
		{typ: jira.FieldMultiSelect, options: []string{"A b", "C", "D"}, kind: "array", items: "option", sent: []any{obj("value", "D"), obj("value", "A b")}, shown: func(v any) any { return pick(one(v, 1), "value") }, read: "A b", view: []string{"D", "A b"}, person: []string{"C"}, personView: []string{"C"}, told: "D,A b"},
		{typ: jira.FieldCheckboxes, options: []string{"Dug", "Lined"}, kind: "array", items: "option", sent: []any{obj("value", "Dug")}, shown: func(v any) any { return pick(one(v, 0), "value") }, read: "Dug", view: []string{"Dug"}, person: "Lined", personView: []string{"Lined"}, told: "Dug"},
		{typ: jira.FieldCascading, options: []string{"Kenya > Nakuru", "Kenya > Kitui", "Mali"}, kind: "option-with-child", sent: obj("value", "Kenya", "child", obj("value", "Kitui")), shown: func(v any) any { return pick(v, "child", "value") }, read: "Kitui", view: "Kenya > Kitui", person: "Mali", personView: "Mali"},
		{typ: jira.FieldUser, kind: "user", sent: obj("accountId", amina), shown: func(v any) any { return pick(v, "displayName") }, read: "Amina Diallo", view: "Amina Diallo", person: "Bo Chen", personView: "Bo Chen", told: "Amina Diallo"},
		{typ: jira.FieldUsers, kind: "array", items: "user", sent: []any{obj("accountId", amina)}, shown: func(v any) any { return pick(one(v, 0), "accountId") }, read: amina, view: []string{"Amina Diallo"}, person: []string{"Bo Chen", "Amina Diallo"}, personView: []string{"Bo Chen", "Amina Diallo"}, told: "[Amina Diallo]"},
		{typ: jira.FieldLabels, kind: "array", items: "string", sent: []any{"b", "a", "b"}, shown: func(v any) any { return fmt.Sprint(v) }, read: "[a b]", view: []string{"a", "b"}, person: []string{"c"}, personView: []string{"c"}, told: "a b"},
		{typ: jira.FieldURL, kind: "string", sent: "https://example.org/x", read: "https://example.org/x", view: "https://example.org/x", person: "https://example.org/y", personView: "https://example.org/y", told: "https://example.org/x"},
		{typ: jira.FieldEpicLink, kind: "any", sent: epic, read: epic, view: epic, person: epic, personView: epic, told: epic},
		{typ: jira.FieldEpicName, kind: "string", sent: "Wells", read: "Wells", view: "Wells", person: "Pumps", personView: "Pumps", told: "Wells"},
	} {
		t.Run(string(c.typ), func(t *testing.T) {
			t.Parallel()
			id := s.field(jira.FieldSpec{Name: "Field " + string(c.typ), Type: c.typ, Options: c.options})
			key := s.Add(jira.Seed{Summary: "One"})
			edit := "/rest/api/3/issue/" + key
			meta := s.do("GET", edit+"/editmeta", nil).want(t, 200)
			plugin, _ := meta.at("fields", id, "schema", "custom").(string)
			items, _ := meta.at("fields", id, "schema", "items").(string)
			if meta.at("fields", id, "schema", "type") != c.kind || items != c.items || !strings.HasSuffix(plugin, ":"+string(c.typ)) {
				t.Errorf("schema: %v", meta.at("fields", id, "schema"))
			}
			if (meta.at("fields", id, "allowedValues") != nil) != (c.options != nil) {
				t.Errorf("allowed values: %v", meta.at("fields", id))
			}
			if v, there := s.fieldsOf(key)[id]; v != nil || !there {
				t.Errorf("a field without a value is null: %v %v", v, there)
			}
			s.do("PUT", edit, obj("fields", obj(id, c.sent))).want(t, 204)
			got := s.fieldsOf(key)[id]
			if c.shown != nil {
				got = c.shown(got)
			}
			if got != c.read {
				t.Errorf("read %v, want %v", got, c.read)
			}
			if v, _ := s.Issue(key); c.view != nil && !cmp.Equal(v.Custom[id], c.view) {
				t.Errorf("view %v, want %v", v.Custom[id], c.view)
			}
			log := s.do("GET", edit+"/changelog", nil).want(t, 200)
			if item := log.at("values", 0, "items", 0); pick(item, "fieldId") != id || pick(item, "fieldtype") != "custom" || c.told != "" && pick(item, "toString") != c.told {
				t.Errorf("changelog: %v", item)
			}
			if err := s.Set(key, map[string]any{id: c.person}); err != nil {
				t.Error(err)
			}
			if v, _ := s.Issue(key); c.personView != nil && !cmp.Equal(v.Custom[id], c.personView) {
				t.Errorf("set by a person: %v, want %v", v.Custom[id], c.personView)
			}
			if n := len(s.searchKeys(`"Field ` + string(c.typ) + `" is not EMPTY`)); n != 1 {
				t.Errorf("%d issues found with a value", n)
			}
			for _, path := range []string{"/field", "/issue/createmeta/WASH/issuetypes/10010", "/issue/" + key + "?expand=editmeta,names,schema,changelog"} {
				s.do("GET", "/rest/api/3"+path, nil).want(t, 200)
				s.do("GET", "/rest/api/2"+path, nil).want(t, 200)
			}
			s.do("PUT", edit, obj("fields", obj(id, nil))).want(t, 204)
			if v := s.fieldsOf(key)[id]; v != nil {
				t.Errorf("cleared, it is %v", v)
			}
			if v, _ := s.Issue(key); v.Custom[id] != nil {
				t.Errorf("cleared, a person sees %v", v.Custom[id])
			}
		})
	}
}

func TestCustomFieldErrors(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{})
	task := s.Add(jira.Seed{Summary: "One"})
	types := map[jira.FieldType]string{}
	for _, typ := range []jira.FieldType{
		jira.FieldText, jira.FieldTextArea, jira.FieldNumber, jira.FieldDate, jira.FieldDateTime, jira.FieldSelect, jira.FieldMultiSelect,
		jira.FieldCascading, jira.FieldUser, jira.FieldUsers, jira.FieldLabels, jira.FieldURL, jira.FieldEpicLink,
	} {
		spec := jira.FieldSpec{Name: "Colour", Type: typ}
		if typ == jira.FieldSelect || typ == jira.FieldMultiSelect {
			spec.Options = []string{"Red"}
		}
		if typ == jira.FieldCascading {
			spec.Options = []string{"Red > Dark"}
		}
		types[typ] = s.field(spec)
	}
	for _, c := range []struct {
		typ  jira.FieldType
		api  string
		sent any
		want string
	}{
		{jira.FieldText, "3", 5, "Operation value must be a string"},
		{jira.FieldText, "3", strings.Repeat("ä", 256), "The entered text is too long. It exceeds the allowed limit of 255 characters."},
		{jira.FieldTextArea, "3", "text", "Operation value must be an Atlassian Document (see the Atlassian Document Format)"},
		{jira.FieldTextArea, "2", document("x"), "Operation value must be a string"},
		{jira.FieldTextArea, "2", strings.Repeat("ä", 32768), "The entered text is too long. It exceeds the allowed limit of 32,767 characters."},
		{jira.FieldNumber, "3", "12", "Operation value must be a number"},
		{jira.FieldDate, "3", "soon", "Error parsing date string: soon"},
		{jira.FieldDateTime, "3", "2026-10-01", "Error parsing date string: 2026-10-01"},
		{jira.FieldSelect, "3", "Red", "Specify a valid 'id' or 'name' for Colour"},
		{jira.FieldSelect, "3", obj("value", "Blue"), "Option value 'Blue' is not valid"},
		{jira.FieldSelect, "3", obj("id", "1"), "Option id '1' is not valid"},
		{jira.FieldSelect, "3", obj("name", "Red"), "Could not find valid 'id' or 'value' in the Parent Option object."},
		{jira.FieldMultiSelect, "3", obj("value", "Red"), "data was not an array"},
		{jira.FieldMultiSelect, "3", []any{obj("value", "Blue")}, "Option value 'Blue' is not valid"},
		{jira.FieldCascading, "3", obj("value", "Dark"), "Could not find valid 'id' or 'value' in the Parent Option object."},
		{jira.FieldCascading, "3", obj("value", "Red", "child", obj("value", "Red")), "Option value 'Red' is not valid"},
		{jira.FieldUser, "3", obj("accountId", "nobody"), "Specify a valid value for Colour"},
		{jira.FieldUser, "3", obj("name", "fred"), "'accountId' must be the only user identifying query parameter in GDPR strict mode."},
		{jira.FieldUsers, "3", obj("accountId", "nobody"), "data was not an array"},
		{jira.FieldLabels, "3", []any{"a b"}, "The label 'a b' contains spaces which is invalid."},
		{jira.FieldURL, "3", "not an address", "Not a valid URL"},
		{jira.FieldEpicLink, "3", "WASH-99", "gh.epic.error.not.found"},
		{jira.FieldEpicLink, "3", task, "Issue '" + task + "' must be of type 'Epic'."},
	} {
		r := s.do("PUT", "/rest/api/"+c.api+"/issue/"+task, obj("fields", obj(types[c.typ], c.sent))).want(t, 400)
		if r.at("errors", types[c.typ]) != c.want {
			t.Errorf("%s = %v: %s", c.typ, c.sent, r.raw)
		}
	}
	if v, _ := s.Issue(task); len(v.Custom) != 0 {
		t.Errorf("a refused value stayed: %v", v.Custom)
	}
	for _, spec := range []jira.FieldSpec{
		{Type: jira.FieldText},
		{Name: "x", Type: "nonsense"},
		{Name: "x", Type: jira.FieldText, Number: 10042},
		{Name: "x", Type: jira.FieldText, Options: []string{"a"}},
		{Name: "x", Type: jira.FieldText, Projects: []string{"NOPE"}},
		{Name: "x", Type: jira.FieldSelect, Options: []string{"a"}, Default: "b"},
	} {
		if id, err := s.AddField(spec); err == nil {
			t.Errorf("%+v became %s", spec, id)
		}
	}
	for id, v := range map[string]any{types[jira.FieldSelect]: "Blue", types[jira.FieldDate]: "soon", types[jira.FieldNumber]: "many", "customfield_1": "x"} {
		if err := s.Set(task, map[string]any{id: v}); err == nil {
			t.Errorf("a person set %s to %v", id, v)
		}
	}
}

func TestSeveralValuesAreAddedAndRemoved(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{}).checked()
	amina, bo := s.AddUser("Amina Diallo", ""), s.AddUser("Bo Chen", "")
	regions := s.field(jira.FieldSpec{Name: "Regions", Type: jira.FieldMultiSelect, Options: []string{"North", "South", "East"}, Default: []string{"North"}})
	people := s.field(jira.FieldSpec{Name: "People", Type: jira.FieldUsers})
	tags := s.field(jira.FieldSpec{Name: "Tags", Type: jira.FieldLabels})
	key := s.Add(jira.Seed{Summary: "One"})
	if v, _ := s.Issue(key); !cmp.Equal(v.Custom[regions], []string{"North"}) {
		t.Errorf("default: %v", v.Custom)
	}
	up := func(status int, ops map[string]any) reply {
		t.Helper()
		return s.do("PUT", "/rest/api/3/issue/"+key, obj("update", ops)).want(t, status)
	}
	add, remove := func(v any) any { return obj("add", v) }, func(v any) any { return obj("remove", v) }
	up(204, obj(
		regions, []any{add(obj("value", "East")), remove(obj("value", "North")), remove(obj("value", "South"))},
		people, []any{add(obj("accountId", amina)), add(obj("accountId", bo))}, tags, []any{add("b"), add("a"), add("b")},
	))
	v, _ := s.Issue(key)
	if diff := cmp.Diff(map[string]any{regions: []string{"East"}, people: []string{"Amina Diallo", "Bo Chen"}, tags: []string{"a", "b"}}, v.Custom); diff != "" {
		t.Error(diff)
	}
	up(204, obj(people, []any{remove(obj("accountId", amina))}, regions, []any{obj("set", []any{})}, tags, []any{remove("a")}))
	v, _ = s.Issue(key)
	if diff := cmp.Diff(map[string]any{people: []string{"Bo Chen"}, tags: []string{"b"}}, v.Custom); diff != "" {
		t.Error(diff)
	}
	if r := up(400, obj("customfield_10042", []any{add(1)})); !strings.Contains(fmt.Sprint(r.at("errors")), "does not support operation 'add'") {
		t.Error(r.raw)
	}
	if r := up(400, obj(regions, []any{add(obj("value", "West"))})); r.at("errors", regions) != "Option value 'West' is not valid" {
		t.Error(r.raw)
	}
}

func TestQueriesOverCustomFields(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{}).checked()
	colour := s.field(jira.FieldSpec{Name: "Colour", Type: jira.FieldSelect, Options: []string{"Red", "Green"}, Number: 10050})
	second := s.field(jira.FieldSpec{Name: "colour", Type: jira.FieldSelect, Options: []string{"Blue"}})
	place := s.field(jira.FieldSpec{Name: "Place", Type: jira.FieldCascading, Options: []string{"Kenya > Kitui", "Mali"}})
	lead := s.field(jira.FieldSpec{Name: "Lead", Type: jira.FieldUser})
	site := s.field(jira.FieldSpec{Name: "Site", Type: jira.FieldText})
	link := s.field(jira.FieldSpec{Name: "Epic Link", Type: jira.FieldEpicLink})
	s.Add(jira.Seed{Summary: "Epic", Type: "Epic"}) // WASH-1
	for n, fields := range []map[string]any{
		{colour: "Red", place: "Kenya > Kitui", lead: "Amina Diallo", site: "Old well", link: "WASH-1", "customfield_10042": -5}, // WASH-2
		{colour: "Green", second: "Blue", place: "Kenya", "customfield_10042": 40, "customfield_10015": "2026-03-01"},            // WASH-3
		{second: "Blue", place: "Mali", "customfield_10042": 40.5},                                                               // WASH-4
		{}, // WASH-5
	} {
		if err := s.Set(s.Add(jira.Seed{Summary: fmt.Sprint(n)}), fields); err != nil {
			t.Fatal(err)
		}
	}
	for jql, want := range map[string]string{
		`cf[10050] = Red`:                            "2",
		`CF[10050] != Red`:                           "3",
		`cf[10050] in (Red, Green)`:                  "2 3",
		`cf[10050] not in (Red)`:                     "3",
		`cf[10050] is EMPTY`:                         "1 4 5",
		`cf[10050] is not null`:                      "2 3",
		`Colour = Blue`:                              "3 4", // two fields of one name
		`"colour" = red`:                             "2",
		`Colour is EMPTY`:                            "1 5",
		`"Colour[Dropdown]" = Green`:                 "3",
		`Place = Kenya`:                              "2 3",
		`Place = Kitui`:                              "2",
		`Lead = "Amina Diallo"`:                      "2",
		`Lead is EMPTY`:                              "1 3 4 5",
		`Site ~ well`:                                "2",
		`Site is EMPTY`:                              "1 3 4 5",
		`"Epic Link" = WASH-1`:                       "2",
		`"Epic Link" is EMPTY`:                       "1 3 4 5",
		`Progress = 40`:                              "3",
		`Progress != 40`:                             "2 4",
		`Progress > 39 AND Progress <= "40.5"`:       "3 4",
		`Progress in (40, -5)`:                       "2 3",
		`Progress is EMPTY`:                          "1 5",
		`"Start date" > 2026-02-01`:                  "3",
		`"Start date" is not EMPTY`:                  "3",
		`Progress is not EMPTY AND NOT Colour = Red`: "3", // WASH-4 has nothing in one of the two
	} {
		got := []string{}
		for _, key := range s.searchKeys(jql) {
			got = append(got, strings.TrimPrefix(key, "WASH-"))
		}
		slices.Sort(got)
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", jql, got, want)
		}
	}
	if got := s.searchKeys("project = WASH AND Progress is not EMPTY ORDER BY Progress DESC"); !slices.Equal(got, []string{"WASH-4", "WASH-3", "WASH-2"}) {
		t.Errorf("sorted: %v", got)
	}
	if got := s.searchKeys("Progress is not EMPTY ORDER BY cf[10042]"); !slices.Equal(got, []string{"WASH-2", "WASH-3", "WASH-4"}) {
		t.Errorf("sorted: %v", got)
	}
	for jql, want := range map[string]string{
		`Colour = Pink`:                 "The option 'Pink' for field 'Colour' does not exist.",
		`cf[99999] = 1`:                 "Field 'cf[99999]' does not exist or you do not have permission to view it.",
		`customfield_10050 = 1`:         "Field 'customfield_10050' does not exist or you do not have permission to view it.",
		`Site = "Old well"`:             "The operator '=' is not supported by the 'Site' field.",
		`Progress ~ 4`:                  "The operator '~' is not supported by the 'Progress' field.",
		`Progress = many`:               "The value 'many' for field 'Progress' is invalid.",
		`"Epic Link" = WASH-99`:         "An issue with key 'WASH-99' does not exist for field 'Epic Link'.",
		`key = WASH-1 ORDER BY Nothing`: "Not able to sort using field 'nothing'.",
	} {
		r := s.do("POST", "/rest/api/3/search/jql", obj("jql", jql)).want(t, 400)
		if r.at("errorMessages", 0) != want {
			t.Errorf("%s: %s", jql, r.raw)
		}
	}
}

func TestFieldsComeAndGo(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{}).checked()
	id := s.field(jira.FieldSpec{Name: "Colour", Type: jira.FieldSelect, Options: []string{"Red"}})
	key := s.Add(jira.Seed{Summary: "One"})
	if err := s.Set(key, map[string]any{id: "Red"}); err != nil {
		t.Fatal(err)
	}
	if err := s.RenameField(id, "Shade"); err != nil {
		t.Fatal(err)
	}
	if got := s.searchKeys("Shade = Red"); len(got) != 1 {
		t.Error(got)
	}
	if err := s.RemoveField(id); err != nil {
		t.Fatal(err)
	}
	if v, there := s.fieldsOf(key)[id]; there {
		t.Errorf("a removed field is still there: %v", v)
	}
	if v, _ := s.Issue(key); len(v.Custom) != 0 {
		t.Error(v.Custom)
	}
	r := s.do("PUT", "/rest/api/3/issue/"+key, obj("fields", obj(id, obj("value", "Red")))).want(t, 400)
	if r.at("errors", id) != "Field '"+id+"' cannot be set. It is not on the appropriate screen, or unknown." {
		t.Error(r.raw)
	}
	s.do("POST", "/rest/api/3/search/jql", obj("jql", "Shade = Red")).want(t, 400)
	for _, path := range []string{"/field", "/issue/" + key + "/editmeta", "/issue/createmeta/WASH/issuetypes/10010"} {
		if r := s.do("GET", "/rest/api/3"+path, nil).want(t, 200); strings.Contains(r.raw, id) {
			t.Errorf("%s still tells of it", path)
		}
	}
	if next := s.field(jira.FieldSpec{Name: "Colour", Type: jira.FieldText}); next == id {
		t.Error("the id of a removed field came back")
	}
	if s.RemoveField(id) == nil || s.RemoveField("summary") == nil || s.RenameField(id, "x") == nil {
		t.Error("what is not there can be removed or renamed")
	}
}

func TestFieldsOfOneProject(t *testing.T) {
	t.Parallel()
	s := open(t, jira.Options{}).checked()
	key := s.Add(jira.Seed{Summary: "One"})
	moved, err := s.Move(s.Add(jira.Seed{Summary: "Two"}), "ROADS")
	if err != nil {
		t.Fatal(err)
	}
	id := s.field(jira.FieldSpec{Name: "Lane", Type: jira.FieldText, Projects: []string{"ROADS"}})
	if _, there := s.fieldsOf(key)[id]; there {
		t.Error("a project has another's field")
	}
	if _, there := s.fieldsOf(moved)[id]; !there {
		t.Error("the field is missing")
	}
	s.do("PUT", "/rest/api/3/issue/"+key, obj("fields", obj(id, "x"))).want(t, 400)
	s.do("PUT", "/rest/api/3/issue/"+moved, obj("fields", obj(id, "x"))).want(t, 204)
	if s.Set(key, map[string]any{id: "x"}) == nil {
		t.Error("a person can set it there")
	}
}
