package task

import "fmt"

// Field names one thing that a task says. The set is closed: every connector maps its tool's columns or fields to
// these, and a value of a field has the same kind in every tool.
type Field uint8

// The fields, in the order in which plans, reports and the scorecard list them.
const (
	Title Field = iota
	Partner
	Status
	Assignee
	Due
	Start
	Priority
	Progress
	Workstream
	Labels
	QuickWin
	Notes

	// FieldCount is how many fields there are; Values is an array of this length.
	FieldCount = int(Notes) + 1
)

type fieldInfo struct {
	name, display string
	kind          Kind
}

var fieldInfos = [FieldCount]fieldInfo{
	Title:      {"title", "Title", Text},
	Partner:    {"partner", "Partner", Enum},
	Status:     {"status", "Status", Enum},
	Assignee:   {"assignee", "Assignee", Person},
	Due:        {"due", "Due", Date},
	Start:      {"start", "Start", Date},
	Priority:   {"priority", "Priority", Text},
	Progress:   {"progress", "Progress", Number},
	Workstream: {"workstream", "Workstream", Text},
	Labels:     {"labels", "Labels", Set},
	QuickWin:   {"quick_win", "Quick win", Bool},
	Notes:      {"notes", "Notes", Text},
}

// AllFields returns every field in canonical order. The slice is the caller's.
func AllFields() []Field {
	fs := make([]Field, FieldCount)
	for i := range fs {
		fs[i] = Field(i)
	}
	return fs
}

// ParseField returns the field of that configuration name ("due"), and false where there is none.
func ParseField(name string) (Field, bool) {
	for i, info := range fieldInfos {
		if info.name == name {
			return Field(i), true
		}
	}
	return 0, false
}

// String is the field's name in configuration, JSON and history: "quick_win".
func (f Field) String() string {
	if int(f) < FieldCount {
		return fieldInfos[f].name
	}
	return fmt.Sprintf("field(%d)", uint8(f))
}

// Display is the field's name for people, and the scorecard's default column header: "Quick win".
func (f Field) Display() string {
	if int(f) < FieldCount {
		return fieldInfos[f].display
	}
	return f.String()
}

// Kind is the kind of the field's values. Progress is a fraction: 0.5 is half done.
func (f Field) Kind() Kind {
	if int(f) < FieldCount {
		return fieldInfos[f].kind
	}
	return None
}

// MarshalText writes the field's name, so that fields may be JSON keys.
func (f Field) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText reads a field's name.
func (f *Field) UnmarshalText(b []byte) error {
	g, ok := ParseField(string(b))
	if !ok {
		return fmt.Errorf("read field name: %q is not a field", b)
	}
	*f = g
	return nil
}

// The statuses of a task. Jira statuses and words in cells are mapped to these.
const (
	NotStarted = "not_started"
	InProgress = "in_progress"
	Blocked    = "blocked"
	Done       = "done"
	Cancelled  = "cancelled"
)

// Statuses returns the statuses in the order of a board's columns. The slice is the caller's.
func Statuses() []string { return []string{NotStarted, InProgress, Blocked, Done, Cancelled} }

// StatusDisplay is a status as people read it: "In progress". Anything that is not a status comes back unchanged.
func StatusDisplay(status string) string {
	switch status {
	case NotStarted:
		return "Not started"
	case InProgress:
		return "In progress"
	case Blocked:
		return "Blocked"
	case Done:
		return "Done"
	case Cancelled:
		return "Cancelled"
	}
	return status
}
