package jira

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// confirmMax is how many missing issues are asked for one by one in a call; of the rest nothing is said.
const confirmMax = 50

// Confirm reads issues past the index: see connectors.Confirmer. An issue that moved to another key or out of the filter
// is Present. One that Jira says is not there is Gone only where the account may read the project it was in, and where no
// security level can hide it; of an issue whose project is not known, the account must be able to read every project that
// issues of this source were in.
func (c *Connector) Confirm(ctx context.Context, keys []string) (map[string]connectors.Confirmation, error) {
	if err := c.prepare(ctx); err != nil {
		return nil, err
	}
	got, err := c.api.fetch(ctx, "look for absent issues", keys, c.wanted())
	if err != nil {
		return nil, err
	}
	out := make(map[string]connectors.Confirmation, len(keys))
	var missing []string
	for _, k := range keys {
		if is := got[k]; is != nil {
			c.note(is)
			out[k] = connectors.Confirmation{Presence: connectors.Present, Record: c.record(is)}
		} else if !slices.Contains(missing, k) {
			missing = append(missing, k)
		}
	}
	if len(missing) == 0 {
		return out, nil
	}
	// Nothing is concluded from what somebody else than we might have been shown.
	if err := c.api.myself(ctx); err != nil {
		return nil, err
	}
	seen := sight{browse: map[string]bool{}, levels: map[string]bool{}}
	read := 0
	for _, k := range missing {
		shut, err := c.shut(ctx, k, seen)
		if err != nil {
			return nil, err
		}
		if shut {
			out[k] = connectors.Confirmation{Presence: connectors.NoAccess}
			continue
		}
		if read++; read > confirmMax {
			continue
		}
		if out[k], err = c.confirmMissing(ctx, k, seen); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// sight is what one Confirm found out of projects: whether the account may browse them, and whether it sees that levels
// hide some of their issues.
type sight struct{ browse, levels map[string]bool }

// homes are the projects that an issue may be in: the one in which it was seen, else all.
func (c *Connector) homes(id string) []string {
	if p, ok := c.projectOf[id]; ok {
		return []string{p}
	}
	if p := c.createProject(); p != "" && !slices.Contains(c.projects, p) {
		return append(slices.Clone(c.projects), p)
	}
	return c.projects
}

// shut reports whether an issue may be in a project that the account may not browse.
func (c *Connector) shut(ctx context.Context, id string, seen sight) (bool, error) {
	projects := c.homes(id)
	for _, p := range projects {
		may, asked := seen.browse[p]
		if !asked {
			var err error
			if may, err = c.api.mayBrowse(ctx, p); err != nil {
				return false, err
			}
			seen.browse[p] = may
		}
		if !may {
			return true, nil
		}
	}
	return len(projects) == 0, nil
}

// confirmMissing reads one issue of a project that may be browsed. One that is not there is Gone, unless its project has
// security levels: such a level hides an issue as if there were none. Then only a deletion that Jira told of counts.
func (c *Connector) confirmMissing(ctx context.Context, id string, seen sight) (connectors.Confirmation, error) {
	is, err := c.api.issue(ctx, "look for an absent issue", id, c.wanted())
	if err == nil {
		c.note(is)
		return connectors.Confirmation{Presence: connectors.Present, Record: c.record(is)}, nil
	}
	call, ok := asCall(err)
	switch {
	case ok && call.status == http.StatusForbidden:
		return connectors.Confirmation{Presence: connectors.NoAccess}, nil
	case !ok || call.status != http.StatusNotFound || !call.own:
		return connectors.Confirmation{}, err
	}
	if n, err := parseID(id); err == nil && slices.Contains(c.toldGone, n) {
		return connectors.Confirmation{Presence: connectors.Gone}, nil
	}
	for _, p := range c.homes(id) {
		hides, asked := seen.levels[p]
		if !asked {
			if hides, err = c.api.hasLevels(ctx, p); err != nil {
				return connectors.Confirmation{}, err
			}
			seen.levels[p] = hides
		}
		if hides {
			return connectors.Confirmation{Presence: connectors.NoAccess}, nil
		}
	}
	return connectors.Confirmation{Presence: connectors.Gone}, nil
}

// hasLevels reports whether the account sees that the project's issues can have security levels. Who is in none of them
// is not told that there are any.
func (c *client) hasLevels(ctx context.Context, project string) (bool, error) {
	var out struct {
		Levels []wireNamed `json:"levels"`
	}
	err := c.call(ctx, "read the project's security levels", http.MethodGet, "project/"+url.PathEscape(project)+"/securitylevel", nil, &out)
	if e, ok := asCall(err); ok && (e.status == http.StatusNotFound || e.status == http.StatusForbidden) {
		return false, nil
	}
	return len(out.Levels) > 0, err
}

// Find looks for the issue that carries the task's mark: see connectors.Finder. Two are an error of kind Conflict. Where the index
// shows none it is looked for among the newest keys too: however late the index is, a second issue must not be made.
func (c *Connector) Find(ctx context.Context, id task.ID) (task.Record, bool, error) {
	if err := c.prepare(ctx); err != nil {
		return task.Record{}, false, err
	}
	hits, err := c.readPages(ctx, searchRequest{
		JQL: "labels = " + quoteJQL(markLabel(id)) + " ORDER BY key ASC", Fields: []string{"labels"}, Max: bulkMax, Reconcile: c.reconcile(),
	})
	if err != nil {
		return task.Record{}, false, err
	}
	if len(hits) == 0 {
		// An expired token is answered like this too.
		if err := c.api.myself(ctx); err != nil {
			return task.Record{}, false, err
		}
	}
	ids := make([]string, 0, len(hits))
	for _, is := range hits {
		ids = append(ids, is.ID)
	}
	// The index may show what is gone by now, so the issues themselves are read; and it may not show yet what was just made.
	if len(hits) == 0 {
		ids = c.numbers.around(c.createProject())
	}
	got, err := c.api.fetch(ctx, "read what carries our mark", ids, c.wanted())
	if err != nil {
		return task.Record{}, false, err
	}
	var found []*wireIssue
	for _, k := range sortedKeys(got) {
		if is := got[k]; is != nil && slices.Contains(c.marks(is), id) {
			found = append(found, is)
		}
	}
	switch len(found) {
	case 0:
		return task.Record{}, false, nil
	case 1:
		c.note(found[0])
		c.wrote(found[0].ID)
		return c.record(found[0]), true, nil
	}
	return task.Record{}, false, c.fault(fault.New(fault.Conflict, fault.Precondition, "find our mark",
		"%s and %s both carry the label %s", found[0].Key, found[1].Key, markLabel(id)).
		WithHint("take the label %s off the copy", markLabel(id)))
}
