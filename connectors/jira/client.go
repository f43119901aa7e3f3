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
	"time"

	gojira "github.com/andygrunwald/go-jira"

	"github.com/lockstep-sync/lockstep/connectors/transport"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// client makes the requests, in the dialect of the server.
type client struct {
	source task.SourceID
	http   *http.Client
	jira   *gojira.Client
	now    func() time.Time

	flavor     string  // as configured
	cloudAPI   int     // the version of Cloud's paths
	d          dialect // as expected, or, once met, as the server said
	met        bool
	self       wireUser         // who we are, once myself was asked
	known      func(wireUser)   // hears who we are; may be nil
	introduced func(wireServer) // hears what the server said of itself; may be nil

	// completes reads what answers leave out of issues; nil where nothing that is wanted is ever left out.
	completes func(ctx context.Context, op string, issues []*wireIssue) error

	pageMost int // how many issues a page of whole ones holds at most, because more were too long to be read; 0 where none were

	projectOf func(id string) string // key of the project that an issue was seen in; "" where none is known
	quietIn   map[string]quietness   // by project
}

// callError is what came of a request that did not go well.
type callError struct {
	fault     *fault.Error
	status    int  // 0 where there was no answer
	uncertain bool // a write may have landed all the same
	perIssue  bool // a rate limit that concerns one issue alone
	tooLong   bool // the answer was longer than is read
	own       bool // Jira itself refused, in its own words: a gateway before it knows nothing of issues
	fields    map[string]string
}

func (e *callError) Error() string { return e.fault.Error() }
func (e *callError) Unwrap() error { return e.fault }

// stops reports that trying the same with other issues is of no use now.
func (e *callError) stops() bool {
	return e.status == http.StatusUnauthorized || e.fault.Reason == fault.RateLimited && !e.perIssue
}

// call sends one request in the server's dialect and reads its answer into out, unless that is nil or the answer is empty.
// The path is given from behind the version, such as "issue/10001"; one that begins with rest/ is sent as it is. An error
// is a *callError.
func (c *client) call(ctx context.Context, op, method, path string, in, out any) error {
	if err := c.meet(ctx); err != nil {
		return err
	}
	if !strings.HasPrefix(path, "rest/") {
		path = "rest/api/" + strconv.Itoa(c.d.api) + "/" + path
	}
	return c.send(ctx, op, method, path, in, out, false)
}

// send is call for a whole path, in no dialect. Open says that anybody may ask, so that it proves nothing to be let in.
func (c *client) send(ctx context.Context, op, method, path string, in, out any, open bool) error {
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
		e.perIssue, e.tooLong = heldForIssue(err), transport.TooLong(err)
		return e
	}
	defer func() { _ = resp.Body.Close() }() // the body was read whole by the transport
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		f, uncertain := transport.FromError(op, err)
		return fail(f, resp.StatusCode, uncertain)
	}
	landed := resp.StatusCode < 300 || transport.UncertainStatus(resp.StatusCode)
	if reason := turnedAway(resp.Header); reason != "" && (!open || resp.StatusCode >= 300) {
		// Jira may answer 200 all the same, with what anybody may see.
		f := fault.New(fault.Permanent, fault.Auth, op, "Jira did not accept the credential (%s)", strings.ToLower(reason))
		hint := c.d.noLogin
		if reason == loginDenied {
			hint = "log in to Jira once in a browser as this account: after failed logins Jira asks for a CAPTCHA; then " + hint
		}
		return fail(f.WithHint("%s", hint), http.StatusUnauthorized, landed)
	}
	if resp.StatusCode >= 300 {
		return c.refused(op, resp, body, fail) //nolint:contextcheck // an answer brings its request's context along
	}
	return c.accept(op, resp, body, out, fail) //nolint:contextcheck // an answer brings its request's context along
}

const loginDenied = "AUTHENTICATION_DENIED"

// turnedAway is the reason why Jira did not take us for who we say we are, "" where it did. Cloud and failed passwords of
// Data Center say it in a header of their own; a personal access token that is not known is answered as no login at all.
func turnedAway(h http.Header) string {
	switch reason := h.Get("X-Seraph-LoginReason"); {
	case reason == loginDenied, reason == "AUTHENTICATED_FAILED":
		return reason
	case strings.EqualFold(h.Get("X-AUSERNAME"), "anonymous"):
		return "anonymous"
	}
	return ""
}

// refused makes the error of an answer that is no success.
func (c *client) refused(op string, resp *http.Response, body []byte, fail func(*fault.Error, int, bool) *callError) error {
	f := transport.FromResponse(op, resp, body)
	switch resp.StatusCode {
	case http.StatusUnauthorized:
		f.Hint = "the token may have expired or been revoked: " + c.d.noLogin
	case http.StatusForbidden:
		f.Hint = "the account may not do this: give it the permission in the project's settings in Jira"
	}
	e := fail(f, resp.StatusCode, transport.UncertainStatus(resp.StatusCode))
	e.perIssue = strings.HasPrefix(resp.Header.Get("RateLimit-Reason"), "jira-per-issue")
	var said ownRefusal
	if json.Unmarshal(body, &said) == nil {
		e.fields, e.own = said.Errors, said.own()
	}
	return e
}

const (
	// pageMax keeps a page of issues with long descriptions well under the longest answer that is read.
	pageMax = 500
	// pageMin is how short pages become where longer ones were longer than is read all the same.
	pageMin = 20
	// censusMax is the most that Jira gives of a page where little more than ids is asked for.
	censusMax = 5000
)

// myself proves that we are let in as who we are.
func (c *client) myself(ctx context.Context) error {
	var u account
	err := c.call(ctx, "prove who we are", http.MethodGet, "myself", nil, &u)
	if err == nil {
		c.self = u.wireUser
		if c.known != nil {
			c.known(u.wireUser)
		}
	}
	return err
}

// search asks for one page. The token of the page leads to the next.
func (c *client) search(ctx context.Context, op string, r searchRequest) (searchPage, error) {
	if err := c.meet(ctx); err != nil {
		return searchPage{}, err
	}
	full := r.Max <= pageMax // else it asks for little of each, and its length is kept
	if full && c.pageMost > 0 {
		r.Max = min(r.Max, c.pageMost)
	}
	p, err := c.d.search(c, ctx, op, r)
	for call, ok := asCall(err); ok && call.tooLong; call, ok = asCall(err) {
		if r.Max /= 2; r.Max < pageMin {
			c.pageMost = 0 // it is not the issues that are too long
			return p, err
		}
		if full {
			c.pageMost = r.Max
		}
		p, err = c.d.search(c, ctx, op, r)
	}
	if err != nil || c.completes == nil {
		return p, err
	}
	all := make([]*wireIssue, len(p.Issues))
	for i := range p.Issues {
		all[i] = &p.Issues[i]
	}
	return p, c.completes(ctx, op, all)
}

// fetch reads issues directly, past the index. Issues that are gone or may not be read are missing in the answer.
func (c *client) fetch(ctx context.Context, op string, ids, fields []string) (map[string]*wireIssue, error) {
	if err := c.meet(ctx); err != nil {
		return nil, err
	}
	return c.whole(ctx, op)(c.d.fetch(c, ctx, op, ids, fields))
}

// whole completes issues that an answer shows only in part.
func (c *client) whole(ctx context.Context, op string) func(map[string]*wireIssue, error) (map[string]*wireIssue, error) {
	return func(got map[string]*wireIssue, err error) (map[string]*wireIssue, error) {
		if c.completes == nil {
			return got, err
		}
		return got, errors.Join(err, c.completes(ctx, op, slices.Collect(maps.Values(got))))
	}
}

// fetchFresh is fetch at the least cost, for who can tell whether an issue is as new as it has to be: one that ok accepts
// may have been read from the index.
func (c *client) fetchFresh(ctx context.Context, op string, ids, fields []string, ok func(*wireIssue) bool) (map[string]*wireIssue, error) {
	if err := c.meet(ctx); err != nil {
		return nil, err
	}
	return c.whole(ctx, op)(c.d.fresh(c, ctx, op, ids, fields, ok))
}

// issue reads one issue directly, by id or key.
func (c *client) issue(ctx context.Context, op, id string, fields []string) (*wireIssue, error) {
	var is oneIssue
	q := url.Values{"fields": {strings.Join(fields, ",")}}
	err := c.call(ctx, op, http.MethodGet, "issue/"+url.PathEscape(id)+"?"+q.Encode(), nil, &is)
	return &is.wireIssue, err
}

const editing = "change the issue"

// edit changes an issue in one request, without e-mails to its watchers where the account may do that. It returns what
// Jira gives back of it, nil where it gives nothing.
func (c *client) edit(ctx context.Context, id string, fields, update map[string]any) (*wireIssue, error) {
	if err := c.meet(ctx); err != nil {
		return nil, err
	}
	body := map[string]any{}
	if len(fields) > 0 {
		body["fields"] = fields
	}
	if len(update) > 0 {
		body["update"] = update
	}
	return c.d.edit(c, ctx, id, body)
}

func (c *client) transitions(ctx context.Context, id string) ([]wireTransition, error) {
	var out transitionList
	path := "issue/" + url.PathEscape(id) + "/transitions?expand=transitions.fields"
	err := c.call(ctx, "read the transitions", http.MethodGet, path, nil, &out)
	return out.Transitions, err
}

// create makes an issue and returns its id and key.
func (c *client) create(ctx context.Context, fields map[string]any, id task.ID) (wireIssue, error) {
	body := map[string]any{
		"fields":     fields,
		"properties": []any{map[string]any{"key": "lockstep", "value": map[string]any{"task": id}}},
	}
	var is createdIssue
	err := c.call(ctx, "create the issue", http.MethodPost, "issue", body, &is)
	return is.wireIssue, err
}

// createTypes are the issue types that the account may make in a project.
func (c *client) createTypes(ctx context.Context, project string) ([]wireNamed, error) {
	path := "issue/createmeta/" + url.PathEscape(project) + "/issuetypes"
	return pagesOf[wireNamed](ctx, c, "read what the project needs", path, func(d dialect) string { return d.typesIn })
}

// createFields are the fields of the create screen of an issue type.
func (c *client) createFields(ctx context.Context, project, typeID string) ([]wireCreateField, error) {
	path := "issue/createmeta/" + url.PathEscape(project) + "/issuetypes/" + url.PathEscape(typeID)
	return pagesOf[wireCreateField](ctx, c, "read what the issue type needs", path, func(d dialect) string { return d.fieldsIn })
}

// pagesOf reads a list by startAt, under the key that the dialect names.
func pagesOf[T any](ctx context.Context, c *client, op, path string, key func(dialect) string) ([]T, error) {
	var out []T
	err := c.pages(ctx, op, path, func(raw json.RawMessage) (int, error) {
		var p map[string]json.RawMessage
		if err := json.Unmarshal(raw, &p); err != nil {
			return 0, err
		}
		list := p[key(c.d)]
		if isNull(list) {
			return 0, nil
		}
		var some []T
		err := json.Unmarshal(list, &some)
		out = append(out, some...)
		return len(some), err
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
			return f.WithHint("check that the url is that of a Jira")
		}
		if start += n; n == 0 || start >= p.Total {
			return nil
		}
	}
}

func (c *client) fields(ctx context.Context) ([]wireField, error) {
	var out []wireField
	err := c.call(ctx, "read the fields", http.MethodGet, "field", nil, &out)
	return out, err
}

func (c *client) priorities(ctx context.Context) ([]string, error) {
	var out []wireNamed
	err := c.call(ctx, "read the priorities", http.MethodGet, "priority", nil, &out)
	names := make([]string, 0, len(out))
	for _, p := range out {
		names = append(names, p.Name)
	}
	return names, err
}

// resolutions are the names of the resolutions; none and no error where the site does not tell.
func (c *client) resolutions(ctx context.Context) ([]string, error) {
	var out []wireNamed
	err := c.call(ctx, "read the resolutions", http.MethodGet, "resolution", nil, &out)
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
		err := c.call(ctx, "read the project's statuses", http.MethodGet, "project/"+url.PathEscape(p)+"/statuses", nil, &types)
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
	if err := c.call(ctx, "read the statuses", http.MethodGet, "status", nil, &all); err != nil {
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
	err := c.call(ctx, "read the project's components", http.MethodGet, "project/"+url.PathEscape(project), nil, &out)
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
	if err := c.meet(ctx); err != nil {
		return nil, err
	}
	var out []wireUser
	q := url.Values{c.d.userQuery: {email}, "maxResults": {"10"}}
	err := c.call(ctx, "look up a person", http.MethodGet, "user/search?"+q.Encode(), nil, &out)
	if e, ok := asCall(err); ok && e.status == http.StatusForbidden {
		return nil, nil
	}
	return out, err
}

// permissions says which of some permissions the account has in a project; none in a project that is gone or hidden.
func (c *client) permissions(ctx context.Context, project string, names ...string) (map[string]bool, error) {
	var out struct {
		Permissions map[string]struct {
			Have bool `json:"havePermission"`
		} `json:"permissions"`
	}
	q := url.Values{"permissions": {strings.Join(names, ",")}, "projectKey": {project}}
	err := c.call(ctx, "read our permissions", http.MethodGet, "mypermissions?"+q.Encode(), nil, &out)
	if e, ok := asCall(err); ok && (e.status == http.StatusNotFound || e.status == http.StatusForbidden) {
		return map[string]bool{}, nil
	}
	have := map[string]bool{}
	for _, n := range names {
		have[n] = out.Permissions[n].Have
	}
	return have, err
}

// mayBrowse reports whether the account may read the project's issues. A project that is gone is not readable.
func (c *client) mayBrowse(ctx context.Context, project string) (bool, error) {
	have, err := c.permissions(ctx, project, "BROWSE_PROJECTS")
	return have["BROWSE_PROJECTS"], err
}

func asCall(err error) (*callError, bool) {
	return errors.AsType[*callError](err)
}

// sortedKeys are a map's keys in order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
