package gdocs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"google.golang.org/api/docs/v1"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/connectors/cells"
	"github.com/lockstep-sync/lockstep/connectors/google"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// Options are what a Connector is given besides its configuration.
type Options struct {
	Source task.SourceID
	// KeyPrefix is the partnership's key: with "CW" marks look like CW-42. With "" any such id is taken for ours.
	KeyPrefix string
	// Drive tells whether the document lies in the bin: see google.NewDrive. Nil is not asked.
	Drive *google.Drive
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Connector connects one table. Besides connectors.Connector it is a Normalizer, a Confirmer and a Checker.
type Connector struct {
	cfg     Config
	svc     *docs.Service
	o       Options
	words   *cells.Vocabulary
	headers [task.FieldCount]string
	web     string // where people see the documents

	last    *table // of the last Pull or Apply; nil before
	refused bool   // a write was refused for want of permission
	viewer  bool   // we may read the document, and not edit it
	plain   bool   // we may not see what is suggested in it

	bin google.Bin
}

var (
	_ connectors.Connector  = (*Connector)(nil)
	_ connectors.Normalizer = (*Connector)(nil)
	_ connectors.Confirmer  = (*Connector)(nil)
)

// New returns a connector of the table that cfg names. It makes no request. The error says all that is wrong with cfg.
func New(cfg Config, svc *docs.Service, o Options) (*Connector, error) {
	if err := errors.Join(cfg.Validate()...); err != nil {
		return nil, fmt.Errorf("set up the document: %w", err)
	}
	if svc == nil {
		return nil, errors.New("set up the document: there is no client")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	c := &Connector{cfg: cfg, svc: svc, o: o, web: google.Web(svc.BasePath)}
	c.words = cells.NewVocabulary(cfg.Status, cfg.Partners, cfg.People)
	for _, f := range cfg.fields() {
		c.headers[f] = cfg.Columns[f.String()]
	}
	return c, nil
}

// Describe says what the table can do. A field whose column is gone is left out.
func (c *Connector) Describe() connectors.Description {
	d := connectors.Description{Kind: "doc", CanCreate: c.cfg.Create, Positional: true, Fingerprint: c.fingerprint()}
	for _, f := range c.cfg.fields() {
		if c.last == nil || c.last.column[f] >= 0 {
			d.Fields = append(d.Fields, f)
		}
	}
	if c.readsOnly() {
		d.CanCreate, d.Markless, d.ReadOnly = false, true, d.Fields
	}
	return d
}

// readsOnly reports that nothing can be written: as configured, or because the document is shared for reading.
func (c *Connector) readsOnly() bool { return c.cfg.ReadOnly || c.viewer || c.refused }

func (c *Connector) fingerprint() string {
	// Encoding into a hash cannot go wrong: these are plain data, and maps are written in order of their keys.
	h := sha256.New()
	_ = json.NewEncoder(h).Encode([]any{c.cfg.Document, c.cfg.Table, c.headers, c.cfg.Status})
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// Pull reads the document whole in one request. The snapshot is complete.
func (c *Connector) Pull(ctx context.Context, _ string) (task.Snapshot, error) {
	if f := c.bin.Look(ctx, c.o.Drive, c.cfg.Document, c.faults()); f != nil {
		return task.Snapshot{}, f
	}
	t, f := c.read(ctx, "read the table")
	if f != nil {
		return task.Snapshot{}, f
	}
	snap := task.Snapshot{Complete: true}
	snap.Records, snap.Held = c.records(t)
	if c.readsOnly() && !c.cfg.ReadOnly {
		snap.Held = append(snap.Held, task.Hold{
			Source: c.o.Source, Reason: task.HoldNoAccess, Raw: t.title,
			Hint: "the document is shared for reading only, so nothing is written back there: " + readOnlyHint,
		})
	}
	return snap, nil
}

const readOnlyHint = "share it, as an editor, with the service account's address (client_email in google.credentials_file), or set read_only: true"

// Confirm reads the document anew and says of each key whether its row is there.
func (c *Connector) Confirm(ctx context.Context, keys []string) (map[string]connectors.Confirmation, error) {
	t, f := c.read(ctx, "confirm absent rows")
	if f != nil {
		return nil, f
	}
	out := make(map[string]connectors.Confirmation, len(keys))
	for _, k := range keys {
		out[k] = connectors.Confirmation{Presence: connectors.Gone}
		if at, found := t.byKey[k]; found {
			out[k] = connectors.Confirmation{Presence: connectors.Present, Record: c.record(t, t.itemAt(at, k))}
		}
	}
	return out, nil
}

// read reads the document and understands its table; it is then the last one.
func (c *Connector) read(ctx context.Context, op string) (*table, *fault.Error) {
	p, f := c.get(ctx, op)
	if f != nil {
		return nil, f
	}
	g, l, f := c.find(p)
	if f != nil {
		return nil, f
	}
	c.last = c.understand(p, g, l)
	return c.last, nil
}
