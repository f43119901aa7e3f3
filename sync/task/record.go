// Package task is the vocabulary of Lockstep: what a task says, what a tool holds of it, what is to be written, and
// what came of it. It knows no tool and does no I/O.
package task

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// ID is a task's name in its partnership: "CW-42". Never reused.
type ID string

// SourceID is a source's id in the configuration: "aquafund-jira".
type SourceID string

// Ref names one item in one tool.
type Ref struct {
	Source SourceID `json:"source"`
	// Key is what the tool knows the item by for good: Jira's numeric id, the id in a sheet's hidden column. A key that
	// begins with ~ is provisional: the tool has no lasting key for the item yet, so the connector derived one from
	// the item's content; the same content gives the same key until the item is adopted.
	Key string `json:"key"`
}

// Provisional reports that the key will be replaced when the item is adopted.
func (r Ref) Provisional() bool { return strings.HasPrefix(r.Key, "~") }

// Values holds a value for each field, indexed by Field. Values are comparable with ==.
type Values [FieldCount]Value

// MarshalJSON writes an object from field name to value and leaves out what is None.
func (v Values) MarshalJSON() ([]byte, error) {
	m := make(map[string]Value, FieldCount)
	for i, x := range v {
		if !x.IsNone() {
			m[Field(i).String()] = x
		}
	}
	return json.Marshal(m)
}

// UnmarshalJSON reads what MarshalJSON wrote. A field that this version does not know is left out.
func (v *Values) UnmarshalJSON(b []byte) error {
	var m map[string]Value
	if err := json.Unmarshal(b, &m); err != nil {
		return fmt.Errorf("read values: %w", err)
	}
	*v = Values{}
	for name, x := range m {
		if f, ok := ParseField(name); ok {
			v[f] = x
		}
	}
	return nil
}

// Record is what a source holds of one item, as it was read.
type Record struct {
	Ref Ref
	// Marker is the task that our own mark in the tool names (a Jira label, a sheet's id column); "" without a mark.
	Marker ID
	// Name is what people call the item in its tool: "WASH-12", "row 14".
	Name string
	// URL leads a person to the item; "" where the tool has no addresses.
	URL string
	// Version grows with every change of the item where the tool tells (Jira's updated, in ms); 0 where it does not.
	// A record whose version is lower than the one last accounted for is stale and is not looked at.
	Version int64
	// Values are the item's values. None: the tool has no such field, or it cannot be used now. Empty: it has, and
	// there is nothing in it. Unreadable: what is in it cannot be read; Problems says why.
	Values Values
	// Problems explains each Unreadable value. Nil where there is none.
	Problems map[Field]Problem
	// By and At say who changed the item last and when, where the tool tells; "" and zero where it does not.
	By string
	At time.Time
	// Untouched says that nobody changed the item since it was made; false where the tool does not tell.
	Untouched bool
}

// Problem says why a value cannot be read or written, and what a person can do.
type Problem struct {
	Reason HoldReason `json:"reason"`
	Hint   string     `json:"hint"`
}

// Snapshot is what one pull of one source saw.
type Snapshot struct {
	// Complete says that every item of the source is in Records or Held, so that absence is evidence. An increment, a
	// read that broke off, and a read that may not have been authenticated are not complete.
	Complete bool
	// Listing names every item of the source, where this pull or the ones before it read through all keys without reading
	// the items: what it does not name is absent, as from a complete snapshot. Nil where there is no such list.
	Listing []string
	Records []Record
	// Held lists items, or the source itself (Key ""), that cannot be used now. An item that is held is not absent.
	Held []Hold
	// Cursor is handed to the next pull if this one is accounted for; "" keeps the one before.
	Cursor string
	// Choices are what people chose on the pages that Lockstep keeps in the scorecard.
	Choices []Choice
	// Overtyped is what people typed into cells that Lockstep works out. The next write of the board puts them right: what was
	// typed there is kept only if it is taken from here.
	Overtyped []Overtyped
}

// Overtyped is a text that a person put where Lockstep shows something that it works out.
type Overtyped struct {
	Page   string `json:"page,omitempty"` // "" in the tab that holds the tasks
	Task   ID     `json:"task,omitempty"` // "" on a page, and in a row that is no task yet
	Key    string `json:"key,omitempty"`  // the row's, in the tab that holds the tasks
	Name   string `json:"name"`           // "row 14"
	Column string `json:"column"`         // its header; on a page its letter
	Text   string `json:"text"`           // what the cell shows
}

// Choice is what a person chose from a list in one row of a page. It is outside text: only one that is among the options
// means anything.
type Choice struct {
	Page string // the page's name
	Key  string // the row's key
	Text string // what is chosen
}

// HoldReason is why something waits for a person. The set is closed: it is a metric label.
type HoldReason string

// The reasons for a hold.
const (
	HoldUnreadable      HoldReason = "unreadable"       // a cell cannot be read as its field's kind
	HoldUnmappedStatus  HoldReason = "unmapped_status"  // a status word that no mapping knows
	HoldUnknownPartner  HoldReason = "unknown_partner"  // no partner, or one that is not in the configuration
	HoldUnmatchedPerson HoldReason = "unmatched_person" // a person without an identity in that tool
	HoldNoTitle         HoldReason = "no_title"         // a new item without a title
	HoldAmbiguous       HoldReason = "ambiguous"        // two items could be the same task
	HoldDuplicateID     HoldReason = "duplicate_id"     // two items carry the same mark
	HoldConflict        HoldReason = "conflict"         // several claims, and the rule says to hold
	HoldSchemaDrift     HoldReason = "schema_drift"     // a column, field or status that was configured is gone
	HoldUnsupported     HoldReason = "unsupported"      // the tool cannot take the value
	HoldRetrying        HoldReason = "retrying"         // a write went wrong and is tried again after a pause
	HoldAwaiting        HoldReason = "awaiting"         // a create whose outcome is not known yet
	HoldNoAccess        HoldReason = "no_access"        // the item is there, and may not be read
	HoldDisplaced       HoldReason = "displaced"        // cells were moved without the rest of their rows
)

// HoldReasons returns every reason, sorted. The slice is the caller's.
func HoldReasons() []HoldReason {
	return []HoldReason{
		HoldAmbiguous, HoldAwaiting, HoldConflict, HoldDisplaced, HoldDuplicateID, HoldNoAccess, HoldNoTitle, HoldRetrying,
		HoldSchemaDrift, HoldUnknownPartner, HoldUnmappedStatus, HoldUnmatchedPerson, HoldUnreadable, HoldUnsupported,
	}
}

// Hold is one thing that waits for a person while everything else goes on.
type Hold struct {
	Source SourceID   `json:"source"`
	Task   ID         `json:"task,omitempty"` // "" where no task is known yet
	Key    string     `json:"key,omitempty"`  // the item's key; "" where the source itself is held
	Name   string     `json:"name,omitempty"` // what people call the item: "WASH-12", "row 14"
	Field  string     `json:"field,omitempty"`
	Reason HoldReason `json:"reason"`
	Raw    string     `json:"raw,omitempty"` // what the tool shows
	Hint   string     `json:"hint"`          // what to do
}

// Note explains a value that is unreadable. An explanation that is there already stays.
func (r *Record) Note(f Field, reason HoldReason, hint string) {
	if _, ok := r.Problems[f]; ok {
		return
	}
	if r.Problems == nil {
		r.Problems = make(map[Field]Problem, 1)
	}
	r.Problems[f] = Problem{Reason: reason, Hint: hint}
}
