package jira

import (
	"context"
	"net/http"
	"slices"
	"time"
)

// upkeep is what goes on beside the increments, one request a pull: looks at what the site's administrators may have
// changed, and the census.
type upkeep struct {
	lookedAt, countedAt, readAt time.Time // when a look, a census and a thorough one were last begun or done, by our clock

	looks  []func(context.Context) error // of a look in progress, one request each
	site   string                        // a digest of how the site is understood, as every issue was read
	census *census                       // in progress
}

// census reads through the keys of all issues, a page a pull. It finds what increments cannot show: issues that are gone,
// issues that came into sight without being changed, and changes that the index showed later than increments reach back.
// A thorough one reads the issues whole, for some values change without their issue: a component that is called otherwise.
type census struct {
	thorough bool
	token    string
	tokens   map[string]bool
	seen     map[string]bool
	fresh    []int64 // read past the index: the same on each page, by Jira's rule
}

// found is what upkeep brought beside the increment.
type found struct {
	issues  []*wireIssue
	listing []string // every id there is; nil where no census came to its end
	gone    []string // known ids that are not in listing
	proven  bool     // the answer shows that we are let in as who we are
	done    func()   // to be called once this was accounted for
}

// begin is called when everything was looked at and read.
func (u *upkeep) begin(now time.Time, site string) {
	*u = upkeep{lookedAt: now, countedAt: now, readAt: now, site: site}
}

// due reports that the time for something has come, or that our clock was set back.
func due(at, now time.Time, every time.Duration) bool {
	d := now.Sub(at)
	return d < 0 || d >= every
}

// keepUp does the next step of what goes on beside the increments, if there is one.
func (c *Connector) keepUp(ctx context.Context, changed []*wireIssue, proven bool, now time.Time) (found, error) {
	u := &c.upkeep
	if u.census != nil {
		for _, is := range changed {
			u.census.seen[is.ID] = true
		}
	}
	switch {
	case len(u.looks) > 0, proven && u.census == nil && due(u.lookedAt, now, c.o.LookEvery):
		return found{}, c.lookOn(ctx, now)
	case u.census != nil, due(u.countedAt, now, c.o.CensusEvery), due(u.readAt, now, c.o.FullEvery), c.hints.census():
		return c.countOn(ctx, now)
	}
	return found{}, nil
}

// lookOn does the next step of a look at the site.
func (c *Connector) lookOn(ctx context.Context, now time.Time) error {
	u := &c.upkeep
	if len(u.looks) == 0 {
		u.looks = append(c.siteLooks(), c.projectLooks(c.statusIDs)...)
	}
	if err := u.looks[0](ctx); err != nil {
		return err // the next pull tries it again
	}
	if u.looks = u.looks[1:]; len(u.looks) > 0 {
		return nil
	}
	u.lookedAt = now
	c.forget()
	if site := c.site(); site != u.site {
		u.site, u.readAt = site, time.Time{} // what was read may mean something else now
	}
	return nil
}

// site is a digest of what the values of issues depend on beside the issues.
func (c *Connector) site() string {
	cols := make([]string, 0, len(c.columns))
	for _, col := range c.columns {
		cols = append(cols, col.field.String()+" "+col.id)
	}
	return digest(cols, c.meaning.statuses, c.meaning.byID, c.components, c.options, c.epics.renamed)
}

// countOn reads the next page of the census.
func (c *Connector) countOn(ctx context.Context, now time.Time) (found, error) {
	u := &c.upkeep
	if u.census == nil {
		c.hints.census() // what is told from here on is owed another
		u.census = &census{thorough: due(u.readAt, now, c.o.FullEvery), tokens: map[string]bool{}, seen: map[string]bool{}, fresh: c.reconcile()}
	}
	n := u.census
	const op = "list the issues"
	req := searchRequest{
		JQL: "(" + c.jql + ") ORDER BY key ASC", Fields: []string{"updated"}, Max: censusMax, Token: n.token, Reconcile: n.fresh,
	}
	if n.thorough {
		req.Fields, req.Max = c.wanted(), pageMax
	}
	page, err := c.api.search(ctx, op, req)
	if err != nil {
		if call, ok := asCall(err); ok && call.status == http.StatusBadRequest && n.token != "" {
			u.census = nil // the place where it stopped is not known any more
		}
		return found{}, err
	}
	listed := make([]*wireIssue, 0, len(page.Issues))
	for i := range page.Issues {
		listed = append(listed, &page.Issues[i])
		n.seen[page.Issues[i].ID] = true
	}
	out := found{issues: listed, proven: len(listed) > 0}
	if !n.thorough {
		if out.issues, err = c.readChanged(ctx, listed); err != nil {
			return found{}, err
		}
	}
	switch {
	case page.Token == "" && page.Last != nil && !*page.Last:
		u.census = nil
		return out, c.odd(op, "the answer says that more follows, and not where")
	case n.tokens[page.Token]:
		u.census = nil
		return out, c.odd(op, "the answer leads back to a page that was read")
	case page.Token != "":
		n.tokens[page.Token] = true
		n.token = page.Token
		return out, nil
	}
	c.finish(&out, n, now)
	return out, nil
}

// finish makes the list of what the census saw, and of what it did not see.
func (c *Connector) finish(out *found, n *census, now time.Time) {
	c.upkeep.census = nil
	for _, id := range c.written() {
		n.seen[formatID(id)] = true // the index may not show it yet
	}
	// The index may still show what is said to be gone. To leave it out brings about no more than a direct read of it, and where
	// that finds the issue all stays as it is.
	absent := slices.Clone(c.absent)
	for _, id := range absent {
		delete(n.seen, formatID(id))
	}
	// Where nothing is known nothing can be gone, and an empty list would only say so.
	if len(c.ledger.known)+len(n.seen) > 0 {
		out.listing = make([]string, 0, len(n.seen))
		for id := range n.seen {
			out.listing = append(out.listing, id)
		}
		slices.Sort(out.listing)
	}
	for id := range c.ledger.known {
		if !n.seen[id] {
			out.gone = append(out.gone, id)
		}
	}
	out.done = func() {
		c.upkeep.countedAt = now
		c.hints.counted()
		c.absent = slices.DeleteFunc(c.absent, func(id int64) bool { return slices.Contains(absent, id) })
		if n.thorough {
			c.upkeep.readAt = now
		}
	}
}

// forget drops what is remembered of workflows and screens, so that a change of theirs is seen in time.
func (c *Connector) forget() {
	c.flow.forget()
	clear(c.forms)
	clear(c.puzzled)
}
