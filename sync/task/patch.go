package task

// Op is what a patch does to its item.
type Op string

// The operations.
const (
	// Create makes the item, with the task's mark in the create itself.
	Create Op = "create"
	// Adopt puts the task's mark on an item that has none, and may set fields with it.
	Adopt Op = "adopt"
	// Update changes fields.
	Update Op = "update"
	// Remove takes the item away. Only the scorecard is ever asked to.
	Remove Op = "remove"
)

// Change is one field of a patch.
type Change struct {
	Field Field `json:"field"`
	// From is what was read: a writer that finds something else there writes nothing (invariant 12).
	From Value `json:"from"`
	To   Value `json:"to"`
}

// Patch is one write to one item. A patch is a fact to be made true: applying it twice does no more than once.
type Patch struct {
	Op   Op  `json:"op"`
	Task ID  `json:"task"`
	Ref  Ref `json:"ref"` // Ref.Key is "" for Create
	// Name is what people call the item, for plans and logs; "" for Create.
	Name string `json:"name,omitempty"`
	// Set is sorted by field. For Create it holds every value that is not empty, From None.
	Set []Change `json:"set,omitempty"`
	// Expect is the whole item as it was read, for Adopt and Remove: what is adopted or removed is what was seen.
	Expect Values `json:"-"`
}

// Receipt says what came of one patch.
type Receipt struct {
	// Err is nil if the patch landed whole. Else it is (or wraps) a *fault.Error: Conflict means that the tool held
	// something else than was expected and nothing was written; Partial that some fields landed, and Record says which.
	Err error
	// Uncertain says that the write may have landed although no answer told: a time-out or a cut connection. The
	// engine looks before it tries again.
	Uncertain bool
	// Record is the item as it was read back after the write, with its lasting Ref; nil where it could not be read
	// (and for Remove).
	Record *Record
	// Left holds what our own write left in a field where it stopped between what was there and what was wanted, such as
	// a status half-way through a workflow; None elsewhere. With Uncertain it is what it may have left. Nobody typed it, so it is
	// no claim.
	Left Values
}
