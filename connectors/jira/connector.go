package jira

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	gojira "github.com/andygrunwald/go-jira"
	"golang.org/x/time/rate"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/connectors/transport"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// Options are what the connector gets from the house it lives in. Only Source and KeyPrefix need be set.
type Options struct {
	Source task.SourceID
	// KeyPrefix is the partnership's key, "CW": the mark of task CW-42 is the label lockstep-CW-42. Marks of other
	// partnerships are neither believed nor shown.
	KeyPrefix string

	// Location is the partnership's time zone, in which the times of comments are written; nil means UTC.
	Location *time.Location

	// Base, Observer, Timeout and InlineWait are the transport's.
	Base       http.RoundTripper
	Observer   transport.Observer
	Timeout    time.Duration
	InlineWait time.Duration
	// Rate is how many requests a second are sent at the most, by all sources that share an account; 0 means 40, which is
	// well under what Jira allows.
	Rate rate.Limit
	// Budgets is what is known of the limits of Jiras. Give all sources the same, so that those that share an account keep
	// its limits together; nil means one of its own.
	Budgets *Budgets

	// CloudAPI is the version of the API on Jira Cloud, 2 or 3; 0 means 3. On version 2 texts are wiki markup.
	CloudAPI int

	// Now is the clock; nil means time.Now. Only spans of it are used: what Jira's clock says is read off the issues.
	Now func() time.Time
	// SettleDelay is how long the search index may lag; 0 means 3 min.
	SettleDelay time.Duration
	// CensusEvery is how often the keys of all issues are read through, which is what shows that an issue is gone; 0 means
	// 15 min. FullEvery is how often all issues are read whole on that occasion, a page a pull; 0 means 24 h.
	CensusEvery, FullEvery time.Duration
	// LookEvery is how often fields, statuses and the like are looked at anew; 0 means 1 h.
	LookEvery time.Duration
	// Wait pauses between two looks at what Jira does in the background; nil means that it sleeps. It ends early, with an
	// error, when ctx does.
	Wait func(ctx context.Context, d time.Duration) error
	// Overlap is how far an increment reaches back behind the newest change that was seen; 0 means 10 min.
	Overlap time.Duration
}

const (
	defaultSettle    = 3 * time.Minute
	defaultCensus    = 15 * time.Minute
	defaultFullEvery = 24 * time.Hour
	defaultLookEvery = time.Hour
	defaultOverlap   = 10 * time.Minute
	// defaultInlineWait is how long a call waits for a limit; a longer wait is the engine's.
	defaultInlineWait = 5 * time.Second
	defaultRate       = 40
)

// Connector is one Jira as a source. It is used by one goroutine at a time.
type Connector struct {
	cfg  Config
	o    Options
	base string // the address, without a slash at its end
	jql  string
	api  *client
	gate *gate // what the account's limits leave to this source
	fp   string

	columns []column
	people  *people
	updates *updates // nil where comments are not updates
	meaning *meaning
	flow    *workflow
	crowd   crowd
	forms   map[string]*form // what creating needs, by project and issue type
	puzzled map[string]bool  // statuses that were looked for and are not among the projects'

	priorities []string
	components []string            // of all projects; used only where a field is mapped to them
	options    map[string][]option // what mapped fields allow, by field id; none where that is not known
	epics      epics
	epicName   string              // id of the field that every epic has on Data Center; "" where there is none
	projects   []string            // keys of the projects that issues were seen in, sorted
	projectOf  map[string]string   // issue id → project key
	numbers    numbers             // of the keys that were seen
	statusIDs  map[string][]string // ids of the configured status names, kept in the cursor
	held       []task.Hold         // what is wrong with the source as a whole
	ready      bool                // the site was looked at
	warm       bool                // everything was read once, and accounted for

	recent   []recentWrite
	ledger   ledger
	upkeep   upkeep
	hints    hints   // the one part that other goroutines may touch
	toldGone []int64 // said to be gone by Jira itself, in a webhook
	absent   []int64 // said to be gone, which the next census leaves out although a late index may show them
}

// The capabilities that a Jira source has.
var (
	_ connectors.Connector  = (*Connector)(nil)
	_ connectors.Normalizer = (*Connector)(nil)
	_ connectors.Confirmer  = (*Connector)(nil)
	_ connectors.Finder     = (*Connector)(nil)
)

// New makes a connector. It makes no request. The errors of Config.Validate, and a token file that cannot be read, come
// back as an error.
func New(cfg Config, o Options) (*Connector, error) {
	if errs := cfg.Validate(); len(errs) > 0 {
		return nil, fmt.Errorf("configure a Jira source: %w", errors.Join(errs...))
	}
	token, err := cfg.token()
	if err != nil {
		return nil, fmt.Errorf("configure a Jira source: %w", err)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Location == nil {
		o.Location = time.UTC
	}
	if o.SettleDelay <= 0 {
		o.SettleDelay = defaultSettle
	}
	if o.CensusEvery <= 0 {
		o.CensusEvery = defaultCensus
	}
	if o.LookEvery <= 0 {
		o.LookEvery = defaultLookEvery
	}
	if o.FullEvery <= 0 {
		o.FullEvery = defaultFullEvery
	}
	if o.Overlap <= 0 {
		o.Overlap = defaultOverlap
	}
	if o.Wait == nil {
		o.Wait = sleep
	}
	if o.Rate == 0 {
		o.Rate = defaultRate
	}
	if o.InlineWait <= 0 {
		o.InlineWait = defaultInlineWait
	}
	if o.Budgets == nil {
		o.Budgets = NewBudgets(o.Now)
	}
	account := cfg.Email
	if account == "" {
		account = token
	}
	if o.CloudAPI == 0 {
		o.CloudAPI = 3
	}
	if o.CloudAPI != 2 && o.CloudAPI != 3 {
		return nil, fmt.Errorf("configure a Jira source: Jira Cloud has no version %d of its API", o.CloudAPI)
	}
	gate := o.Budgets.gate(cfg.URL, account, o.Rate)
	hc := transport.NewClient(transport.Options{
		Source: o.Source, Base: o.Base, Observer: o.Observer, Timeout: o.Timeout, InlineWait: o.InlineWait,
		Gate: gate, Secrets: []string{token},
		Authorize: func(r *http.Request) {
			if cfg.Email != "" {
				r.SetBasicAuth(cfg.Email, token)
			} else {
				r.Header.Set("Authorization", "Bearer "+token)
			}
		},
	})
	base := strings.TrimRight(cfg.URL, "/")
	jc, err := gojira.NewClient(hc, base+"/")
	if err != nil {
		return nil, fmt.Errorf("configure a Jira source: %w", err)
	}
	c := &Connector{
		cfg: cfg, o: o, gate: gate, base: base, jql: cfg.selection(), fp: digest(cfg.fingerprint(), o.CloudAPI), // texts read otherwise in another version
		api: &client{
			source: o.Source, http: hc, jira: jc, now: o.Now,
			flavor: cfg.Flavor, cloudAPI: o.CloudAPI, d: expected(cfg, o.CloudAPI), quietIn: map[string]quietness{},
		},
		meaning: newMeaning(cfg.Status), flow: newWorkflow(o.Now),
		options: map[string][]option{}, epics: epics{summary: map[string]string{}},
		forms: map[string]*form{}, puzzled: map[string]bool{}, projectOf: map[string]string{}, numbers: numbers{},
	}
	c.people = newPeople(cfg.People, c.api.d)
	c.api.introduced, c.api.known = c.introduced, c.know
	if cfg.Comments != "" {
		c.updates = &updates{rule: cfg.Comments, zone: o.Location, kept: func(text string) string { return c.api.d.kept(text) }}
	}
	c.api.completes = c.complete
	c.api.projectOf = func(id string) string { return c.projectOf[id] }
	// Until the site was looked at, the configuration is all there is to go by.
	c.columns, _ = columns(cfg.mapping(), nil)
	return c, nil
}

// Describe says what the source can do: see connectors.Connector.
func (c *Connector) Describe() connectors.Description {
	d := connectors.Description{
		Kind: "jira", CanCreate: c.cfg.Create != nil, Fingerprint: c.fp, SettleDelay: c.o.SettleDelay,
	}
	for f := range c.cfg.mapping() {
		d.Fields = append(d.Fields, f)
	}
	slices.Sort(d.Fields)
	for _, f := range d.Fields {
		if col, ok := c.column(f); c.ready && (!ok || !col.writable()) {
			d.ReadOnly = append(d.ReadOnly, f)
		}
	}
	return d
}

func (c *Connector) column(f task.Field) (column, bool) {
	for _, col := range c.columns {
		if col.field == f {
			return col, true
		}
	}
	return column{}, false
}

// wanted are the Jira fields that have to be asked for.
func (c *Connector) wanted() []string {
	// The summary and labels are needed whether or not they are mapped: the labels hold our marks.
	out := []string{"summary", "status", "resolution", "labels", "created", "updated", "project", "issuetype", "assignee"}
	for _, col := range c.columns {
		if !slices.Contains(out, col.id) {
			out = append(out, col.id)
		}
	}
	return out
}

const labelPrefix = "lockstep-"

// markerOf is the task that a label marks, of whichever partnership; false where the label is no mark.
func markerOf(label string) (task.ID, bool) {
	id, ok := strings.CutPrefix(label, labelPrefix)
	if !ok {
		return "", false
	}
	i := strings.LastIndexByte(id, '-')
	if i <= 0 || i == len(id)-1 || strings.Trim(id[i+1:], "0123456789") != "" || strings.ToUpper(id) != id {
		return "", false
	}
	return task.ID(id), true
}

func markLabel(id task.ID) string { return labelPrefix + string(id) }

// marks are the tasks of our partnership that an issue's labels mark.
func (c *Connector) marks(is *wireIssue) []task.ID {
	var labels []string
	is.get("labels", &labels)
	var out []task.ID
	for _, l := range labels {
		if id, ok := markerOf(l); ok && (c.o.KeyPrefix == "" || strings.HasPrefix(string(id), c.o.KeyPrefix+"-")) &&
			!slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// record is an issue as the engine knows it.
func (c *Connector) record(is *wireIssue) task.Record {
	r := task.Record{
		Ref: task.Ref{Source: c.o.Source, Key: is.ID}, Name: is.Key, Version: is.version(), At: is.updated(),
		Untouched: is.untouched(),
	}
	if is.Key != "" {
		r.URL = c.base + "/browse/" + url.PathEscape(is.Key)
	}
	if marks := c.marks(is); len(marks) == 1 {
		r.Marker = marks[0]
	}
	for _, col := range c.columns {
		v, problem := c.read(col, is)
		r.Values[col.field] = v
		if problem != nil {
			r.Note(col.field, problem.Reason, problem.Hint)
		}
	}
	return r
}

// note takes from an issue what helps to understand others.
func (c *Connector) note(is *wireIssue) {
	if p := is.named("project"); p.Key != "" {
		c.projectOf[is.ID] = p.Key
		if i, found := slices.BinarySearch(c.projects, p.Key); !found {
			c.projects = slices.Insert(c.projects, i, p.Key)
		}
	}
	c.numbers.see(is.Key)
	var u wireUser
	if is.get("assignee", &u) {
		c.people.learn(u)
	}
	for _, col := range c.columns {
		if col.shape == shapeUser && col.id != "assignee" && is.get(col.id, &u) {
			c.people.learn(u)
		}
		var several []wireUser
		if col.shape == shapeUsers && is.get(col.id, &several) {
			for _, u := range several {
				c.people.learn(u)
			}
		}
	}
	c.noteEpics(is)
	c.meaning.resolution(is.named("resolution").Name)
}

// complete reads what answers leave out of issues: older comments, and the summaries of epics.
func (c *Connector) complete(ctx context.Context, op string, issues []*wireIssue) error {
	if c.updates != nil {
		if err := c.completeLogs(ctx, op, issues); err != nil {
			return err
		}
	}
	return c.meetEpics(ctx, op, issues)
}

// Normalize returns what Jira would show: see connectors.Normalizer.
func (c *Connector) Normalize(f task.Field, want, have task.Value) (task.Value, *task.Problem) {
	col, ok := c.column(f)
	if !ok {
		return have, &task.Problem{Reason: task.HoldUnsupported, Hint: fmt.Sprintf("this Jira has no field for %s", f)}
	}
	return c.normalize(col, want, have)
}

// recentWrite is an issue that we wrote to, or were told of, which the index may not show yet.
type recentWrite struct {
	id   int64
	at   time.Time
	told bool // somebody else wrote: whether it is ours to read, or there at all, is not known
}

// reconcileMax is how many issues a search reads past the index, by Jira's rule.
const reconcileMax = 50

func (c *Connector) wrote(id string) {
	if n, err := parseID(id); err == nil {
		c.lately(recentWrite{id: n, at: c.o.Now()})
	}
}

// lately adds to what is recent, the newest last.
func (c *Connector) lately(w recentWrite) {
	c.recent = slices.DeleteFunc(c.recent, func(x recentWrite) bool { return x.id == w.id })
	c.recent = append(c.recent, w)
	if len(c.recent) > reconcileMax {
		c.recent = c.recent[len(c.recent)-reconcileMax:]
	}
}

// reconcile are the ids of our recent writes and of what was hinted; those that the index must have seen by now are forgotten.
func (c *Connector) reconcile() []int64 {
	c.takeHints()
	now := c.o.Now()
	c.recent = slices.DeleteFunc(c.recent, func(w recentWrite) bool { return now.Sub(w.at) > c.o.Overlap })
	ids := make([]int64, 0, len(c.recent))
	for _, w := range c.recent {
		ids = append(ids, w.id)
	}
	return ids
}

func (c *Connector) createProject() string {
	if c.cfg.Create == nil {
		return ""
	}
	return strings.TrimSpace(c.cfg.Create.Project)
}

// lookUpPeople asks for the accounts of people whom only their e-mail names.
func (c *Connector) lookUpPeople(ctx context.Context) error {
	if _, ok := c.column(task.Assignee); !ok {
		return nil
	}
	for _, email := range c.people.unknown(c.cfg.People) {
		users, err := c.api.users(ctx, email)
		if err != nil {
			return err
		}
		c.people.found(email, users)
	}
	return nil
}

// prepare looks at the site if that was not done yet, for calls that come before the first pull.
func (c *Connector) prepare(ctx context.Context) error {
	if c.ready {
		return nil
	}
	if c.updates != nil { // which comments are ours
		if err := c.api.myself(ctx); err != nil {
			return err
		}
	}
	if err := c.look(ctx); err != nil {
		return err
	}
	if err := c.lookAtProjects(ctx, c.statusIDs); err != nil {
		return err
	}
	return c.lookUpPeople(ctx)
}

// stopped is the receipt's error once the context ended.
func (c *Connector) stopped(op string) *fault.Error {
	f := fault.New(fault.Retryable, fault.Cancelled, op, "stopped before it was sent")
	f.Source = c.o.Source
	return f
}
