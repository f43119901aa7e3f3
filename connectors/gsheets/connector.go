package gsheets

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"google.golang.org/api/sheets/v4"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/connectors/cells"
	"github.com/lockstep-sync/lockstep/connectors/google"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// Options are what a Connector is given besides its configuration.
type Options struct {
	Source task.SourceID
	// KeyPrefix is the partnership's key: with "CW" the ids in the hidden column look like CW-42. With "" any such id is
	// taken for ours.
	KeyPrefix string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Drive tells where the spreadsheet's file lies; nil is not asked.
	Drive *google.Drive
}

// Connector connects one tab. Besides connectors.Connector it is a Normalizer and a Confirmer and, for the scorecard, a
// Publisher.
type Connector struct {
	cfg     Config
	svc     *sheets.Service
	o       Options
	bin     google.Bin
	words   *cells.Vocabulary
	headers [task.FieldCount]string
	web     string // where people see the spreadsheets
	share   sharing

	last    *table // of the last Pull; nil before
	board   boardState
	written map[string]bool // keys of the rows that may show by now what we wrote since
	journal journal
	batches int // how many were made
	doubt   doubt
	habits  *habits // of the columns, as the last read of the whole tab shows them; nil before
}

var (
	_ connectors.Connector  = (*Connector)(nil)
	_ connectors.Normalizer = (*Connector)(nil)
	_ connectors.Confirmer  = (*Connector)(nil)
	_ connectors.Hinted     = (*Connector)(nil)
)

// New returns a connector of the tab that cfg names. It makes no request. The error says all that is wrong with cfg.
func New(cfg Config, svc *sheets.Service, o Options) (*Connector, error) {
	if err := errors.Join(cfg.Validate()...); err != nil {
		return nil, fmt.Errorf("set up the sheet: %w", err)
	}
	if svc == nil {
		return nil, errors.New("set up the sheet: there is no client")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	c := &Connector{cfg: cfg, svc: svc, o: o, words: newVocabulary(cfg), web: google.Web(svc.BasePath)}
	for _, f := range cfg.fields() {
		c.headers[f] = cfg.header(f)
	}
	return c, nil
}

// Describe says what the tab can do. A field whose column is gone is left out, unless the next write brings it back.
func (c *Connector) Describe() connectors.Description {
	d := connectors.Description{
		Kind: "sheet", CanCreate: c.cfg.Create || c.cfg.Scorecard, CanRemove: c.cfg.Scorecard, Positional: true,
		Fingerprint: c.fingerprint(),
	}
	for _, f := range c.cfg.fields() {
		if c.last == nil || c.last.blank || c.last.column[f] >= 0 || c.grows(f) {
			d.Fields = append(d.Fields, f)
		}
	}
	c.readingAlone(&d)
	return d
}

// grows reports that a column of the scorecard which is missing is made with the next write. What was named in the
// configuration is a person's column, and is not.
func (c *Connector) grows(f task.Field) bool {
	return c.cfg.Scorecard && (c.cfg.Columns[f.String()] == "" || c.last != nil && c.last.blank) && c.headers[f] != ""
}

func (c *Connector) fingerprint() string {
	// Encoding into a hash cannot go wrong: these are plain data, and maps are written in order of their keys.
	h := sha256.New()
	_ = json.NewEncoder(h).Encode([]any{c.cfg.Spreadsheet, c.cfg.Tab, c.cfg.headerIndex(), c.headers, c.cfg.Status})
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// memory is what one Pull hands to the next in the cursor. It is not needed to read the tab: each Pull reads it whole. It
// lets a column of ids, or a tab, that is gone be told from one that never was.
type memory struct {
	Sheet int64 `json:"sheet"`
	IDs   bool  `json:"ids"`
	// Pages are the tabs that Lockstep keeps beside the scorecard's, by the page's name.
	Pages map[string]savedPage `json:"pages,omitempty"`
	// Journal is the hidden tab in which writes keep what they replace.
	Journal *savedJournal `json:"journal,omitempty"`
}

// Pull reads the whole tab in one request. The snapshot is complete, unless a row bears an id that is none of ours: it
// could be any task's. The cursor only serves to notice what was deleted.
func (c *Connector) Pull(ctx context.Context, cursor string) (task.Snapshot, error) {
	if f := c.bin.Look(ctx, c.o.Drive, c.cfg.Spreadsheet, c.faults()); f != nil {
		return task.Snapshot{}, f
	}
	var before memory
	if cursor != "" {
		if err := json.Unmarshal([]byte(cursor), &before); err != nil {
			before = memory{} // of another version: nothing is known
		}
	}
	c.journal.recall(before.Journal)
	if f := c.makeGood(ctx); f != nil {
		return task.Snapshot{}, f
	}
	read := c.readTab
	if c.cfg.Scorecard {
		read = c.readBook
	}
	g, err := read(ctx, "read the tab", readCell, before)
	if err != nil {
		return task.Snapshot{}, err
	}
	t, err := c.understand(g)
	if err != nil {
		return task.Snapshot{}, err
	}
	if f := c.lost(t, before.IDs && before.Sheet == g.sheetID); f != nil {
		return task.Snapshot{}, f
	}
	c.last, c.written = t, nil
	c.board.seen()
	c.share.note(c.o.Now())
	snap := task.Snapshot{Complete: len(t.strange) == 0}
	snap.Choices = c.board.choices()
	snap.Overtyped = append(c.overtyped(t), c.board.overtyped()...)
	snap.Records, snap.Held = c.records(t)
	snap.Held = append(snap.Held, c.refusedHold()...)
	next, err := json.Marshal(memory{Sheet: g.sheetID, IDs: t.id >= 0, Journal: c.journal.saved(), Pages: c.board.savePages()})
	if err != nil {
		return task.Snapshot{}, fmt.Errorf("write the cursor: %w", err)
	}
	snap.Cursor = string(next)
	return snap, nil
}

// Normalize returns what the tab would show: see connectors.Normalizer.
func (c *Connector) Normalize(f task.Field, want, have task.Value) (task.Value, *task.Problem) {
	r := &reader{vocabulary: c.words, columns: c.headers}
	if c.last != nil {
		r = c.last.reader
	}
	return r.normalize(f, want, have)
}

// Confirm reads the tab anew and says of each key whether its row is there. Of a row that is held nothing is said.
func (c *Connector) Confirm(ctx context.Context, keys []string) (map[string]connectors.Confirmation, error) {
	if f := c.makeGood(ctx); f != nil {
		return nil, f
	}
	g, err := c.readTab(ctx, "confirm absent rows", readCell, memory{})
	if err != nil {
		return nil, err
	}
	t, err := c.understand(g)
	if err != nil {
		return nil, err
	}
	lasting := slices.ContainsFunc(keys, func(k string) bool { return !(task.Ref{Key: k}).Provisional() })
	if t.id < 0 && (lasting || c.last != nil && c.last.id >= 0) {
		// Ids are known that only this column can have shown, whatever the cursor tells: the last pull may have been before
		// the column was made.
		return nil, c.drifted("the column %s is gone from the tab %s", cells.Quote(idHeader), cells.Quote(c.cfg.Tab)).
			WithHint("undo its deletion or renaming")
	}
	out := make(map[string]connectors.Confirmation, len(keys))
	for _, k := range keys {
		at, found := t.byKey[k]
		switch {
		case found:
			id := task.ID(k)
			if (task.Ref{Key: k}).Provisional() {
				id = ""
			}
			out[k] = connectors.Confirmation{Presence: connectors.Present, Record: c.record(t, at, k, id)}
		case len(t.copies[k]) == 0 && len(t.strange) == 0:
			out[k] = connectors.Confirmation{Presence: connectors.Gone}
		}
	}
	return out, nil
}

// conflict is the fault of a patch that does not meet what it expects.
func conflict(format string, args ...any) *fault.Error {
	return fault.New(fault.Conflict, fault.Precondition, "write the row", format, args...)
}

// Hint implements connectors.Hinted. Every Pull reads the whole tab, so there is nothing to remember.
func (c *Connector) Hint(...string) {}

// HintDeleted implements connectors.Hinted: the next Pull asks Drive where the file lies.
func (c *Connector) HintDeleted(...string) { c.bin.Suspect() }
