package jira

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/connectors/transport"
	"github.com/lockstep-sync/lockstep/sync/fault"
)

// offsetRequest is the body of Data Center's search.
type offsetRequest struct {
	JQL     string   `json:"jql"`
	StartAt int      `json:"startAt"`
	Max     int      `json:"maxResults,omitempty"`
	Fields  []string `json:"fields"`
	// Validate false lets a query name an issue that is gone.
	Validate *bool `json:"validateQuery,omitempty"`
}

type offsetPage struct {
	Total  int         `json:"total"`
	Issues []wireIssue `json:"issues"`
}

// bookmark is the token between two pages that are read by offset.
type bookmark struct {
	At    int              `json:"at"`
	Seen  map[string]int64 `json:"seen"`  // the issues of the page before, with their versions
	Again int              `json:"again"` // how often a page had to be read again from further before
}

// againMax is how often pages of one search are read again before it is given up for now.
const againMax = 40

// searchByOffset asks Data Center's search for one page. The result may change between two pages: where an issue that was
// read leaves it, or moves to its end, all that follow move up, and a page that began where the last one ended would skip
// them. So each page begins before the end of the last, and is taken only if it shows an issue of the last page unchanged:
// what comes after that issue in the order has then not been passed. Else the page is read again from further before, down
// to the beginning. What comes twice is the caller's to drop. Our own writes are not read past the index: Reconcile is
// Cloud's, and here the versions of records show an old state for what it is.
func (c *client) searchByOffset(ctx context.Context, op string, r searchRequest) (searchPage, error) {
	var from bookmark
	if r.Token != "" {
		if err := json.Unmarshal([]byte(r.Token), &from); err != nil {
			return searchPage{}, c.strange(op, "the token is not one of ours")
		}
	}
	if !slices.Contains(r.Fields, "updated") {
		r.Fields = append(slices.Clone(r.Fields), "updated")
	}
	var p offsetPage
	for back := 1; ; back *= 2 {
		p = offsetPage{}
		in := offsetRequest{JQL: r.JQL, StartAt: from.At, Max: r.Max, Fields: r.Fields, Validate: r.Validate}
		if err := c.call(transport.Idempotent(ctx), op, http.MethodPost, "search", in, &p); err != nil {
			if e, ok := asCall(err); ok && (e.status == http.StatusNotFound || e.status == http.StatusGone) {
				e.fault.Hint = "this address does not speak Jira Data Center's search: check the url, or say flavor: cloud"
			}
			return searchPage{}, err
		}
		if from.At == 0 || len(from.Seen) == 0 || from.meets(p.Issues) {
			break
		}
		if from.Again++; from.Again > againMax {
			return searchPage{}, c.strange(op, "the result changes faster than it can be read")
		}
		from.At = max(0, from.At-back*(1+len(p.Issues)/overlapPart))
	}
	out := searchPage{Issues: p.Issues}
	n := len(p.Issues)
	if from.At+n >= p.Total {
		return out, nil
	}
	if n == 0 {
		e := c.strange(op, "the answer counts more issues than it gives")
		e.fault.Hint = "have Jira's search index rebuilt"
		return out, e
	}
	next := bookmark{At: from.At + n - min(n-1, 1+n/overlapPart), Again: from.Again}
	if n > 1 { // a server that gives one issue a page leaves no room to overlap
		next.Seen = map[string]int64{}
		for i := range p.Issues {
			next.Seen[p.Issues[i].ID] = p.Issues[i].version()
		}
	}
	token, err := json.Marshal(next)
	if err != nil {
		return out, c.strange(op, "remember where the page ends")
	}
	out.Token = string(token)
	return out, nil
}

// overlapPart says how much of a page is read once more with the next: one issue, and one in overlapPart.
const overlapPart = 25

// meets reports that some issue was read before and did not change since.
func (b bookmark) meets(issues []wireIssue) bool {
	return slices.ContainsFunc(issues, func(is wireIssue) bool {
		v, ok := b.Seen[is.ID]
		return ok && v == is.version()
	})
}

func (c *client) strange(op, what string) *callError {
	f := fault.New(fault.Retryable, fault.Invalid, op, "%s", what)
	f.Source = c.source
	return &callError{fault: f, status: http.StatusOK}
}

// countAll says how many issues a query finds.
func (c *client) countAll(ctx context.Context, jql string) (int, error) {
	var p offsetPage
	in := map[string]any{"jql": jql, "maxResults": 0, "fields": []string{"id"}}
	err := c.call(transport.Idempotent(ctx), "count the issues", http.MethodPost, "search", in, &p)
	return p.Total, err
}

// fetchEach reads issues directly, one by one. An issue that cannot be read does not keep the others from being read; the
// first such error comes back with what could. One that Jira says is not there stands in the answer as nil, so that it can
// be told from one that the error kept from being read. Keys will do for ids.
func (c *client) fetchEach(ctx context.Context, op string, ids, fields []string) (map[string]*wireIssue, error) {
	out := make(map[string]*wireIssue, len(ids))
	var first error
	silent := 0
	for _, id := range ids {
		if _, done := out[id]; done {
			continue
		}
		is, err := c.issue(ctx, op, id, fields)
		call, ok := asCall(err)
		switch {
		case err == nil && (is.ID == id || issueKey.MatchString(id)): // an issue that was moved has another key
			out[id], silent = is, 0
		case ok && call.own && (call.status == http.StatusNotFound || call.status == http.StatusForbidden):
			out[id], silent = nil, 0
		default:
			if err == nil {
				err = c.strange(op, "the answer is about another issue")
			}
			if first == nil {
				first = err
			}
			if silent++; ok && call.stops() || silent >= strikesMax {
				return out, err
			}
		}
	}
	return out, first
}

// fetchFound reads issues by a search for their ids, which takes one request for many, and believes it where ok says that
// an issue is fresh; the others are read directly. The errors of the search alone are passed over: it is a short cut.
func (c *client) fetchFound(ctx context.Context, op string, ids, fields []string, ok func(*wireIssue) bool) (map[string]*wireIssue, error) {
	out := map[string]*wireIssue{}
	if len(ids) > 1 { // for one the direct read costs the same
		for chunk := range slices.Chunk(ids, bulkMax) {
			if err := c.findByID(ctx, op, chunk, fields, ok, out); err != nil {
				return out, err
			}
		}
	}
	rest := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return out[id] != nil })
	got, err := c.fetchEach(ctx, op, rest, fields)
	maps.Copy(out, got)
	return out, err
}

// findByID puts the issues of those ids into out that the index shows fresh. Only an error that no other request would
// escape comes back.
func (c *client) findByID(ctx context.Context, op string, ids, fields []string, ok func(*wireIssue) bool, out map[string]*wireIssue) error {
	var list []string
	for _, id := range ids {
		if _, err := parseID(id); err == nil {
			list = append(list, id)
		}
	}
	if len(list) == 0 {
		return nil
	}
	lenient := false
	r := searchRequest{JQL: "id in (" + strings.Join(list, ",") + ") ORDER BY key ASC", Fields: fields, Max: bulkMax, Validate: &lenient}
	for range list {
		p, err := c.searchByOffset(ctx, op, r)
		if call, failed := asCall(err); failed {
			if call.stops() {
				return err
			}
			break
		}
		for i := range p.Issues {
			if is := &p.Issues[i]; slices.Contains(list, is.ID) && ok(is) {
				out[is.ID] = is
			}
		}
		if r.Token = p.Token; r.Token == "" {
			break
		}
	}
	return nil
}

// quietness is whether edits in a project may be made without e-mails, and when that was found out.
type quietness struct {
	may bool
	at  time.Time
}

// quietFor is how long an answer about that holds.
const quietFor = time.Hour

// quiet reports whether the account may edit a project's issues without e-mails being sent: only who administers the
// project, or all of Jira, may on Data Center.
func (c *client) quiet(ctx context.Context, project string) (bool, error) {
	if project == "" {
		return false, nil
	}
	if q, ok := c.quietIn[project]; ok && c.now().Sub(q.at) < quietFor {
		return q.may, nil
	}
	have, err := c.permissions(ctx, project, "ADMINISTER_PROJECTS", "ADMINISTER")
	if err != nil {
		return false, err
	}
	may := have["ADMINISTER_PROJECTS"] || have["ADMINISTER"]
	c.quietIn[project] = quietness{may, c.now()}
	return may, nil
}

// editQuietly changes an issue, without e-mails where that is allowed. Data Center gives nothing back of it.
func (c *client) editQuietly(ctx context.Context, id string, body map[string]any) (*wireIssue, error) {
	path := "issue/" + url.PathEscape(id)
	project := ""
	if c.projectOf != nil {
		project = c.projectOf(id)
	}
	quiet, err := c.quiet(ctx, project)
	if err != nil {
		return nil, err
	}
	if quiet {
		err := c.call(ctx, editing, http.MethodPut, path+"?notifyUsers=false", body, nil)
		if e, ok := asCall(err); !ok || e.status != http.StatusForbidden {
			return nil, err
		}
		// Either this account may not keep the e-mails back after all, or it may not edit: without the wish it shows.
		if err := c.call(ctx, editing, http.MethodPut, path, body, nil); err != nil {
			return nil, err
		}
		c.quietIn[project] = quietness{false, c.now()}
		return nil, nil //nolint:nilnil // there is nothing to return, and that is no error
	}
	return nil, c.call(ctx, editing, http.MethodPut, path, body, nil)
}
