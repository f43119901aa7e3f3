package gsheets

import (
	"slices"
	"time"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/connectors/cells"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// retryWriting is for how long a spreadsheet that refused a write is taken for one that may only be read. Then one write is
// tried again: sharing it leaves no other trace.
const retryWriting = time.Hour

// sharing is what is known of the account's right to write.
type sharing struct {
	refused time.Time // when a write was last refused; zero where none was
	shut    bool      // refused, as of the last Pull: what a cycle was told of the tab does not change under it
}

// note has the refusal take effect with a Pull.
func (s *sharing) note(now time.Time) {
	s.shut = !s.refused.IsZero() && now.Sub(s.refused) < retryWriting
}

// readOnly reports that nothing is written to the tab: by configuration, or because the account may not.
func (c *Connector) readOnly() bool { return c.cfg.ReadOnly || c.share.shut }

// readingAlone makes a description that of a tab that is only read. Its rows get no marks, so they are known by content.
func (c *Connector) readingAlone(d *connectors.Description) {
	if c.readOnly() {
		d.ReadOnly, d.CanCreate, d.CanRemove, d.Markless = slices.Clone(d.Fields), false, false, true
	}
}

// refusedHold says that the account may not write, where nobody said that it need not.
func (c *Connector) refusedHold() []task.Hold {
	if c.cfg.ReadOnly || !c.share.shut {
		return nil
	}
	return []task.Hold{{
		Source: c.o.Source, Reason: task.HoldUnsupported, Raw: "the spreadsheet may only be read",
		Hint: "its rows are read, and nothing is written to it: share it as an editor with the service account's address, which is client_email " +
			"in google.credentials_file, or, if it shall only be read, set read_only: true under sheet:",
	}}
}

// refusal notes that a write was refused because the account may only read.
func (c *Connector) refusal(f *fault.Error) {
	if f.Reason == fault.Auth {
		c.share.refused = c.o.Now()
	}
}

// nothingWritten is the receipt of every patch to a tab that may only be read. It is reached only by mistake: the
// description says that nothing can be written.
func (c *Connector) nothingWritten(patches []task.Patch) []task.Receipt {
	out := make([]task.Receipt, len(patches))
	for i := range out {
		out[i].Err = fault.New(fault.Permanent, fault.Unsupported, "write the row", "the tab %s may only be read", cells.Quote(c.cfg.Tab))
	}
	return out
}
