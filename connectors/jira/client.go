package jira

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	gojira "github.com/andygrunwald/go-jira"

	"github.com/lockstep-sync/lockstep/connectors/transport"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// client makes the requests. All go to v2 paths, where texts are texts and not documents.
type client struct {
	source task.SourceID
	http   *http.Client
	jira   *gojira.Client
}

// callError is what came of a request that did not go well.
type callError struct {
	fault     *fault.Error
	status    int  // 0 where there was no answer
	uncertain bool // a write may have landed all the same
	perIssue  bool // a rate limit that concerns one issue alone
	fields    map[string]string
}

func (e *callError) Error() string { return e.fault.Error() }
func (e *callError) Unwrap() error { return e.fault }

// stops reports that trying the same with other issues is of no use now.
func (e *callError) stops() bool {
	return e.status == http.StatusUnauthorized || e.fault.Reason == fault.RateLimited && !e.perIssue
}

// call sends one request and reads its answer into out, unless that is nil or the answer is empty. An error is a *callError.
func (c *client) call(ctx context.Context, op, method, path string, in, out any) error {
	fail := func(f *fault.Error, status int, uncertain bool) *callError {
		f.Source = c.source
		return &callError{fault: f, status: status, uncertain: uncertain}
	}
	req, err := c.jira.NewRequestWithContext(ctx, method, path, in)
	if err != nil {
		return fail(fault.New(fault.Permanent, fault.Invalid, op, "make a request: %w", err).WithHint("check the url of this source"), 0, false)
	}
	req.Header.Set("Accept", "application/json")
	resp, err := c.http.Do(req)
	if err != nil {
		f, uncertain := transport.FromError(op, err)
		e := fail(f, 0, uncertain)
		e.perIssue = heldForIssue(err)
		return e
	}
	defer func() { _ = resp.Body.Close() }() // the body was read whole by the transport
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		f, uncertain := transport.FromError(op, err)
		return fail(f, resp.StatusCode, uncertain)
	}
	landed := resp.StatusCode < 300 || transport.UncertainStatus(resp.StatusCode)
	if reason := resp.Header.Get("X-Seraph-LoginReason"); reason == "AUTHENTICATED_FAILED" || reason == "AUTHENTICATION_DENIED" {
		// Jira may answer 200 all the same, with what anybody may see.
		f := fault.New(fault.Permanent, fault.Auth, op, "Jira did not accept the credential (%s)", strings.ToLower(reason))
		return fail(f.WithHint("make a new API token for the account and put it into token_file"), http.StatusUnauthorized, landed)
	}
	if resp.StatusCode >= 300 {
		return c.refused(op, resp, body, fail) //nolint:contextcheck // an answer brings its request's context along
	}
	if out == nil || len(body) == 0 {
		return nil
	}
	if err := json.Unmarshal(body, out); err != nil {
		f := transport.FromResponse(op, resp, body) //nolint:contextcheck // an answer brings its request's context along
		if strings.Contains(resp.Header.Get("Content-Type"), "json") {
			f = fault.New(fault.Permanent, fault.Invalid, op, "read the answer: it has another shape than expected")
			f.Hint = "check that the address is that of a Jira Cloud site"
		}
		return fail(f, resp.StatusCode, true)
	}
	return nil
}

// refused makes the error of an answer that is no success.
func (c *client) refused(op string, resp *http.Response, body []byte, fail func(*fault.Error, int, bool) *callError) error {
	f := transport.FromResponse(op, resp, body)
	switch resp.StatusCode {
	case http.StatusUnauthorized:
		f.Hint = "check email and token: the API token may have expired or been revoked"
	case http.StatusForbidden:
		f.Hint = "the account may not do this: give it the permission in the project's settings in Jira"
	}
	e := fail(f, resp.StatusCode, transport.UncertainStatus(resp.StatusCode))
	e.perIssue = strings.HasPrefix(resp.Header.Get("RateLimit-Reason"), "jira-per-issue")
	var said struct {
		Errors map[string]string `json:"errors"`
	}
	if json.Unmarshal(body, &said) == nil {
		e.fields = said.Errors
	}
	return e
}

const (
	bulkMax = 100 // issues in one bulkfetch, by Jira's rule
	// pageMax keeps a page of issues with long descriptions well under the longest answer that is read.
	pageMax = 500
	// censusMax is the most that Jira gives of a page where little more than ids is asked for.
	censusMax = 5000
)

// myself proves that we are let in as who we are.
func (c *client) myself(ctx context.Context) error {
	var u wireUser
	return c.call(ctx, "prove who we are", http.MethodGet, "rest/api/2/myself", nil, &u)
}

// search asks for one page.
func (c *client) search(ctx context.Context, op string, r searchRequest) (searchPage, error) {
	var p searchPage
	err := c.call(transport.Idempotent(ctx), op, http.MethodPost, "rest/api/2/search/jql", r, &p)
	if e, ok := asCall(err); ok && e.status == http.StatusNotFound {
		e.fault.Hint = "this address does not speak Jira Cloud's search: check the url (Jira Data Center is not supported)"
	}
	return p, err
}

// fetch reads issues directly, past the index. Issues that are gone or may not be read are missing in the answer.
func (c *client) fetch(ctx context.Context, op string, ids, fields []string) (map[string]*wireIssue, error) {
	out := make(map[string]*wireIssue, len(ids))
	for chunk := range slices.Chunk(ids, bulkMax) {
		var p searchPage
		err := c.call(transport.Idempotent(ctx), op, http.MethodPost, "rest/api/2/issue/bulkfetch", bulkRequest{IDs: chunk, Fields: fields}, &p)
		if err != nil {
			return out, err
		}
		for i := range p.Issues {
			out[p.Issues[i].ID] = &p.Issues[i]
		}
	}
	return out, nil
}

// issue reads one issue directly, by id or key.
func (c *client) issue(ctx context.Context, op, id string, fields []string) (*wireIssue, error) {
	var is wireIssue
	q := url.Values{"fields": {strings.Join(fields, ",")}}
	err := c.call(ctx, op, http.MethodGet, "rest/api/2/issue/"+url.PathEscape(id)+"?"+q.Encode(), nil, &is)
	return &is, err
}

// edit changes an issue in one request. It returns what Jira gives back of it, nil where it gives nothing.
func (c *client) edit(ctx context.Context, id string, fields, update map[string]any) (*wireIssue, error) {
	body := map[string]any{}
	if len(fields) > 0 {
		body["fields"] = fields
	}
	if len(update) > 0 {
		body["update"] = update
	}
	var is wireIssue
	path := "rest/api/2/issue/" + url.PathEscape(id) + "?notifyUsers=false&returnIssue=true"
	if err := c.call(ctx, "change the issue", http.MethodPut, path, body, &is); err != nil {
		return nil, err
	}
	if is.ID == "" {
		return nil, nil //nolint:nilnil // there is nothing to return, and that is no error
	}
	return &is, nil
}

func (c *client) transitions(ctx context.Context, id string) ([]wireTransition, error) {
	var out struct {
		Transitions []wireTransition `json:"transitions"`
	}
	path := "rest/api/2/issue/" + url.PathEscape(id) + "/transitions?expand=transitions.fields"
	err := c.call(ctx, "read the transitions", http.MethodGet, path, nil, &out)
	return out.Transitions, err
}

// transition moves an issue; resolution is "" where none is to be set.
func (c *client) transition(ctx context.Context, id, transition, resolution string) error {
	body := map[string]any{"transition": wireNamed{ID: transition}}
	if resolution != "" {
		body["fields"] = map[string]any{"resolution": wireNamed{Name: resolution}}
	}
	return c.call(ctx, "move the issue", http.MethodPost, "rest/api/2/issue/"+url.PathEscape(id)+"/transitions", body, nil)
}

// create makes an issue and returns its id and key.
func (c *client) create(ctx context.Context, fields map[string]any, id task.ID) (wireIssue, error) {
	body := map[string]any{
		"fields":     fields,
		"properties": []any{map[string]any{"key": "lockstep", "value": map[string]any{"task": id}}},
	}
	var is wireIssue
	err := c.call(ctx, "create the issue", http.MethodPost, "rest/api/2/issue", body, &is)
	if err == nil && is.ID == "" {
		f := fault.New(fault.Retryable, fault.Invalid, "create the issue", "the answer names no issue")
		f.Source = c.source
		return is, &callError{fault: f, uncertain: true}
	}
	return is, err
}

// createTypes are the issue types that the account may make in a project.
func (c *client) createTypes(ctx context.Context, project string) ([]wireNamed, error) {
	var out []wireNamed
	path := "rest/api/2/issue/createmeta/" + url.PathEscape(project) + "/issuetypes"
	err := c.pages(ctx, "read what the project needs", path, func(raw json.RawMessage) (int, error) {
		var p struct {
			Types []wireNamed `json:"issueTypes"`
		}
		err := json.Unmarshal(raw, &p)
		out = append(out, p.Types...)
		return len(p.Types), err
	})
	return out, err
}

func (c *client) createFields(ctx context.Context, project, typeID string) ([]wireCreateField, error) {
	var out []wireCreateField
	path := "rest/api/2/issue/createmeta/" + url.PathEscape(project) + "/issuetypes/" + url.PathEscape(typeID)
	err := c.pages(ctx, "read what the issue type needs", path, func(raw json.RawMessage) (int, error) {
		var p struct {
			Fields []wireCreateField `json:"fields"`
		}
		err := json.Unmarshal(raw, &p)
		out = append(out, p.Fields...)
		return len(p.Fields), err
	})
	return out, err
}

// pages reads a list by startAt until a page brings nothing new.
func (c *client) pages(ctx context.Context, op, path string, take func(json.RawMessage) (int, error)) error {
	for start := 0; ; {
		var raw json.RawMessage
		q := url.Values{"startAt": {strconv.Itoa(start)}, "maxResults": {"200"}}
		if err := c.call(ctx, op, http.MethodGet, path+"?"+q.Encode(), nil, &raw); err != nil {
			return err
		}
		var p struct {
			Total int `json:"total"`
		}
		n, err := take(raw)
		if err == nil {
			err = json.Unmarshal(raw, &p)
		}
		if err != nil {
			f := fault.New(fault.Permanent, fault.Invalid, op, "read the answer: it has another shape than expected")
			f.Source = c.source
			return f.WithHint("check that the address is that of a Jira Cloud site")
		}
		if start += n; n == 0 || start >= p.Total {
			return nil
		}
	}
}

func (c *client) fields(ctx context.Context) ([]wireField, error) {
	var out []wireField
	err := c.call(ctx, "read the fields", http.MethodGet, "rest/api/2/field", nil, &out)
	return out, err
}

func (c *client) priorities(ctx context.Context) ([]string, error) {
	var out []wireNamed
	err := c.call(ctx, "read the priorities", http.MethodGet, "rest/api/2/priority", nil, &out)
	names := make([]string, 0, len(out))
	for _, p := range out {
		names = append(names, p.Name)
	}
	return names, err
}

// resolutions are the names of the resolutions; none and no error where the site does not tell.
func (c *client) resolutions(ctx context.Context) ([]string, error) {
	var out []wireNamed
	err := c.call(ctx, "read the resolutions", http.MethodGet, "rest/api/2/resolution", nil, &out)
	if e, ok := asCall(err); ok && (e.status == http.StatusNotFound || e.status == http.StatusForbidden) {
		return nil, nil
	}
	names := make([]string, 0, len(out))
	for _, r := range out {
		names = append(names, r.Name)
	}
	return names, err
}

// statuses are the statuses of the projects, by id; those of the whole site where there are no projects, or where
// one does not tell.
func (c *client) statuses(ctx context.Context, projects []string) (map[string]wireStatus, error) {
	out := map[string]wireStatus{}
	for _, p := range projects {
		var types []struct {
			Statuses []wireStatus `json:"statuses"`
		}
		err := c.call(ctx, "read the project's statuses", http.MethodGet, "rest/api/2/project/"+url.PathEscape(p)+"/statuses", nil, &types)
		if e, ok := asCall(err); ok && (e.status == http.StatusNotFound || e.status == http.StatusForbidden) {
			clear(out)
			break
		}
		if err != nil {
			return nil, err
		}
		for _, t := range types {
			for _, st := range t.Statuses {
				out[st.ID] = st
			}
		}
	}
	if len(out) > 0 {
		return out, nil
	}
	var all []wireStatus
	if err := c.call(ctx, "read the statuses", http.MethodGet, "rest/api/2/status", nil, &all); err != nil {
		return nil, err
	}
	for _, st := range all {
		out[st.ID] = st
	}
	return out, nil
}

// components are the names of a project's components; none where the project does not tell.
func (c *client) components(ctx context.Context, project string) ([]string, error) {
	var out struct {
		Components []wireNamed `json:"components"`
	}
	err := c.call(ctx, "read the project's components", http.MethodGet, "rest/api/2/project/"+url.PathEscape(project), nil, &out)
	if e, ok := asCall(err); ok && (e.status == http.StatusNotFound || e.status == http.StatusForbidden) {
		return nil, nil
	}
	names := make([]string, 0, len(out.Components))
	for _, n := range out.Components {
		names = append(names, n.Name)
	}
	return names, err
}

// users are those whom Jira finds for an e-mail address; none where the account may not look for people.
func (c *client) users(ctx context.Context, email string) ([]wireUser, error) {
	var out []wireUser
	q := url.Values{"query": {email}, "maxResults": {"10"}}
	err := c.call(ctx, "look up a person", http.MethodGet, "rest/api/2/user/search?"+q.Encode(), nil, &out)
	if e, ok := asCall(err); ok && e.status == http.StatusForbidden {
		return nil, nil
	}
	return out, err
}

// mayBrowse reports whether the account may read the project's issues. A project that is gone is not readable.
func (c *client) mayBrowse(ctx context.Context, project string) (bool, error) {
	var out struct {
		Permissions map[string]struct {
			Have bool `json:"havePermission"`
		} `json:"permissions"`
	}
	q := url.Values{"permissions": {"BROWSE_PROJECTS"}, "projectKey": {project}}
	err := c.call(ctx, "read our permissions", http.MethodGet, "rest/api/2/mypermissions?"+q.Encode(), nil, &out)
	if e, ok := asCall(err); ok && (e.status == http.StatusNotFound || e.status == http.StatusForbidden) {
		return false, nil
	}
	return out.Permissions["BROWSE_PROJECTS"].Have, err
}

func asCall(err error) (*callError, bool) {
	return errors.AsType[*callError](err)
}

// sortedKeys are a map's keys in order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
