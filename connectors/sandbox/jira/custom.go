package jira

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// FieldType is what a custom field holds.
type FieldType string

// The types of custom fields, by the words that Jira has for them in a field's schema.
const (
	FieldText        FieldType = "textfield" // one line
	FieldTextArea    FieldType = "textarea"  // wiki markup on version 2 paths, a document on version 3
	FieldNumber      FieldType = "float"
	FieldDate        FieldType = "datepicker"
	FieldDateTime    FieldType = "datetime"
	FieldSelect      FieldType = "select"
	FieldMultiSelect FieldType = "multiselect"
	FieldCheckboxes  FieldType = "multicheckboxes"
	FieldRadio       FieldType = "radiobuttons"
	FieldCascading   FieldType = "cascadingselect" // an option and one of that option's own
	FieldUser        FieldType = "userpicker"
	FieldUsers       FieldType = "multiuserpicker"
	FieldLabels      FieldType = "labels"
	FieldURL         FieldType = "url"
	FieldEpicLink    FieldType = "gh-epic-link"  // its value is the epic's key
	FieldEpicName    FieldType = "gh-epic-label" // the short name that an epic has on boards
)

const epicPlugin = "com.pyxis.greenhopper.jira:"

// FieldSpec is a custom field as an administrator makes it.
type FieldSpec struct {
	Name string // need not be the only one of its name
	Type FieldType
	// Options are what a field with options offers. A cascading field's are "Parent" or "Parent > Child".
	Options []string
	// Number is that of the field's id, customfield_<Number>; 0 for the next free one from 10050 on.
	Number int
	// Default is what a new issue has in the field when nobody says otherwise, in the form that Set takes; nil for nothing.
	Default any
	// Projects are the keys of those that have the field; none for all.
	Projects []string
}

// option is one of the values that a field offers.
type option struct {
	id, value string
	children  []*option
}

// cascade is the value of a cascading field; the child may be nil.
type cascade struct{ parent, child *option }

// epicLink is the value of an epic link: the epic's id, since its key may change.
type epicLink int64

// fieldKind is what the fields of a type have in common.
type fieldKind struct {
	kind, items string // of the schema
	plugin      string
	many        bool // holds several values, so that some can be added and removed
	// read makes what is kept out of a value that a client sent; nil for nothing. It returns Jira's complaint, "" for none.
	read func(s *Server, f *fieldDef, v any, api int) (any, string)
}

// fieldKinds is read-only.
var fieldKinds = map[FieldType]fieldKind{
	FieldText:        {kind: "string", plugin: textPlugin, read: readLine},
	FieldTextArea:    {kind: "string", plugin: textPlugin, read: readArea},
	FieldNumber:      {kind: "number", plugin: textPlugin, read: readNumber},
	FieldDate:        {kind: "date", plugin: textPlugin, read: readDay},
	FieldDateTime:    {kind: "datetime", plugin: textPlugin, read: readMoment},
	FieldSelect:      {kind: "option", plugin: textPlugin, read: readOption},
	FieldRadio:       {kind: "option", plugin: textPlugin, read: readOption},
	FieldMultiSelect: {kind: "array", items: "option", plugin: textPlugin, many: true, read: readOptions},
	FieldCheckboxes:  {kind: "array", items: "option", plugin: textPlugin, many: true, read: readOptions},
	FieldCascading:   {kind: "option-with-child", plugin: textPlugin, read: readCascade},
	FieldUser:        {kind: "user", plugin: textPlugin, read: readPerson},
	FieldUsers:       {kind: "array", items: "user", plugin: textPlugin, many: true, read: readPeople},
	FieldLabels:      {kind: "array", items: "string", plugin: textPlugin, many: true, read: readTags},
	FieldURL:         {kind: "string", plugin: textPlugin, read: readAddress},
	FieldEpicLink:    {kind: "any", plugin: epicPlugin, read: readEpicLink},
	FieldEpicName:    {kind: "string", plugin: epicPlugin, read: readLine},
}

// customField is a field that is on the create and the edit screen of every project.
func customField(name string, number int, typ FieldType) *fieldDef {
	k := fieldKinds[typ]
	f := &fieldDef{
		id: "customfield_" + strconv.Itoa(number), name: name, kind: k.kind, items: k.items, plugin: k.plugin + string(typ),
		number: number, custom: true, typ: typ, ops: []string{"set"}, create: true,
	}
	if k.many {
		f.ops = []string{"add", "set", "remove"}
	}
	f.set = func(s *Server, d *issue, v any, api int) string {
		kept, msg := k.read(s, f, v, api)
		if msg == "" {
			d.setExtra(f.id, kept)
		}
		return msg
	}
	return f
}

// AddField makes a custom field, puts it on the create and the edit screen, and returns its id. An error says what is wrong
// with the spec, and then there is no new field.
func (s *Server) AddField(spec FieldSpec) (id string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id, err = s.addField(spec); err != nil {
		return "", fmt.Errorf("add field %q: %w", spec.Name, err)
	}
	return id, nil
}

func (s *Server) addField(spec FieldSpec) (string, error) {
	if strings.TrimSpace(spec.Name) == "" {
		return "", errors.New("it needs a name")
	}
	if _, known := fieldKinds[spec.Type]; !known {
		return "", fmt.Errorf("no type %q", spec.Type)
	}
	number := spec.Number
	taken := func(n int) bool {
		id := "customfield_" + strconv.Itoa(n)
		return s.fieldDef(id) != nil || s.gone[id]
	}
	switch {
	case number < 0 || number > 0 && taken(number):
		return "", fmt.Errorf("the number %d is not free", number)
	case number == 0:
		number = 10050
		for taken(number) {
			number++
		}
	}
	for _, key := range spec.Projects {
		if s.catalogue.projects[key] == nil {
			return "", fmt.Errorf("no project %q", key)
		}
	}
	f := customField(spec.Name, number, spec.Type)
	f.projects = slices.Clone(spec.Projects)
	offers := slices.Contains([]FieldType{FieldSelect, FieldMultiSelect, FieldCheckboxes, FieldRadio, FieldCascading}, spec.Type)
	if len(spec.Options) > 0 && !offers {
		return "", fmt.Errorf("a field of type %s has no options", spec.Type)
	}
	for _, word := range spec.Options {
		f.offer(word, &s.catalogue)
	}
	if spec.Default != nil {
		var err error
		if f.initial, err = s.typed(f, spec.Default); err != nil {
			return "", fmt.Errorf("default: %w", err)
		}
	}
	s.fields = append(s.fields, f)
	s.commits.bump()
	return f.id, nil
}

// offer adds an option, and before it the parent that it needs.
func (f *fieldDef) offer(word string, c *catalogue) {
	all := &f.options
	if parent, child, two := strings.Cut(word, " > "); two && f.typ == FieldCascading {
		f.offer(parent, c)
		word, all = child, &optionCalled(f.options, parent).children
	}
	if optionCalled(*all, word) == nil {
		*all = append(*all, &option{id: c.id(), value: word})
	}
}

func optionCalled(all []*option, value string) *option {
	return byID(all, value, func(o *option) string { return o.value })
}

func optionNumbered(all []*option, id string) *option {
	return byID(all, id, func(o *option) string { return o.id })
}

// RemoveField takes a custom field away, and with it what issues have in it. Its id is never used again.
func (s *Server) RemoveField(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.fieldDef(id)
	if f == nil || !f.custom {
		return fmt.Errorf("remove field %s: there is no such custom field", id)
	}
	s.fields = slices.DeleteFunc(s.fields, func(x *fieldDef) bool { return x == f })
	s.gone[id] = true
	s.commits.bump()
	return nil
}

// hidden reports whether a value is of a field that was removed or that somebody made here, which an issue shows through
// its definition or not at all.
func (s *Server) hidden(id string, v any) bool {
	switch v.(type) {
	case rich, *option, []*option, cascade, *user, []*user, epicLink:
		return true
	}
	return s.gone[id] || s.fieldDef(id) != nil
}

// RenameField gives a custom field another name.
func (s *Server) RenameField(id, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.fieldDef(id)
	if f == nil || !f.custom || strings.TrimSpace(name) == "" {
		return fmt.Errorf("rename field %s: there is no such custom field, or the name is empty", id)
	}
	f.name = name
	s.commits.bump()
	return nil
}

// fillDefaults gives a new issue what its fields have when nobody says otherwise.
func (s *Server) fillDefaults(d *issue) {
	for _, f := range s.fields {
		if f.initial != nil && f.in(d.project) {
			d.setExtra(f.id, f.initial)
		}
	}
}
