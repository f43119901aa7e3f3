// Package jira is a server that speaks the REST API of Jira Cloud, versions 2 and 3, or that of Jira Data Center, as far as
// Lockstep uses it: paged search over an index that may lag, optimistic answers and odd error bodies, workflows that need two hops, rate limits, tokens
// that expire without saying so. Tests, the demo and `lockstep sandbox` run against it.
//
// It stands on the standard library alone, so that it cannot share a mistake with the client that it tests.
package jira

import (
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lockstep-sync/lockstep/connectors/sandbox/dials"
)

// Options shape a sandbox. Its zero value is a Jira with one empty project, no lag and no limits.
type Options struct {
	// Flavor is which Jira the sandbox stands for; default Cloud. On Data Center people have names instead of account ids, and
	// whatever is an account id in this package is such a name there.
	Flavor Flavor
	// MaxResults is how many issues a page of Data Center's search holds at most, whatever a client asks for; default 1000.
	MaxResults int
	// Project and ProjectName are the key and the name of the project that exists from the start; default "WASH", "Water
	// and Sanitation". Without Project, a Load into a server that holds no issues yet replaces the default project by those
	// of the issues.
	Project, ProjectName string
	// Email and Token let a client in, as Basic auth or as Bearer token; default "bot@example.org", "sandbox-token".
	Email, Token string
	// Now is the clock; default time.Now.
	Now func() time.Time
	// IndexLag is how far search is behind: it sees every issue as it was this long ago. Reads by id or key are never behind.
	IndexLag time.Duration
	// LagOf is how far search is behind for one change of an issue, in place of IndexLag; change counts from 1, which is the
	// issue's making, and a deletion is a change too. It is called under the server's lock and must not call the server.
	//
	// What is indexed is the issue as the change left it, and the index never goes back: once a change is in it, an earlier
	// one whose lag ends later adds nothing. (A real indexer may read the issue late and so show a change before its own
	// lag is over. That is the same as a shorter lag of that change, so nothing that it does is out of reach here.)
	LagOf func(issueID int64, change int) time.Duration
	// BulkLag is how much further search is behind for what a bulk operation changed.
	BulkLag time.Duration
	// BulkPolls is how many looks at a bulk operation's progress find it unfinished; BulkTime is how long it takes. It is
	// complete when both are over; without either, by the time its submission is answered.
	BulkPolls int
	BulkTime  time.Duration
	// SearchComments is how many comments of an issue a search lists, while it counts all; default 20. They are the newest,
	// or with OldestComments the oldest. Reads of the issue itself list all.
	SearchComments int
	OldestComments bool
	// BaseURL is the server's address in what it sends by itself, without a slash at the end; default the one under which the
	// last client addressed it.
	BaseURL string
	// Skew is how far the server's clock is ahead of Now, or behind when negative: in the times that it stamps, in its
	// serverTime and in the Date of its answers.
	Skew time.Duration
	// Burst is how many requests a second an endpoint takes by GET or POST before it answers 429, and half as many by PUT or
	// DELETE; 0 sets no limit. Jira's own is 100.
	Burst int
	// PerIssueWrites is how many writes in 2 seconds an issue takes before it answers 429, PerIssueWritesLong how many in 30
	// seconds; 0 sets no limit. Jira's own are 20 and 100.
	PerIssueWrites, PerIssueWritesLong int
	// HourlyPoints is how many points the account may spend from one full hour to the next before it is answered 429: a
	// request costs one, and one more for each issue that it reads. 0 sets no limit. The quota is the app's over all
	// tenants, or with QuotaPerTenant that for this one; the answers differ in their RateLimit-Reason.
	HourlyPoints   int
	QuotaPerTenant bool
	// DCLimit limits each user as Data Center does.
	DCLimit DCLimit
	// Seconds keeps moments to the second, as some of the databases do that Data Center runs on: two changes within a second
	// then look alike.
	Seconds bool
	// TimeZone is the account's, in which Jira reads quoted dates of a query and writes times; default "UTC". A zone that is
	// not known is UTC.
	TimeZone string
}

// Expiry says what becomes of a client's token.
type Expiry int

const (
	// TokenGood lets the client in.
	TokenGood Expiry = iota
	// TokenRefused answers every request 401.
	TokenRefused
	// TokenSilent is Jira's trap: the client is served as a stranger, who finds no issues, with 200. Only what needs an account
	// answers 401. Cloud adds the header X-Seraph-LoginReason: AUTHENTICATED_FAILED; Data Center says X-AUSERNAME: anonymous,
	// and does so with every personal access token that it does not know.
	TokenSilent
)

// Server is the sandbox. It is an http.Handler and safe for concurrent use.
type Server struct {
	opts    Options
	zone    *time.Location
	panel   dials.Panel
	handler http.Handler
	secret  [16]byte // signs page tokens

	mu         sync.Mutex
	catalogue  catalogue
	fields     []*fieldDef
	gone       map[string]bool    // ids of removed fields
	screens    map[screenKey]bool // what an administrator changed about the create and the edit screen
	required   map[screenKey]bool
	levels     []*named // of security
	openLevels map[*named]bool
	records    map[int64]*record
	keys       map[string]int64 // every key that an issue has or had
	order      []int64          // ids as they were created
	commits    commitLog
	results    resultCache
	lastStamp  time.Time
	nextID     int64
	nextSub    int64 // ids of comments, links and history entries
	implied    bool  // the default project was not asked for, and gives way to a loaded one
	firstLoad  string
	expiry     Expiry
	expiring   Expiry // what the token comes to after so many requests more; see ExpireTokenAfter
	countdown  int
	hideEmails bool
	denied     map[string]bool
	closed     map[*project]bool // to the account
	limits     limits
	bot        *user
	webhooks   []*Webhook
	lastBase   string // under which the last client addressed the server
	bulk       bulkQueue
	belongs    map[audience]bool // groups and roles that the account is in
	inBulk     bool              // what is put now was changed by a bulk operation
	failures   int               // logins with a wrong password since the last good one, on Data Center

	changed bool // since the lock was taken
	hooks   []func()
	live    map[chan struct{}]struct{}
}

// New returns a sandbox with its default project and no issues.
func New(o Options) *Server {
	implied := o.Project == ""
	fill := func(s *string, v string) {
		if *s == "" {
			*s = v
		}
	}
	if implied {
		fill(&o.ProjectName, "Water and Sanitation")
	}
	fill(&o.Project, "WASH")
	fill(&o.ProjectName, o.Project)
	fill(&o.Email, "bot@example.org")
	fill(&o.Token, "sandbox-token")
	fill(&o.TimeZone, "UTC")
	if o.SearchComments == 0 {
		o.SearchComments = 20
	}
	if o.MaxResults <= 0 {
		o.MaxResults = 1000
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	zone, err := time.LoadLocation(o.TimeZone)
	if err != nil {
		zone, o.TimeZone = time.UTC, "UTC"
	}
	s := &Server{
		opts: o, zone: zone, implied: implied,
		records: map[int64]*record{}, keys: map[string]int64{}, belongs: map[audience]bool{},
		// An administrator's permissions are not a bot's, and it may change what it wrote itself alone.
		denied: map[string]bool{"ADMINISTER_PROJECTS": true, "ADMINISTER": true, "EDIT_ALL_COMMENTS": true, "DELETE_ALL_COMMENTS": true},
		live:   map[chan struct{}]struct{}{}, nextID: 10000, nextSub: 10000,
	}
	_, _ = rand.Read(s.secret[:]) // never fails: the program ends instead
	s.fields = append(systemFields(), customField("Start date", 10015, FieldDate), customField("Progress", 10042, FieldNumber))
	s.gone, s.screens, s.required = map[string]bool{}, map[screenKey]bool{}, map[screenKey]bool{}
	s.openLevels, s.closed = map[*named]bool{}, map[*project]bool{}
	s.limits = newLimits(o)
	s.catalogue.projects = map[string]*project{}
	s.catalogue.server = s.dataCenter()
	s.bot = s.catalogue.addUser("Lockstep", o.Email)
	s.bot.zone = o.TimeZone
	s.catalogue.seedProject(o.Project, o.ProjectName)

	// Browsers must not be made to press our buttons by a page from elsewhere; clients of the API send no Origin.
	guard := http.NewCrossOriginProtection()
	api := s.panel.Wrap(s.api())
	mux := http.NewServeMux()
	mux.Handle("/rest/", api)
	mux.Handle("/sandbox/faults", api)
	s.pages(mux)
	s.handler = guard.Handler(mux)
	return s
}

// ServeHTTP answers the API under /rest/, the fault dials under /sandbox/faults, and the pages for people.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Panel returns the dials with which a test orders faults and reads the log of requests.
func (s *Server) Panel() *dials.Panel { return &s.panel }

// Project returns the key of the project that a client should use: the one asked for, else the first loaded issue's, else
// the default.
func (s *Server) Project() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.firstLoad != "" && s.implied {
		return s.firstLoad
	}
	return s.opts.Project
}

// Credentials returns the e-mail address and the token that let a client in. On Data Center it is the user name, and the
// token is both the account's password and its personal access token.
func (s *Server) Credentials() (email, token string) {
	if s.dataCenter() {
		return s.bot.account, s.opts.Token
	}
	return s.opts.Email, s.opts.Token
}

// HideEmails hides or shows people's e-mail addresses, as their privacy settings do.
func (s *Server) HideEmails(hide bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hideEmails = hide
}

// ExpireToken changes how requests with the right token are met; TokenGood makes them welcome again.
func (s *Server) ExpireToken(e Expiry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expiry, s.countdown = e, 0
	if e == TokenGood {
		s.failures = 0 // an administrator lifts the lock as well
	}
}

// ExpireTokenAfter lets the right token in for so many requests more before it changes as ExpireToken has it: in the middle
// of somebody's paging, for instance.
func (s *Server) ExpireTokenAfter(requests int, e Expiry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.countdown, s.expiring = requests, e
	if requests <= 0 {
		s.countdown, s.expiry = 0, e
	}
}

// countDown is called with each request of somebody who was let in.
func (s *Server) countDown() {
	if s.countdown == 0 {
		return
	}
	if s.countdown--; s.countdown == 0 {
		s.expiry = s.expiring
	}
}

// Deny takes permissions away from the account, by key: BROWSE_PROJECTS, CREATE_ISSUES, EDIT_ISSUES, TRANSITION_ISSUES,
// ADD_COMMENTS, EDIT_OWN_COMMENTS, DELETE_OWN_COMMENTS, DELETE_ISSUES, LINK_ISSUES, USER_PICKER, BULK_CHANGE, and
// EDIT_ALL_COMMENTS, DELETE_ALL_COMMENTS, ADMINISTER_PROJECTS, ADMINISTER, which it does not have from the start. A key
// that is not among them changes nothing.
func (s *Server) Deny(permissions ...string) { s.permit(permissions, true) }

// Allow gives permissions back.
func (s *Server) Allow(permissions ...string) { s.permit(permissions, false) }

func (s *Server) permit(permissions []string, denied bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range permissions {
		s.denied[strings.ToUpper(p)] = denied
	}
}

// OnChange has f called after each change, by a person or through the API, outside all locks. Calls may overlap; f must
// not wait for anything that needs the sandbox to answer.
func (s *Server) OnChange(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks = append(s.hooks, f)
}

// locked runs f under the lock and tells everybody who listens when it changed something.
func (s *Server) locked(f func()) {
	var hooks []func()
	func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		f()
		if !s.changed {
			return
		}
		s.changed = false
		hooks = slices.Clip(s.hooks)
		for c := range s.live {
			select {
			case c <- struct{}{}:
			default: // it has not yet read the last one, and needs to know once
			}
		}
	}()
	for _, h := range hooks {
		h()
	}
}

// now is the clock in the precision that Jira keeps.
func (s *Server) now() time.Time { return s.opts.Now().Add(s.opts.Skew).Truncate(time.Millisecond) }

// stamp is the time of a change: later than that of every change before it, whatever the clock does.
func (s *Server) stamp() time.Time {
	t := s.now()
	if !t.After(s.lastStamp) {
		t = s.lastStamp.Add(time.Millisecond)
	}
	s.lastStamp = t
	return t
}

// kept is a moment as the database keeps it.
func (s *Server) kept(t time.Time) time.Time {
	if s.opts.Seconds {
		return t.Truncate(time.Second)
	}
	return t
}
