package jira

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// How the schema of a custom field says what it holds, where its type does not.
const (
	lineCustom     = ":textfield"
	urlCustom      = ":url"
	epicLinkCustom = ":gh-epic-link"
	epicNameCustom = ":gh-epic-label"
)

// shape is how Jira writes a field on the wire.
type shape uint8

const (
	shapeUnknown shape = iota
	shapeText
	shapeNumber
	shapeDate
	shapeMoment  // a date with a time
	shapeAddress // of a page
	shapeUser
	shapeUsers
	shapeOption
	shapeOptions
	shapeCascade // an option and one of that option's own
	shapeStrings
	shapePriority
	shapeStatus
	shapeComponents
	shapeVersions
	shapeParent // the issue above
	shapeEpic   // the key of the epic, on Data Center
	shapeLog    // comments, as the log of updates that they are
	shapeNamed  // something with a name that we do not write
)

// column ties a field to the Jira field that holds it on this site.
type column struct {
	field task.Field
	id    string
	name  string
	shape shape
	rich  bool // a text with layout
	line  bool // a text of one line, which is short
}

// systemFields are the fields that every Jira has, whatever its list of fields says.
var systemFields = map[string]shape{
	"summary": shapeText, "description": shapeText, "environment": shapeText, "status": shapeStatus,
	"assignee": shapeUser, "reporter": shapeUser, "duedate": shapeDate, "priority": shapePriority,
	"labels": shapeStrings, "components": shapeComponents, "fixVersions": shapeVersions, "versions": shapeVersions,
	parentField: shapeParent, commentField: shapeLog,
}

// readable says which shapes can be read as a kind of value.
var readable = map[task.Kind][]shape{
	task.Text: {
		shapeText, shapeAddress, shapeNumber, shapeOption, shapeOptions, shapeCascade, shapePriority, shapeComponents, shapeVersions,
		shapeParent, shapeEpic, shapeNamed, shapeLog,
	},
	task.Enum:   {shapeStatus},
	task.Date:   {shapeDate, shapeMoment},
	task.Number: {shapeNumber},
	task.Bool:   {shapeOption, shapeOptions, shapeText},
	task.Person: {shapeUser, shapeUsers},
	task.Set:    {shapeStrings, shapeOptions, shapeComponents, shapeVersions},
}

func shapeOf(f wireField) shape {
	if s, ok := systemFields[f.ID]; ok {
		return s
	}
	switch {
	case strings.HasSuffix(f.Schema.Custom, epicLinkCustom):
		return shapeEpic
	case strings.HasSuffix(f.Schema.Custom, urlCustom):
		return shapeAddress
	}
	switch f.Schema.Type {
	case "string":
		return shapeText
	case "number":
		return shapeNumber
	case "date":
		return shapeDate
	case "datetime":
		return shapeMoment
	case "user":
		return shapeUser
	case "option":
		return shapeOption
	case "option-with-child":
		return shapeCascade
	case "priority":
		return shapePriority
	case "array":
		switch f.Schema.Items {
		case "string":
			return shapeStrings
		case "option":
			return shapeOptions
		case "component":
			return shapeComponents
		case "version":
			return shapeVersions
		case "user":
			return shapeUsers
		}
	case "issuetype", "project", "resolution", "securitylevel", "version":
		return shapeNamed
	}
	return shapeUnknown
}

// columns finds the Jira field of each mapped field. What cannot be found is held for the whole source, and its values
// are None.
func columns(mapping map[task.Field]string, known []wireField) ([]column, []task.Hold) {
	var cols []column
	var held []task.Hold
	for _, f := range task.AllFields() {
		want, ok := mapping[f]
		if !ok {
			continue
		}
		col, problem := findColumn(f, want, known)
		if problem == "" && !slices.Contains(readable[f.Kind()], col.shape) {
			problem = fmt.Sprintf("the Jira field %s cannot be read as a %s: map %s to another field", quoteName(want), f.Kind(), f)
		}
		if problem != "" {
			held = append(held, task.Hold{Field: f.String(), Reason: task.HoldSchemaDrift, Raw: want, Hint: problem})
			continue
		}
		cols = append(cols, col)
	}
	return cols, held
}

func findColumn(f task.Field, want string, known []wireField) (column, string) {
	if id, s, ok := systemField(want); ok {
		return column{field: f, id: id, name: id, shape: s, rich: isRich(wireField{ID: id}), line: id == "summary"}, ""
	}
	var found []wireField
	names := make([]string, 0, len(known))
	for _, k := range known {
		if k.ID == want {
			found = []wireField{k}
			break
		}
		if fold(k.Name) == fold(want) {
			found = append(found, k)
		}
		names = append(names, k.Name)
	}
	switch len(found) {
	case 1:
		return column{
			field: f, id: found[0].ID, name: found[0].Name, shape: shapeOf(found[0]), rich: isRich(found[0]),
			line: strings.HasSuffix(found[0].Schema.Custom, lineCustom),
		}, ""
	case 0:
		return column{}, fmt.Sprintf("this Jira has no field %s: change fields.%s%s", quoteName(want), f, didYouMean(want, names))
	}
	ids := make([]string, 0, len(found))
	for _, k := range found {
		ids = append(ids, k.ID)
	}
	return column{}, fmt.Sprintf("several Jira fields are called %s: give one of the ids %s in fields.%s",
		quoteName(want), strings.Join(ids, ", "), f)
}

// systemField finds the field that every Jira has by its id, or by another word that people have for it.
func systemField(want string) (id string, s shape, ok bool) {
	word := strings.ToLower(strings.TrimSpace(want))
	switch word {
	case "component":
		word = "components"
	case epicWord:
		word = parentField
	}
	for id, s := range systemFields {
		if strings.EqualFold(id, word) {
			return id, s, true
		}
	}
	return "", shapeUnknown, false
}

// writable reports that we can write the column.
func (col column) writable() bool {
	switch col.shape {
	case shapeUnknown, shapeNamed:
		return false
	default:
		return true
	}
}

// lists reports that the field holds several values.
func (col column) lists() bool {
	switch col.shape {
	case shapeStrings, shapeOptions, shapeComponents, shapeVersions, shapeUsers:
		return true
	default:
		return false
	}
}

// single reports that of the several values of a field only one is shown: the first by name.
func (col column) single() bool { return col.lists() && col.field.Kind() != task.Set }
