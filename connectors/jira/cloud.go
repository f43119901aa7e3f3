package jira

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"github.com/lockstep-sync/lockstep/connectors/transport"
)

// bulkMax is how many issues are read in one bulkfetch, by Jira's rule.
const bulkMax = 100

// searchByToken asks Cloud's search for one page.
func (c *client) searchByToken(ctx context.Context, op string, r searchRequest) (searchPage, error) {
	var p searchPage
	err := c.call(transport.Idempotent(ctx), op, http.MethodPost, "search/jql", r, &p)
	if e, ok := asCall(err); ok && e.status == http.StatusNotFound {
		e.fault.Hint = "this address does not speak Jira Cloud's search: check the url, or say flavor: datacenter"
	}
	return p, err
}

// countAbout says how many issues a query finds, or nearly so.
func (c *client) countAbout(ctx context.Context, jql string) (int, error) {
	var out struct {
		Count int `json:"count"`
	}
	err := c.call(transport.Idempotent(ctx), "count the issues", http.MethodPost, "search/approximate-count", map[string]string{"jql": jql}, &out)
	return out.Count, err
}

// fetchBulk reads issues directly, many at a time.
func (c *client) fetchBulk(ctx context.Context, op string, ids, fields []string) (map[string]*wireIssue, error) {
	out := make(map[string]*wireIssue, len(ids))
	todo := slices.Collect(slices.Chunk(ids, bulkMax))
	for len(todo) > 0 {
		chunk := todo[0]
		var p searchPage
		err := c.call(transport.Idempotent(ctx), op, http.MethodPost, "issue/bulkfetch", bulkRequest{IDs: chunk, Fields: fields}, &p)
		if call, ok := asCall(err); ok && call.tooLong && len(chunk) > 1 {
			todo = append([][]string{chunk[:len(chunk)/2], chunk[len(chunk)/2:]}, todo[1:]...)
			continue
		}
		if err != nil {
			return out, err
		}
		todo = todo[1:]
		for i := range p.Issues {
			out[p.Issues[i].ID] = &p.Issues[i]
		}
	}
	return out, nil
}

// fetchPast reads directly, which costs next to nothing and is always fresh.
func (c *client) fetchPast(ctx context.Context, op string, ids, fields []string, _ func(*wireIssue) bool) (map[string]*wireIssue, error) {
	return c.fetchBulk(ctx, op, ids, fields)
}

// editReturning changes an issue and has it given back, without e-mails where that is allowed. Cloud's documentation says
// that it ignores notifyUsers=false from an account that does not administer the project; sites were seen to answer 403
// instead, and then the edit is made without the wish.
func (c *client) editReturning(ctx context.Context, id string, body map[string]any) (*wireIssue, error) {
	path := "issue/" + url.PathEscape(id) + "?returnIssue=true"
	project := ""
	if c.projectOf != nil {
		project = c.projectOf(id)
	}
	var is editedIssue
	loud, known := c.quietIn[project]
	refused := known && !loud.may && c.now().Sub(loud.at) < quietFor
	var err error
	if !refused {
		err = c.call(ctx, editing, http.MethodPut, path+"&notifyUsers=false", body, &is)
		e, ok := asCall(err)
		refused = ok && e.status == http.StatusForbidden
	}
	if refused {
		if err = c.call(ctx, editing, http.MethodPut, path, body, &is); err == nil {
			c.quietIn[project] = quietness{false, c.now()}
		}
	}
	if err != nil {
		return nil, err
	}
	if is.ID == "" {
		return nil, nil //nolint:nilnil // there is nothing to return, and that is no error
	}
	return &is.wireIssue, nil
}
