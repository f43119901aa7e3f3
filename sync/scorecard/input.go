package scorecard

import (
	"cmp"
	"time"

	"github.com/lockstep-sync/lockstep/sync/merge"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// Input is all that a scorecard is computed from. Slices may come in any order: it makes no difference.
type Input struct {
	Now time.Time
	// Location is the partnership's time zone, in which days begin and end; nil is UTC.
	Location *time.Location
	// Agreement is the date of the partnership agreement; empty where there is none.
	Agreement task.Value
	// Target is the date by which all is to be finished; empty where none is agreed.
	Target task.Value
	Rules  Rules

	Partners    []Partner
	Workstreams []Workstream // what is agreed about them; those that only tasks name come by themselves
	Tasks       []Task
	Sources     []SourceState
	Conflicts   []Conflict
	Holds       []task.Hold

	Updates    []StatusUpdate
	Milestones []Milestone
	Gates      []Gate
	Indicators []Indicator
}

// Partner is an organisation of the partnership.
type Partner struct{ ID, Name string }

// Workstream is a strand of work.
type Workstream struct {
	Name   string     // as tasks write it; case and blanks do not matter
	Lead   string     // a partner's id
	Target task.Value // the date by which it is to be finished; empty where none is agreed
}

// Task is one task in agreed state, with what became of it so far.
type Task struct {
	ID       task.ID
	Number   int64
	Agreed   task.Values
	Baseline task.Value // the first agreed due date; empty until there is one
	Removed  bool
	Created  time.Time
	Changed  time.Time
	// Sources are the tools that hold the task; nil where that is not known.
	Sources []task.SourceID
	Story   Story
}

// SourceState is how a source was read last.
type SourceState struct {
	ID          task.SourceID `json:"id"`
	Name        string        `json:"name,omitempty"`        // what people call it; "" is its id
	Partner     string        `json:"partner"`               // whose tool it is
	Scorecard   bool          `json:"scorecard,omitempty"`   // it is the partnership's scorecard
	LastSuccess time.Time     `json:"last_success,omitzero"` // zero where it was never read
	Error       string        `json:"error,omitempty"`       // why the last attempt did not succeed
	Interval    time.Duration `json:"interval_ns"`
}

func (s *SourceState) name() string { return cmp.Or(s.Name, string(s.ID)) }

// Conflict is a field that waits for people.
type Conflict struct {
	Task   task.ID       `json:"task"`
	Field  task.Field    `json:"field"`
	Agreed task.Value    `json:"agreed"`
	Claims []merge.Claim `json:"claims"`
	Opened time.Time     `json:"opened"`
}

// StatusUpdate is what somebody says about how it goes. Updates are only added, never changed; the newest counts.
type StatusUpdate struct {
	At    time.Time `json:"at"`
	By    string    `json:"by"`
	About Subject   `json:"about"`
	RAG   RAG       `json:"rag"`
	Words string    `json:"words,omitempty"`
}

// SubjectKind is what a status update, a roll-up or a verdict is about.
type SubjectKind string

// The kinds of subject.
const (
	Partnership   SubjectKind = "partnership"
	OfPartner     SubjectKind = "partner"
	OfWorkstream  SubjectKind = "workstream"
	OfTask        SubjectKind = "task"
	OfCombination SubjectKind = "partner_workstream" // one cell of the heat map
)

// Subject names what is spoken of.
type Subject struct {
	Kind       SubjectKind `json:"kind"`
	Partner    string      `json:"partner,omitempty"`    // a partner's id
	Workstream string      `json:"workstream,omitempty"` // a workstream's name; "" is the tasks without one
	Task       task.ID     `json:"task,omitempty"`
}
