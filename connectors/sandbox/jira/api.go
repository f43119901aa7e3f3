package jira

import (
	"bytes"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// call is one request of the API while it is being answered, under the server's lock.
type call struct {
	s        *Server
	r        *http.Request
	body     []byte
	api      int
	stranger bool // served without an account, see TokenSilent
}

// answer is what a call comes to.
type answer struct {
	status int
	body   any    // encoded as JSON; nil for none
	plain  string // sent as text instead
	header map[string]string
}

// errorCollection is Jira's usual error body.
type errorCollection struct {
	ErrorMessages []string          `json:"errorMessages"`
	Errors        map[string]string `json:"errors"`
}

func fail(status int, messages ...string) answer {
	return answer{status: status, body: errorCollection{messages, map[string]string{}}}
}

func failFields(fields map[string]string) answer {
	return answer{status: 400, body: errorCollection{[]string{}, fields}}
}

// The answers that many endpoints share; read-only.
var (
	badPayload = answer{status: 400, body: map[string]any{
		"errorMessages": []string{"Invalid request payload. Refer to the REST API documentation and try again."},
	}}
	noIssue = fail(404, "Issue does not exist or you do not have permission to see it.")
	noBody  = answer{status: 204}
	locked  = answer{
		status: 401, plain: "Client must be authenticated to access this resource.",
		header: map[string]string{"WWW-Authenticate": `OAuth realm="https%3A%2F%2Fexample.atlassian.net"`},
	}
)

func ok(body any) answer { return answer{status: 200, body: body} }

// maxBody is more than the longest request that Jira takes.
const maxBody = 10 << 20

// access says who may use an endpoint.
type access int

const (
	members   access = iota // whoever has no account gets 401
	strangers               // they are served too, and find little
)

// api returns the handler of everything under /rest/.
func (s *Server) api() http.Handler {
	mux := http.NewServeMux()
	on := func(method, path string, who access, h func(*call) answer) {
		for _, e := range s.endpoints(method, path, who, h) {
			mux.HandleFunc(e.pattern, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, e.api, e.who, e.handle) })
		}
	}
	on("GET", "/serverInfo", strangers, (*call).serverInfo)
	on("GET", "/myself", members, (*call).myself)
	on("GET", "/mypermissions", strangers, (*call).myPermissions)
	on("GET", "/field", strangers, (*call).listFields)
	on("GET", "/status", strangers, (*call).listStatuses)
	on("GET", "/statuscategory", strangers, (*call).listCategories)
	on("GET", "/priority", strangers, (*call).listPriorities)
	on("GET", "/resolution", strangers, (*call).listResolutions)
	on("GET", "/issuetype", strangers, (*call).listTypes)
	on("GET", "/label", strangers, (*call).listLabels)
	on("GET", "/project/search", strangers, (*call).searchProjects)
	on("GET", "/project/{project}", strangers, (*call).getProject)
	on("GET", "/project/{project}/statuses", strangers, (*call).projectStatuses)
	on("GET", "/project/{project}/securitylevel", strangers, (*call).listLevels)
	on("GET", "/user", members, (*call).getUser)
	on("GET", "/user/search", strangers, (*call).searchUsers)

	on("GET", "/search", strangers, (*call).goneSearch)
	on("POST", "/search", strangers, (*call).goneSearch)
	on("GET", "/search/jql", strangers, (*call).searchJQL)
	on("POST", "/search/jql", strangers, (*call).searchJQL)
	on("POST", "/search/approximate-count", strangers, (*call).approximateCount)

	on("GET", "/bulk/issues/transition", members, (*call).bulkTransitions)
	on("POST", "/bulk/issues/transition", members, (*call).bulkTransition)
	on("GET", "/bulk/issues/fields", members, (*call).bulkFields)
	on("POST", "/bulk/issues/fields", members, (*call).bulkEdit)
	on("GET", "/bulk/queue/{task}", members, (*call).bulkProgress)

	on("POST", "/issue", strangers, (*call).createIssue)
	on("POST", "/issue/bulk", strangers, (*call).createIssues)
	on("POST", "/issue/bulkfetch", strangers, (*call).bulkFetch)
	on("GET", "/issue/createmeta/{project}/issuetypes/{type}", strangers, (*call).createFields)
	on("GET", "/issue/{issue}", strangers, (*call).getIssue)
	on("PUT", "/issue/{issue}", strangers, (*call).editIssue)
	on("DELETE", "/issue/{issue}", strangers, (*call).deleteIssue)
	on("GET", "/issue/{issue}/editmeta", strangers, (*call).editMeta)
	on("GET", "/issue/{issue}/transitions", strangers, (*call).listTransitions)
	on("POST", "/issue/{issue}/transitions", strangers, (*call).doTransition)
	on("GET", "/issue/{issue}/changelog", strangers, (*call).changelog)
	on("GET", "/issue/{issue}/comment", strangers, (*call).listComments)
	on("POST", "/issue/{issue}/comment", strangers, (*call).addComment)
	on("GET", "/issue/{issue}/comment/{comment}", strangers, (*call).getComment)
	on("PUT", "/issue/{issue}/comment/{comment}", strangers, (*call).editComment)
	on("DELETE", "/issue/{issue}/comment/{comment}", strangers, (*call).deleteComment)
	on("POST", "/comment/list", strangers, (*call).commentsByID)
	on("GET", "/comment/{comment}/properties", strangers, (*call).listCommentProperties)
	on("GET", "/comment/{comment}/properties/{property}", strangers, (*call).getCommentProperty)
	on("PUT", "/comment/{comment}/properties/{property}", strangers, (*call).putCommentProperty)
	on("DELETE", "/comment/{comment}/properties/{property}", strangers, (*call).deleteCommentProperty)
	on("GET", "/issue/{issue}/properties", strangers, (*call).listProperties)
	on("GET", "/issue/{issue}/{part}/{name}", strangers, (*call).getPart)
	on("PUT", "/issue/{issue}/properties/{property}", strangers, (*call).putProperty)
	on("DELETE", "/issue/{issue}/properties/{property}", strangers, (*call).deleteProperty)
	on("GET", "/issue/{issue}/remotelink", strangers, (*call).listLinks)
	on("POST", "/issue/{issue}/remotelink", strangers, (*call).putLink)
	s.ownEndpoints(on)
	mux.HandleFunc(restPattern, s.elsewhere(mux))
	return mux
}

// restPattern takes what no endpoint takes.
const restPattern = "/rest/"

// getPart is one of two endpoints whose patterns the standard library's router takes to be in conflict:
// /issue/{issue}/properties/{property} and /issue/createmeta/{project}/issuetypes.
func (c *call) getPart() answer {
	issue, part, name := c.r.PathValue("issue"), c.r.PathValue("part"), c.r.PathValue("name")
	switch {
	case part == "properties":
		c.r.SetPathValue("property", name)
		return c.getProperty()
	case issue == "createmeta" && name == "issuetypes":
		c.r.SetPathValue("project", part)
		return c.createTypes()
	}
	if c.s.dataCenter() {
		return answer{status: http.StatusNotFound, body: noPath(http.StatusNotFound)}
	}
	return answer{status: http.StatusNotFound, body: missingEndpoint(c.r), header: map[string]string{"Content-Type": "application/problem+json"}}
}

// missingEndpoint is what Jira says of a path that the API does not have.
func missingEndpoint(r *http.Request) map[string]any {
	return map[string]any{
		"type": "about:blank", "title": "Not Found", "status": http.StatusNotFound,
		"detail": "No endpoint " + r.Method + " " + r.URL.Path + ".", "instance": r.URL.Path,
	}
}

// noEndpoint answers a path that the API does not have.
func noEndpoint(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(http.StatusNotFound)
	_ = json.NewEncoder(w).Encode(missingEndpoint(r))
}

// serve lets a request in, answers it under the lock and sends the answer outside of it.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, api int, who access, h func(*call) answer) {
	c := &call{s: s, r: r, api: api}
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		status := http.StatusBadRequest
		if _, tooLong := errors.AsType[*http.MaxBytesError](err); tooLong {
			status = http.StatusRequestEntityTooLarge
		}
		http.Error(w, http.StatusText(status), status)
		return
	}
	c.body = raw
	var a answer
	var body []byte
	s.locked(func() {
		s.lastBase = c.lens().base
		s.advanceBulk()
		a = c.answer(who, h)
		if a.body != nil {
			// Encoded here, since it refers to what the lock guards.
			body, err = json.Marshal(a.body)
		}
	})
	if err != nil {
		http.Error(w, "encode the answer: "+err.Error(), http.StatusInternalServerError)
		return
	}
	switch {
	case a.plain != "":
		w.Header().Set("Content-Type", "text/plain;charset=UTF-8")
		body = []byte(a.plain)
	case a.body != nil:
		w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	}
	for k, v := range a.header {
		w.Header().Set(k, v)
	}
	w.Header().Set("Date", s.now().UTC().Format(http.TimeFormat))
	w.WriteHeader(a.status)
	_, _ = w.Write(body)
}

func (c *call) answer(who access, h func(*call) answer) answer {
	all, refused := c.letIn()
	if refused != nil {
		return *refused
	}
	var a answer
	limited, headers := c.s.limits.admit(c)
	c.s.countDown()
	switch {
	case limited != nil:
		a = *limited
	case c.stranger && who == members:
		a = c.mustLogIn()
	case len(c.body) > 0 && !c.isJSON() && (c.r.Method == http.MethodPost || c.r.Method == http.MethodPut):
		a = c.wrongType()
	default:
		a = h(c)
	}
	c.s.limits.charge(&a, headers)
	maps.Copy(all, headers)
	maps.Copy(all, a.header)
	a.header = all
	return a
}

// letIn says who asks. It returns headers of every answer, or the refusal.
func (c *call) letIn() (headers map[string]string, refused *answer) {
	if c.s.dataCenter() {
		return c.letInDC()
	}
	headers = map[string]string{"X-Seraph-LoginReason": "OK", "X-AREQUESTID": "sandbox"}
	switch c.identify() {
	case TokenGood:
	case TokenSilent:
		c.stranger = true
		headers["X-Seraph-LoginReason"] = loginFailed
	default:
		a := locked
		a.header = map[string]string{"X-Seraph-LoginReason": loginFailed, "WWW-Authenticate": locked.header["WWW-Authenticate"]}
		return nil, &a
	}
	return headers, nil
}

const loginFailed = "AUTHENTICATED_FAILED"

// mustLogIn is what a stranger is told where only members are served.
func (c *call) mustLogIn() answer {
	if c.s.dataCenter() {
		return mustLogInDC()
	}
	return locked
}

func (c *call) wrongType() answer {
	if c.s.dataCenter() {
		return answer{status: http.StatusUnsupportedMediaType, body: noPath(http.StatusUnsupportedMediaType)}
	}
	return answer{status: http.StatusUnsupportedMediaType, body: map[string]any{
		"type": "about:blank", "title": "Unsupported Media Type", "status": http.StatusUnsupportedMediaType,
		"detail": "Content-Type must be application/json.", "instance": c.r.URL.Path,
	}}
}

func right(got, want string) bool { return subtle.ConstantTimeCompare([]byte(got), []byte(want)) == 1 }

// identify reads the Authorization header. TokenRefused stands for a wrong one; whoever sends none is a stranger.
func (c *call) identify() Expiry {
	if c.r.Header.Get("Authorization") == "" {
		return TokenSilent
	}
	if c.s.expiry == TokenRefused {
		return TokenRefused
	}
	good := false
	if email, token, ok := c.r.BasicAuth(); ok {
		good = right(token, c.s.opts.Token) && strings.EqualFold(email, c.s.opts.Email)
	} else if token, ok := strings.CutPrefix(c.r.Header.Get("Authorization"), "Bearer "); ok {
		good = right(token, c.s.opts.Token)
	}
	if !good {
		return TokenRefused
	}
	return c.s.expiry
}

// accepts reports whether the client says that it takes a kind of answer.
func (c *call) accepts(kind string) bool { return strings.Contains(c.r.Header.Get("Accept"), kind) }

func (c *call) isJSON() bool {
	kind, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	return err == nil && kind == "application/json"
}

func (c *call) lens() lens {
	scheme := "http"
	if c.r.TLS != nil {
		scheme = "https"
	}
	return lens{s: c.s, api: c.api, base: scheme + "://" + c.r.Host}
}

// strict reads the body into v and reports whether it is valid JSON without a key that v does not have.
func (c *call) strict(v any) bool {
	dec := json.NewDecoder(bytes.NewReader(c.body))
	dec.DisallowUnknownFields()
	if dec.Decode(v) != nil {
		return false
	}
	_, err := dec.Token()
	return errors.Is(err, io.EOF)
}

// object reads the body as an object.
func (c *call) object() (map[string]any, bool) {
	v, err := decodeAny(c.body)
	m, isObject := v.(map[string]any)
	return m, err == nil && isObject
}

// page reads startAt and maxResults; a number that cannot be read is the default.
func (c *call) page(size, most int) (start, count int) {
	start, _ = strconv.Atoi(c.r.URL.Query().Get("startAt"))
	count = size
	if n, err := strconv.Atoi(c.r.URL.Query().Get("maxResults")); err == nil && n > 0 {
		count = min(n, most)
	}
	return max(start, 0), count
}

// cut is one page of a list.
func cut[T any](all []T, start, count int) []T {
	start = min(start, len(all))
	return all[start:min(start+count, len(all))]
}

// subject finds the issue that the path names; the answer says why not.
func (c *call) subject() (*issue, *answer) {
	i := c.s.find(c.r.PathValue("issue"))
	if i != nil && c.sees(i) {
		return i, nil
	}
	a := noIssue
	if c.s.dataCenter() {
		a = c.unseenDC(i)
	}
	return nil, &a
}

// writable is subject for a change that needs a permission.
func (c *call) writable(permission, words string) (*issue, *answer) {
	i, bad := c.subject()
	if bad == nil && c.s.denied[permission] {
		a := fail(http.StatusForbidden, words)
		return nil, &a
	}
	return i, bad
}

// searchQuery reads what a search by GET says in its address.
func (c *call) searchQuery(req *searchRequest) *answer {
	bad := func() *answer { a := badPayload; return &a }
	for k, vs := range c.r.URL.Query() {
		v := vs[len(vs)-1]
		switch k {
		case "jql":
			req.JQL = v
		case "nextPageToken":
			req.NextPageToken = v
		case "fields":
			req.Fields = vs
		case "properties":
			req.Properties = strings.Split(strings.Join(vs, ","), ",")
		case "expand":
			req.Expand = strings.Join(vs, ",")
		case "maxResults":
			n, err := strconv.Atoi(v)
			if err != nil {
				return bad()
			}
			req.MaxResults = &n
		case "reconcileIssues":
			for id := range strings.SplitSeq(strings.Join(vs, ","), ",") {
				n, err := strconv.ParseInt(id, 10, 64)
				if err != nil {
					return bad()
				}
				req.ReconcileIssues = append(req.ReconcileIssues, n)
			}
		}
	}
	return nil
}
