// Package memory is the reference connector: a tool that lives in this process. It shows the contract of package
// connectors in the plainest way, and stands in for any kind of tool in tests: one with lasting keys or without, one that
// shows fewer values than it is given, one whose index trails behind. It does no I/O, starts no goroutine and leaves
// nothing to chance: the same calls in the same order give the same answers.
package memory

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// Options say what kind of tool it is. The zero Options are a tool that maps no field.
type Options struct {
	// Fields are the mapped fields, in any order. Items have every field; what is not mapped is a person's own column,
	// never read and never written by the connector.
	Fields []task.Field
	// ReadOnly are those of Fields that may be read only.
	ReadOnly             []task.Field
	CanCreate, CanRemove bool
	// Lossy is what the tool shows if want is written over have: see connectors.Normalizer. It must be pure. Nil: every
	// value is shown as it is.
	Lossy func(f task.Field, want, have task.Value) (task.Value, *task.Problem)
	// Provisional says that an item made by a person has no lasting key until it is adopted, as a row of a sheet; the
	// lasting key is then the task's id. Else every item has the lasting key that its tool gave it: "k1", "k2", …
	Provisional bool
	// Positional says that people can move single values from item to item: see connectors.Description.
	Positional bool
	// Defaults are what the tool itself fills into the empty fields of a new item.
	Defaults task.Values
	// Increments says that a Pull with a cursor gives only what changed since. A deletion never shows in an increment.
	Increments bool
	// Census is after how many increments a Pull reads everything again, so that deletions are seen; 0 is never.
	Census int
	// Lists says that the census is an increment with a list of all keys, rather than a Pull of everything.
	Lists bool
	// Lag is by how many changes a Pull may be behind. It catches up by one with each Pull, so a tool that nobody
	// changes is seen as it is after Lag of them. Confirm and Find see the item as it is now.
	Lag int
	// SettleDelay is how long after our mark was put on an item Find still misses it, by Now.
	SettleDelay time.Duration
	// Board says that the tool shows what is worked out beside its items, and pages: see connectors.Publisher.
	Board bool
	// Now stamps changes. Nil: items carry no time, and SettleDelay has no effect.
	Now func() time.Time
}

// Who changed an item, as records say it.
const (
	ByPerson   = "a person"
	ByLockstep = "Lockstep"
)

// Tool is a tool with its items, and the connector to it. Several goroutines may use it at once.
type Tool struct {
	opts Options

	mu      sync.Mutex
	desc    connectors.Description
	items   map[int]*item // by number: "k7" is 7
	order   []int         // as the tool lists them
	marks   map[task.ID][]int
	number  int   // of the newest item
	deleted *item // by a person, the last
	seq     int64 // of the last change
	shown   []state
	stir    uint64 // how often the items were permuted

	reads, writes int

	board     *board            // as it is
	known     *board            // as it was read or written last
	pulled    *board            // as it was read last
	wanted    *connectors.Board // as it is to be; nil until Show
	published int

	fail    func(Step, *task.Patch) Effect
	between func(task.Patch)
}

var (
	_ connectors.Connector  = (*Tool)(nil)
	_ connectors.Normalizer = (*Tool)(nil)
	_ connectors.Confirmer  = (*Tool)(nil)
	_ connectors.Finder     = (*Tool)(nil)
)

// item is never changed in place: a change puts another in its stead, so that what the index still shows stays.
type item struct {
	number  int
	mark    task.ID
	marked  time.Time
	version int64
	seq     int64 // of its last change
	values  task.Values
	by      string
	at      time.Time
	hidden  connectors.Presence // "" where Pull sees it
}

// state is what the index knew after a change.
type state struct {
	seq   int64
	items []*item
}

// New returns a tool without items.
func New(o Options) *Tool {
	t := &Tool{opts: o, items: make(map[int]*item), marks: make(map[task.ID][]int), board: &board{}, known: &board{}, pulled: &board{}}
	t.describe(o.Fields, o.ReadOnly)
	t.index()
	return t
}

// Describe says what the tool can do.
func (t *Tool) Describe() connectors.Description {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.desc
}

// Remap changes which fields are mapped, as an edit of the configuration does: the fingerprint changes with it.
func (t *Tool) Remap(fields, readOnly []task.Field) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.describe(fields, readOnly)
}

func (t *Tool) describe(fields, readOnly []task.Field) {
	fields, readOnly = sorted(fields), sorted(readOnly)
	var fingerprint strings.Builder
	for _, f := range fields {
		fingerprint.WriteString(f.String())
		if slices.Contains(readOnly, f) {
			fingerprint.WriteString("(read)")
		}
		fingerprint.WriteByte(' ')
	}
	t.desc = connectors.Description{
		Kind: "memory", Fields: fields, ReadOnly: readOnly, CanCreate: t.opts.CanCreate, CanRemove: t.opts.CanRemove,
		Positional: t.opts.Positional, Fingerprint: strings.TrimSpace(fingerprint.String()), SettleDelay: t.opts.SettleDelay,
	}
}

func sorted(fs []task.Field) []task.Field {
	fs = slices.Clone(fs)
	slices.Sort(fs)
	return slices.Compact(fs)
}

// Normalize returns what the tool would show: see connectors.Normalizer.
func (t *Tool) Normalize(f task.Field, want, have task.Value) (task.Value, *task.Problem) {
	if t.opts.Lossy == nil {
		return want, nil
	}
	return t.opts.Lossy(f, want, have)
}

// Reads is how many reads the tool has answered or refused: pulls, confirmations and searches.
func (t *Tool) Reads() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.reads
}

// Writes is how many patches have changed something.
func (t *Tool) Writes() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.writes
}

func (t *Tool) now() time.Time {
	if t.opts.Now == nil {
		return time.Time{}
	}
	return t.opts.Now()
}

func handle(number int) string { return "k" + strconv.Itoa(number) }

// numberOf reads what handle wrote.
func numberOf(key string) (int, bool) {
	digits, ok := strings.CutPrefix(key, "k")
	n, err := strconv.Atoi(digits)
	return n, ok && err == nil && n > 0
}

// put makes it an item of the tool, new or in place of the one that was.
func (t *Tool) put(it item) *item {
	t.seq++
	it.seq, it.at = t.seq, t.now()
	it.version++
	was := t.items[it.number]
	if was == nil {
		t.order = append(t.order, it.number)
	}
	if was == nil || was.mark != it.mark {
		if was != nil {
			t.unmark(was)
		}
		if it.mark != "" {
			t.marks[it.mark] = append(t.marks[it.mark], it.number)
			it.marked = it.at
		}
	}
	t.items[it.number] = &it
	t.index()
	return &it
}

func (t *Tool) drop(it *item) {
	t.seq++
	t.unmark(it)
	delete(t.items, it.number)
	t.order = slices.DeleteFunc(t.order, func(n int) bool { return n == it.number })
	t.index()
}

func (t *Tool) unmark(it *item) {
	if it.mark == "" {
		return
	}
	left := slices.DeleteFunc(t.marks[it.mark], func(n int) bool { return n == it.number })
	if len(left) == 0 {
		delete(t.marks, it.mark)
		return
	}
	t.marks[it.mark] = left
}

// list is every item in the tool's order.
func (t *Tool) list() []*item {
	items := make([]*item, len(t.order))
	for i, n := range t.order {
		items[i] = t.items[n]
	}
	return items
}

// index remembers the present state for pulls that are behind.
func (t *Tool) index() {
	if t.opts.Lag <= 0 {
		return
	}
	t.shown = append(t.shown, state{t.seq, t.list()})
	if behind := len(t.shown) - 1 - t.opts.Lag; behind > 0 {
		t.shown = slices.Delete(t.shown, 0, behind)
	}
}

// CatchUp brings the index up to now: the next Pull sees everything.
func (t *Tool) CatchUp() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.shown) > 1 {
		t.shown = slices.Delete(t.shown, 0, len(t.shown)-1)
	}
}

// seen is what a Pull sees, and the index catches up by one change.
func (t *Tool) seen() state {
	if t.opts.Lag <= 0 {
		return state{t.seq, t.list()}
	}
	s := t.shown[0]
	if len(t.shown) > 1 {
		t.shown = slices.Delete(t.shown, 0, 1)
	}
	return s
}

// keys gives each of the items the key that the connector knows it by. Items that look the same are told apart by their
// order among themselves, so that moving them changes nothing.
func (t *Tool) keys(items []*item) []string {
	keys := make([]string, len(items))
	var twins map[string]int
	for i, it := range items {
		switch {
		case !t.opts.Provisional:
			keys[i] = handle(it.number)
		case it.mark != "":
			keys[i] = string(it.mark)
		default:
			if twins == nil {
				twins = make(map[string]int)
			}
			look := t.look(it)
			twins[look]++
			keys[i] = look
			if n := twins[look]; n > 1 {
				keys[i] = fmt.Sprintf("%s.%d", look, n)
			}
		}
	}
	return keys
}

// look is a provisional key made of what the connector can see of the item.
func (t *Tool) look(it *item) string {
	const offset, prime = 14695981039346656037, 1099511628211 // FNV-1a
	h := uint64(offset)
	for _, f := range t.desc.Fields {
		v := it.values[f]
		h = (h ^ uint64(v.Kind())) * prime
		s := v.String()
		for i := range len(s) {
			h = (h ^ uint64(s[i])) * prime
		}
		h = (h ^ 0xff) * prime // no byte of UTF-8: the end of a value
	}
	return "~" + strconv.FormatUint(h, 16)
}

// keyOf is the key of one item among all.
func (t *Tool) keyOf(it *item) string {
	if !t.opts.Provisional || it.mark != "" {
		return t.keys([]*item{it})[0]
	}
	items := t.list()
	return t.keys(items)[slices.Index(items, it)]
}

// byKey finds the item of that key now; nil where there is none, or where a mark was copied so that it names several.
func (t *Tool) byKey(key string) *item {
	switch {
	case !t.opts.Provisional:
		n, _ := numberOf(key)
		return t.items[n]
	case task.Ref{Key: key}.Provisional():
		items := t.list()
		if i := slices.Index(t.keys(items), key); i >= 0 {
			return items[i]
		}
	case len(t.marks[task.ID(key)]) == 1:
		return t.items[t.marks[task.ID(key)][0]]
	}
	return nil
}
