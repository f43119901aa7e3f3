package jira

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

const (
	pageLong    = 5000 // issues a page where little of each is asked for
	pageShort   = 100
	pageDefault = 50
	maxOrdering = 7
	// maxSearchHistory is how many of an issue's newest changes a search lists.
	maxSearchHistory = 40
	unbounded        = "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."
	badToken         = "The provided next page token is invalid or expired."
)

// found is a query's whole result at one state of the index, sorted.
type found struct {
	issues []*issue
	keys   [][]any // per issue what it is sorted by
	order  []ordering
}

// resultCache keeps the last few results, so that 100 pages of one search do not run it 100 times. A result holds as long
// as the index stands still.
type resultCache struct {
	recent []cachedResult
}

type cachedResult struct {
	key   string
	found *found
}

const cachedResults = 8

func (r *resultCache) get(key string) *found {
	for _, c := range r.recent {
		if c.key == key {
			return c.found
		}
	}
	return nil
}

func (r *resultCache) put(key string, f *found) {
	r.recent = append(r.recent, cachedResult{key, f})
	if len(r.recent) > cachedResults {
		r.recent = slices.Delete(r.recent, 0, 1)
	}
}

// search runs a query against the index as it is now. Issues in fresh are seen as they are, whatever the index knows.
func (s *Server) search(jql string, fresh []int64) (*found, error) {
	q, err := parseJQL(jql)
	if err != nil {
		return nil, err
	}
	if q.where == nil && !s.dataCenter() {
		return nil, &jqlError{[]string{unbounded}}
	}
	c := &compiler{s: s}
	match := func(*issue) bool { return true }
	if q.where != nil {
		match = c.node(*q.where)
	}
	orders := c.orders(q.order)
	if len(c.errors) > 0 {
		return nil, &jqlError{c.errors}
	}
	now := s.now()
	key := fmt.Sprintf("%d %v %s", s.commits.upTo(now), fresh, jql)
	if len(fresh) > 0 {
		key = fmt.Sprintf("%d %s", len(s.commits.times), key)
	}
	if !c.volatile {
		if f := s.results.get(key); f != nil {
			return f, nil
		}
	}
	s.sweep(now)
	f := &found{order: q.order}
	for _, id := range s.order {
		r := s.records[id]
		i := r.asOf(now)
		if len(fresh) > 0 && slices.Contains(fresh, id) {
			i = r.latest()
		}
		if i != nil && s.shows(i) && match(i) {
			f.issues = append(f.issues, i)
		}
	}
	f.sort(orders)
	if !c.volatile {
		s.results.put(key, f)
	}
	return f, nil
}

// sortKey says what an issue is sorted by: a string or an int64; nil sorts last when ascending.
type sortKey func(i *issue) any

func (c *compiler) orders(terms []ordering) []sortKey {
	if len(terms) > maxOrdering {
		c.fail("The maximum number of sort fields is %d.", maxOrdering)
	}
	out := make([]sortKey, 0, len(terms))
	for _, t := range terms {
		k := sortKeys[t.field]
		if k == nil {
			k = c.customOrder(t.field)
		}
		if k == nil {
			c.fail("Not able to sort using field '%s'.", t.field)
			continue
		}
		out = append(out, k)
	}
	return out
}

// sortKeys is read-only. Keys are ordered by project, then by number.
var sortKeys = map[string]sortKey{
	"key":            keyOrder,
	"issuekey":       keyOrder,
	"id":             func(i *issue) any { return i.id },
	"updated":        func(i *issue) any { return i.updated.UnixMilli() },
	"updateddate":    func(i *issue) any { return i.updated.UnixMilli() },
	"created":        func(i *issue) any { return i.created.UnixMilli() },
	"createddate":    func(i *issue) any { return i.created.UnixMilli() },
	"due":            func(i *issue) any { return textOrNil(i.due) },
	"duedate":        func(i *issue) any { return textOrNil(i.due) },
	"resolved":       resolvedOrder,
	"resolutiondate": resolvedOrder,
	"summary":        func(i *issue) any { return strings.ToLower(i.summary) },
	"status":         func(i *issue) any { return int64(i.status.rank()) },
	"priority":       func(i *issue) any { return idOrNil(i.priority) },
	"assignee":       func(i *issue) any { return textOrNil(strings.ToLower(displayOf(i.assignee))) },
	"project":        func(i *issue) any { return i.project.key },
}

func keyOrder(i *issue) any { return fmt.Sprintf("%s %012d", i.project.key, i.number()) }

func resolvedOrder(i *issue) any {
	if i.resolved.IsZero() {
		return nil
	}
	return i.resolved.UnixMilli()
}

// sort orders the issues; those that tie, or all when no order was asked for, newest first.
func (f *found) sort(keys []sortKey) {
	type row struct {
		issue *issue
		keys  []any
	}
	rows := make([]row, 0, len(f.issues))
	for _, i := range f.issues {
		r := row{issue: i}
		for _, k := range keys {
			r.keys = append(r.keys, k(i))
		}
		rows = append(rows, r)
	}
	slices.SortFunc(rows, func(a, b row) int { return f.compare(a.keys, b.keys, a.issue.id, b.issue.id) })
	f.keys = make([][]any, 0, len(rows))
	for n, r := range rows {
		f.issues[n] = r.issue
		f.keys = append(f.keys, r.keys)
	}
}

// compare orders two issues by what they are sorted by; those that tie, newest first.
func (f *found) compare(a, b []any, idA, idB int64) int {
	return cmp.Or(f.compareKeys(a, b), cmp.Compare(idB, idA))
}

func (f *found) compareKeys(a, b []any) int {
	for n := range a {
		c := compareKey(a[n], b[n])
		if f.order[n].desc {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	return 0
}

func compareKey(a, b any) int {
	if a == nil || b == nil {
		return b2i(a == nil) - b2i(b == nil)
	}
	if x, ok := a.(int64); ok {
		y, _ := b.(int64)
		return cmp.Compare(x, y)
	}
	x, _ := a.(string)
	y, _ := b.(string)
	return cmp.Compare(x, y)
}

// pageToken is where a page ended: what its last issue was sorted by. The next page starts after that place in whatever
// the index holds then, so an issue that moves in the order between two pages can come twice or not at all, as in Jira.
type pageToken struct {
	Query string `json:"q"`
	Fresh string `json:"f,omitempty"` // of the issues that were reconciled: each page must name the same
	Keys  []any  `json:"k"`
	ID    int64  `json:"i"`
}

func (s *Server) sign(payload []byte) []byte {
	mac := hmac.New(sha256.New, s.secret[:])
	mac.Write(payload)
	return mac.Sum(nil)[:8]
}

// digest tells two texts apart in a token.
func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return base64.RawStdEncoding.EncodeToString(sum[:6])
}

func (s *Server) tokenAfter(jql string, fresh []int64, f *found, last int) string {
	payload, _ := json.Marshal(pageToken{digest(jql), digest(fmt.Sprint(fresh)), f.keys[last], f.issues[last].id})
	return base64.RawURLEncoding.EncodeToString(append(s.sign(payload), payload...))
}

// start finds where a token's page begins, 0 without a token; false when the token is not one of this query's.
func (s *Server) start(jql, text string, fresh []int64, f *found) (at int, valid bool) {
	if text == "" {
		return 0, true
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(raw) < 8 || !hmac.Equal(raw[:8], s.sign(raw[8:])) {
		return 0, false
	}
	var t pageToken
	dec := json.NewDecoder(strings.NewReader(string(raw[8:])))
	dec.UseNumber()
	if err := dec.Decode(&t); err != nil || t.Query != digest(jql) || t.Fresh != digest(fmt.Sprint(fresh)) || len(t.Keys) != len(f.order) {
		return 0, false
	}
	for n, k := range t.Keys {
		if num, ok := k.(json.Number); ok {
			t.Keys[n], _ = num.Int64()
		}
	}
	// The binary search is over keys alone; ids break ties after it.
	at, _ = slices.BinarySearchFunc(f.keys, t, func(keys []any, t pageToken) int { return f.compareKeys(keys, t.Keys) })
	for at < len(f.issues) && f.compare(f.keys[at], t.Keys, f.issues[at].id, t.ID) <= 0 {
		at++
	}
	return at, true
}

type searchRequest struct {
	JQL             string   `json:"jql"`
	MaxResults      *int     `json:"maxResults"`
	NextPageToken   string   `json:"nextPageToken"`
	Fields          []string `json:"fields"`
	Properties      []string `json:"properties"`
	Expand          string   `json:"expand"`
	FieldsByKeys    bool     `json:"fieldsByKeys"`
	ReconcileIssues []int64  `json:"reconcileIssues"`
}

func (c *call) searchJQL() answer {
	var req searchRequest
	if c.r.Method == http.MethodGet {
		if bad := c.searchQuery(&req); bad != nil {
			return *bad
		}
	} else if !c.strict(&req) {
		return badPayload
	}
	size := pageDefault
	switch {
	case req.MaxResults != nil && *req.MaxResults < 0:
		return fail(400, "The value of maxResults must not be negative.")
	case req.MaxResults != nil && *req.MaxResults > 0:
		size = *req.MaxResults
	}
	if len(req.Properties) > 5 {
		return fail(400, "The number of properties requested must not exceed 5.")
	}
	if len(req.ReconcileIssues) > 50 {
		return fail(400, "The number of issues to reconcile must not exceed 50.")
	}
	want := choose(req.Fields, wanted{})
	most := pageLong
	if want.many() || len(req.Properties) > 0 || req.Expand != "" {
		most = pageShort
	}
	if c.stranger || c.s.denied["BROWSE_PROJECTS"] {
		// Whoever may see nothing finds nothing: no error says so.
		return answer{status: 200, body: map[string]any{"issues": []any{}, "isLast": true}}
	}
	slices.Sort(req.ReconcileIssues)
	f, err := c.s.search(req.JQL, req.ReconcileIssues)
	if err != nil {
		return jqlFailure(err)
	}
	from, valid := c.s.start(req.JQL, req.NextPageToken, req.ReconcileIssues, f)
	if !valid {
		return fail(400, badToken)
	}
	to := min(from+min(size, most), len(f.issues))
	issues := make([]any, 0, to-from)
	for _, i := range f.issues[from:to] {
		issues = append(issues, c.hit(i, want, req.Properties, req.Expand))
	}
	body := map[string]any{"issues": issues, "isLast": to == len(f.issues)}
	if to < len(f.issues) {
		body["nextPageToken"] = c.s.tokenAfter(req.JQL, req.ReconcileIssues, f, to-1)
	}
	return answer{status: 200, body: body}
}

// hit is an issue as search answers it: its id alone unless more was asked for.
func (c *call) hit(i *issue, want wanted, properties []string, expand string) map[string]any {
	l := c.lens()
	l.most = c.s.opts.SearchComments
	full := l.issue(i, want)
	if want.idOnly() {
		full = map[string]any{"id": full["id"]}
	}
	if len(properties) > 0 {
		full["properties"] = i.properties(properties)
	}
	c.expand(full, i, expand)
	// Jira has an endpoint of its own for whoever wants them all.
	if log, _ := full["changelog"].(map[string]any); log != nil {
		all, _ := log["histories"].([]any)
		log["histories"], log["maxResults"] = cut(all, 0, maxSearchHistory), min(len(all), maxSearchHistory)
	}
	return full
}

func (i *issue) properties(names []string) map[string]any {
	out := map[string]any{}
	for _, list := range names {
		for n := range strings.SplitSeq(list, ",") {
			if v, ok := i.props[n]; ok {
				out[n] = v
			}
		}
	}
	return out
}

func jqlFailure(err error) answer { return fail(400, jqlComplaints(err)...) }

func jqlComplaints(err error) []string {
	if bad, ok := errors.AsType[*jqlError](err); ok {
		return bad.messages
	}
	return []string{err.Error()}
}

func (c *call) approximateCount() answer {
	var req struct {
		JQL string `json:"jql"`
	}
	if !c.strict(&req) {
		return badPayload
	}
	if c.stranger || c.s.denied["BROWSE_PROJECTS"] {
		return answer{status: 200, body: map[string]any{"count": 0}}
	}
	f, err := c.s.search(req.JQL, nil)
	if err != nil {
		return jqlFailure(err)
	}
	return answer{status: 200, body: map[string]any{"count": len(f.issues)}}
}

// goneSearch is the old search, which Jira Cloud has taken away.
func (c *call) goneSearch() answer {
	return fail(410, "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. "+
		"A full migration guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046")
}
