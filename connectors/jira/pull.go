package jira

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// Pull reads the source: see connectors.Connector. It reads everything at first, and when the filter, the mapping or the
// people changed; after that what changed, in one request where little did. Beside it goes at most one request more: a page of
// a census, which finds what no increment shows, or a look at what the site's administrators may have changed.
func (c *Connector) Pull(ctx context.Context, s string) (task.Snapshot, error) {
	cur := parseCursor(s)
	now := c.o.Now()
	fp := digest(c.fp, c.cfg.People)
	c.ledger.settle(s)
	if s == "" || !c.warm || cur.Print != fp {
		return c.pullAll(ctx, cur, fp, now)
	}
	return c.pullChanges(ctx, cur, now)
}

// pullAll reads everything. Its snapshot is complete, or comes with an error.
func (c *Connector) pullAll(ctx context.Context, cur cursor, fp string, now time.Time) (task.Snapshot, error) {
	// An expired token can answer a search with 200 and no issues, from which nothing must be concluded.
	if err := c.api.myself(ctx); err != nil {
		return task.Snapshot{}, err
	}
	if err := c.look(ctx); err != nil {
		return task.Snapshot{}, err
	}
	for _, p := range cur.Projects {
		if i, found := slices.BinarySearch(c.projects, p); !found {
			c.projects = slices.Insert(c.projects, i, p)
		}
	}
	issues, failed := c.readPages(ctx, searchRequest{
		JQL: "(" + c.jql + ") ORDER BY key ASC", Fields: c.wanted(), Max: pageMax, Reconcile: c.reconcile(),
	})
	if failed != nil && len(issues) == 0 {
		return task.Snapshot{}, failed
	}
	for _, is := range issues {
		c.note(is)
	}
	before := cur.Names
	if before == nil {
		before = c.statusIDs
	}
	if err := c.lookAtProjects(ctx, before); err != nil {
		return task.Snapshot{}, err
	}
	if err := c.lookUpPeople(ctx); err != nil {
		return task.Snapshot{}, err
	}
	if failed == nil {
		c.forget()
	}
	snap := c.snapshot(issues)
	if failed != nil {
		return snap, partial(failed)
	}
	next := cursor{Print: fp, Round: cur.Round + 1, Names: c.statusIDs, Projects: c.projects}
	if cur.Print == fp {
		next.High, next.Seen = cur.High, cur.Seen
	}
	for _, is := range issues {
		next = next.raised(is.version(), now)
	}
	snap.Complete, snap.Cursor = true, next.String()
	c.upkeep.begin(now, c.site())
	c.ledger = ledger{}
	c.ledger.brought(snap.Cursor, issues, nil, func() { c.warm = true })
	return snap, nil
}

// fewIssues is up to how many issues an increment reads whole, rather than asking first which of them changed.
const fewIssues = 50

// pullChanges reads what changed.
func (c *Connector) pullChanges(ctx context.Context, cur cursor, now time.Time) (task.Snapshot, error) {
	issues, proven, failed := c.readIncrement(ctx, cur, now)
	if failed != nil && len(issues) == 0 {
		return task.Snapshot{}, failed
	}
	var up found
	if failed == nil {
		up, failed = c.keepUp(ctx, issues, proven, now)
	}
	if !proven && !up.proven {
		// So it is where nothing changed, and where the token has expired.
		if err := c.api.myself(ctx); err != nil {
			return task.Snapshot{}, err
		}
	}
	next, news := cur, up.listing != nil
	issues = with(issues, up.issues)
	for _, is := range issues {
		next = next.raised(is.version(), now)
		news = news || c.ledger.behind(is)
	}
	if err := c.understand(ctx, issues, next.Names); err != nil {
		return task.Snapshot{}, err
	}
	snap := c.snapshot(issues)
	if failed != nil {
		return snap, partial(failed)
	}
	next.Names, next.Projects = c.statusIDs, c.projects
	if news {
		next.Round++ // else the cursor would be the same, and it could not be told whether this was accounted for
	}
	snap.Cursor, snap.Listing = next.String(), up.listing
	c.ledger.brought(snap.Cursor, issues, up.gone, up.done)
	return snap, nil
}

// with adds those of more that are not among issues yet.
func with(issues, more []*wireIssue) []*wireIssue {
	if len(more) == 0 {
		return issues
	}
	has := make(map[string]bool, len(issues))
	for _, is := range issues {
		has[is.ID] = true
	}
	for _, is := range more {
		if !has[is.ID] {
			issues = append(issues, is)
		}
	}
	return issues
}

// readIncrement reads the issues that changed since the cursor, whole. Where many changed lately it asks first which of them
// changed again. An issue that is read although it was accounted for does no harm. Proven says that the answer shows who
// we are: it was not empty.
func (c *Connector) readIncrement(ctx context.Context, cur cursor, now time.Time) (issues []*wireIssue, proven bool, err error) {
	if newest := c.ledger.newest(); newest > 0 && newest < cur.High {
		cur.High = newest // what was newer is gone: from there on nothing would answer, as if we were nobody
	}
	since := cur.since(now, c.o.Overlap)
	jql := "(" + c.jql + ")"
	if since > 0 {
		// Milliseconds: a quoted date would be taken to the minute, and in the account's own time zone.
		jql += fmt.Sprintf(" AND updated >= %d", since)
	}
	req := searchRequest{JQL: jql + " ORDER BY updated ASC, key ASC", Fields: c.wanted(), Max: pageMax, Reconcile: c.reconcile()}
	if c.ledger.since(since) <= fewIssues {
		issues, err = c.readPages(ctx, req)
		return issues, len(issues) > 0, err
	}
	// The newest first: where more changed together than fit a page, what is new is found without reading through all of
	// them each time. What the index shows so late that it comes behind a page of newer changes, the census finds.
	req.JQL, req.Fields, req.Max = jql+" ORDER BY updated DESC, key DESC", []string{"updated"}, censusMax
	listed, err := c.readPagesWhile(ctx, req, func(page []wireIssue) bool {
		for i := range page {
			if c.ledger.behind(&page[i]) {
				return true
			}
		}
		return false
	})
	if err != nil {
		return nil, false, err
	}
	issues, err = c.readChanged(ctx, listed)
	return issues, len(listed) > 0, err
}

// readChanged reads those of the listed issues whose newest change was not accounted for, as new as they were listed.
func (c *Connector) readChanged(ctx context.Context, listed []*wireIssue) ([]*wireIssue, error) {
	var ids []string
	versions := map[string]int64{}
	for _, is := range listed {
		if c.ledger.behind(is) {
			ids = append(ids, is.ID)
			versions[is.ID] = is.version()
		}
	}
	got, err := c.api.fetchFresh(ctx, "read what changed", ids, c.wanted(), func(is *wireIssue) bool { return is.version() >= versions[is.ID] })
	if err != nil {
		return nil, err
	}
	out := make([]*wireIssue, 0, len(got))
	for _, id := range ids {
		if is := got[id]; is != nil {
			out = append(out, is)
		}
	}
	return out, nil
}

// understand looks at the site again where issues show something that is not known of it.
func (c *Connector) understand(ctx context.Context, issues []*wireIssue, before map[string][]string) error {
	strange := false
	for _, is := range issues {
		projects := len(c.projects)
		c.note(is)
		st := is.status()
		if what := st.ID + "\x00" + st.Name; !c.meaning.knows(st) && !c.puzzled[what] {
			c.puzzled[what] = true // looked for once, whatever comes of it: else each increment would look again
			strange = true
		}
		strange = strange || len(c.projects) != projects
	}
	if !strange {
		return nil
	}
	return c.lookAtProjects(ctx, before)
}

// readPages reads every page of a search. With an error comes what was read until then. An issue that moved from one page to
// another while they were read comes once, as it was seen last.
func (c *Connector) readPages(ctx context.Context, req searchRequest) ([]*wireIssue, error) {
	return c.readPagesWhile(ctx, req, func([]wireIssue) bool { return true })
}

// readPagesWhile is readPages up to and with the first page that more says is the last worth reading.
func (c *Connector) readPagesWhile(ctx context.Context, req searchRequest, more func([]wireIssue) bool) ([]*wireIssue, error) {
	var out []*wireIssue
	at := map[string]int{}
	tokens := map[string]bool{}
	for n := 1; ; n++ {
		op := fmt.Sprintf("pull page %d", n)
		page, err := c.api.search(ctx, op, req)
		if err != nil {
			return out, err
		}
		for i := range page.Issues {
			is := &page.Issues[i]
			if j, dup := at[is.ID]; dup {
				if is.version() >= out[j].version() {
					out[j] = is
				}
				continue
			}
			at[is.ID] = len(out)
			out = append(out, is)
		}
		if page.Token == "" {
			if page.Last != nil && !*page.Last {
				return out, c.odd(op, "the answer says that more follows, and not where")
			}
			return out, nil
		}
		if tokens[page.Token] {
			return out, c.odd(op, "the answer leads back to a page that was read")
		}
		if !more(page.Issues) {
			return out, nil
		}
		tokens[page.Token] = true
		req.Token = page.Token
	}
}

func (c *Connector) odd(op, what string) error {
	f := fault.New(fault.Retryable, fault.Invalid, op, "%s", what)
	f.Source = c.o.Source
	return f
}

// partial says that what came before the error is worth having.
func partial(err error) error {
	f := *fault.Of(err)
	if f.Kind == fault.Retryable {
		f.Kind = fault.Partial
	}
	return &f
}

// snapshot is what issues say. One that carries several marks is held: it is a copy, and whose cannot be told.
func (c *Connector) snapshot(issues []*wireIssue) task.Snapshot {
	var snap task.Snapshot
	for _, is := range issues {
		if marks := c.marks(is); len(marks) > 1 {
			snap.Held = append(snap.Held, task.Hold{
				Source: c.o.Source, Key: is.ID, Name: is.Key, Field: task.Labels.String(), Reason: task.HoldAmbiguous,
				Raw:  markLabel(marks[0]) + ", " + markLabel(marks[1]),
				Hint: fmt.Sprintf("the issue carries the marks of %s and %s: take one of the labels off", marks[0], marks[1]),
			})
			continue
		}
		snap.Records = append(snap.Records, c.record(is))
	}
	for _, h := range c.held {
		h.Source = c.o.Source
		snap.Held = append(snap.Held, h)
	}
	return snap
}
