package notify

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lockstep-sync/lockstep/internal/notify/channel"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
	"github.com/lockstep-sync/lockstep/sync/view"
)

const (
	historyPage = 1000
	// look is how often it is looked whether there is something to tell, if no cycle says so: digests and the end of quiet hours come by
	// themselves.
	look = time.Minute
	// After a message did not get through, the channel waits: first, then twice as long every time, up to most.
	firstWait, mostWait = time.Minute, time.Hour
	// longestDigest is how far back a digest looks after some were not sent.
	longestDigest = 8 * 7 * 24 * time.Hour
)

// Store is where it is written down what was told.
type Store interface {
	History(ctx context.Context, partnership string, q store.Query) ([]store.Event, error)
	Record(ctx context.Context, partnership string, events []store.Event) error
}

// Options is what a Teller needs.
type Options struct {
	Channels []Channel
	Viewer   *view.Viewer
	Store    Store
	Page     string // the address of the partnership's pages, as people reach them; "" where nobody does
	Now      func() time.Time
	Log      *slog.Logger
	Metrics  *Metrics
	Base     http.RoundTripper // carries requests; nil is a connection of its own
}

// Outgoing is a message and what it is about.
type Outgoing struct {
	Channel string
	Matters []string // their keys
	Message channel.Message
	// Waits says why it is not sent now; "" where it is.
	Waits string
}

// Teller tells people through the channels of one partnership. Its methods may be called from several goroutines.
type Teller struct {
	o    Options
	wake chan struct{}

	mu       sync.Mutex
	channels []*teller
	last     int64 // id of the newest event that was read
}

// teller is a channel with what it knows.
type teller struct {
	Channel
	sender  channel.Sender
	memory  memory
	waits   time.Duration // after the next failure
	notTill time.Time     // after a failure
}

// New returns a Teller. It tells nothing before Run or Tell.
func New(o Options) *Teller {
	t := &Teller{o: o, wake: make(chan struct{}, 1)}
	for _, c := range o.Channels {
		x := &teller{Channel: c, memory: memory{told: make(map[string]time.Time), moved: make(map[task.ID]time.Time)}}
		switch {
		case c.Slack != nil:
			x.sender = c.Slack.Sender(o.Base)
		case c.Teams != nil:
			x.sender = c.Teams.Sender(o.Base)
		case c.Matrix != nil:
			x.sender = c.Matrix.Sender(o.Base)
		default:
			x.sender = c.Mail.Sender()
		}
		t.channels = append(t.channels, x)
	}
	return t
}

// Wake says that there may be something to tell. It waits for nobody.
func (t *Teller) Wake() {
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// Run tells what there is to tell until ctx ends. What goes wrong is logged.
func (t *Teller) Run(ctx context.Context) {
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.wake:
		case <-tick.C:
		}
		if _, err := t.Tell(ctx); err != nil && ctx.Err() == nil {
			t.o.Log.Warn("people were not told", "partnership", t.o.Viewer.Partnership().ID, "err", err, "hint", fault.Of(err).Hint)
		}
	}
}

// Tell sends what there is to tell now, and returns it, what waits with the reason. A message that did not get through is tried again
// later; its error is among those that come back, joined, unless the channel is waiting after another.
func (t *Teller) Tell(ctx context.Context) ([]Outgoing, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	v, err := t.catchUp(ctx)
	if err != nil {
		return nil, err
	}
	var all []Outgoing
	var errs []error
	for _, c := range t.channels {
		if err := t.begin(ctx, c, v.Now); err != nil {
			return all, err
		}
		out, err := t.due(ctx, v, c, &c.memory)
		if err != nil {
			return all, err
		}
		for i := range out {
			if out[i].Waits == "" {
				errs = append(errs, t.send(ctx, c, &out[i]))
			}
		}
		all = append(all, out...)
	}
	return all, joined(errs)
}

// Preview is what Tell would send now, without sending it or writing anything down. With digest, the digest is there whether its time has
// come or not, and says so.
func (t *Teller) Preview(ctx context.Context, digest bool) ([]Outgoing, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	v, err := t.catchUp(ctx)
	if err != nil {
		return nil, err
	}
	var all []Outgoing
	for _, c := range t.channels {
		m := c.memory
		if m.begun.IsZero() {
			m.begun = v.Now // as Tell would write down
		}
		out, err := t.due(ctx, v, c, &m)
		if err != nil {
			return nil, err
		}
		if digest && c.tells(Digest) && !slices.ContainsFunc(out, func(o Outgoing) bool { return strings.HasPrefix(o.Matters[0], "digest/") }) {
			d, err := t.digest(ctx, v, c, &m, c.Weekly.last(v.Now).AddDate(0, 0, 7))
			if err != nil {
				return nil, err
			}
			d.Waits = "it is sent on " + c.Weekly.String()
			out = append(out, d)
		}
		all = append(all, out...)
	}
	return all, nil
}

// Test sends a message that says that it is a test, through one channel, or through all where channel is "".
func (t *Teller) Test(ctx context.Context, id string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	var errs []error
	for _, c := range t.channels {
		if id != "" && c.ID != id {
			continue
		}
		p := t.o.Viewer.Partnership()
		_, err := c.sender.Send(ctx, channel.Message{
			Key: fmt.Sprintf("test %s %s %d", p.ID, c.ID, t.o.Now().UnixMilli()), Title: p.Name + ": a test",
			Parts: []channel.Part{{Lines: []channel.Line{{Text: "Lockstep can send messages here. Nothing has happened."}}}}, URL: t.o.Page,
		})
		if err != nil {
			errs = append(errs, fmt.Errorf("channel %s: %w", c.ID, err))
		}
	}
	return joined(errs)
}

// Has returns an error that says which channels there are, unless there is one of that id; "" is any.
func (t *Teller) Has(id string) error {
	ids := make([]string, len(t.channels))
	for i, c := range t.channels {
		ids[i] = c.ID
	}
	if slices.Contains(ids, id) || id == "" && len(ids) > 0 {
		return nil
	}
	if len(ids) == 0 {
		return fault.New(fault.Permanent, fault.NotFound, "", "partnership %s has no channel", t.o.Viewer.Partnership().ID).WithHint("add one under notify in the configuration")
	}
	return fault.New(fault.Permanent, fault.NotFound, "", "there is no channel %q", id).WithHint("the configuration has: %s", strings.Join(ids, ", "))
}

// Place names where a channel's messages go.
func (t *Teller) Place(id string) string {
	for _, c := range t.channels {
		if c.ID == id {
			return c.sender.Place()
		}
	}
	return id
}

// catchUp reads what was told, by whichever process, and how the partnership stands.
func (t *Teller) catchUp(ctx context.Context) (*view.View, error) {
	v, err := t.o.Viewer.Now(ctx)
	if err != nil {
		return nil, err
	}
	id := v.Partnership.ID
	for {
		es, err := t.o.Store.History(ctx, id, store.Query{Kinds: []store.EventKind{store.EventTold}, After: t.last, Oldest: true, Limit: historyPage})
		if err != nil {
			return nil, fmt.Errorf("read what the people of %s were told: %w", id, err)
		}
		for i := range es {
			t.remember(&es[i])
			t.last = es[i].ID
		}
		if len(es) < historyPage {
			return v, nil
		}
	}
}

// remember takes in what was told once.
func (t *Teller) remember(e *store.Event) {
	name, told, ok := view.WasTold(e)
	i := slices.IndexFunc(t.channels, func(c *teller) bool { return c.ID == name })
	if !ok || i < 0 {
		return
	}
	m := &t.channels[i].memory
	if m.begun.IsZero() {
		m.begun = e.At
	}
	for _, key := range told.Matters {
		id, isMove := movedTask(key)
		if told.Failed {
			delete(m.told, key)
			if isMove {
				delete(m.moved, id)
			}
			continue
		}
		m.told[key] = e.At
		if isMove {
			m.moved[id] = e.At
		}
	}
	alarm := len(told.Matters) > 0 && !strings.HasPrefix(told.Matters[0], "digest/")
	switch {
	case alarm && told.Failed:
		m.last = time.Time{}
	case alarm:
		m.last = e.At
	}
}

// movedTask is the task that a matter says has moved.
func movedTask(key string) (task.ID, bool) {
	rest, ok := strings.CutPrefix(key, "moved/")
	id, _, _ := strings.Cut(rest, "/")
	return task.ID(id), ok
}

// begin writes down that a channel is there: what happened before is no news to it.
func (t *Teller) begin(ctx context.Context, c *teller, now time.Time) error {
	if !c.memory.begun.IsZero() {
		return nil
	}
	if err := t.record(ctx, c, now, view.Told{}); err != nil {
		return err
	}
	c.memory.begun = now
	return nil
}

func (t *Teller) record(ctx context.Context, c *teller, at time.Time, told view.Told) error {
	e, err := view.ToldEvent(c.ID, at, told)
	if err != nil {
		return err
	}
	if err := t.o.Store.Record(ctx, t.o.Viewer.Partnership().ID, []store.Event{e}); err != nil {
		return fmt.Errorf("write down what channel %s is told: %w", c.ID, err)
	}
	return nil
}

// due is what a channel that remembers m has to tell, and what of it waits.
func (t *Teller) due(ctx context.Context, v *view.View, c *teller, m *memory) ([]Outgoing, error) {
	var out []Outgoing
	if ms := gather(v, &c.Channel, m, t.o.Page); len(ms) > 0 {
		out = append(out, alarm(v, &c.Channel, ms, t.o.Page))
		if next := m.last.Add(c.Pause); v.Now.Before(next) && !v.Now.Before(m.last) {
			out[0].Waits = "the channel was told something less than " + c.Pause.String() + " ago"
		}
	}
	if at := c.Weekly.last(v.Now); c.tells(Digest) && at.After(m.begun) {
		if _, told := m.told[digestKey(at)]; !told {
			d, err := t.digest(ctx, v, c, m, at)
			if err != nil {
				return nil, err
			}
			out = append(out, d)
		}
	}
	for i := range out {
		switch {
		case slices.ContainsFunc(c.Quiet, func(h Hours) bool { return h.hold(v.Now) }):
			out[i].Waits = "these are quiet hours"
		case v.Now.Before(c.notTill):
			out[i].Waits = "the last message did not get through; it is tried again at " + c.notTill.In(v.Now.Location()).Format("15:04")
		}
	}
	return out, nil
}

func digestKey(at time.Time) string { return "digest/" + at.Format(time.DateOnly) }

// digest is that of the week before a moment, or of all weeks since the last that was sent.
func (t *Teller) digest(ctx context.Context, v *view.View, c *teller, m *memory, at time.Time) (Outgoing, error) {
	since := at.AddDate(0, 0, -7)
	for since.After(m.begun) && at.Sub(since) < longestDigest {
		if _, told := m.told[digestKey(since)]; told {
			break
		}
		since = since.AddDate(0, 0, -7)
	}
	d, err := t.o.Viewer.Digest(ctx, since)
	if err != nil {
		return Outgoing{}, fmt.Errorf("digest for channel %s: %w", c.ID, err)
	}
	return weekly(v, &c.Channel, &d, digestKey(at), t.o.Page), nil
}

// send writes down that a message goes out, sends it, and takes that back where it did not arrive. After a crash in between nothing is
// sent twice.
func (t *Teller) send(ctx context.Context, c *teller, o *Outgoing) error {
	told := view.Told{Matters: o.Matters, Words: o.Message.Title}
	if err := t.record(ctx, c, t.o.Now(), told); err != nil {
		return err
	}
	p := t.o.Viewer.Partnership().ID
	unsure, err := c.sender.Send(ctx, o.Message)
	if err == nil {
		c.waits, c.notTill = 0, time.Time{}
		t.o.Metrics.count(p, c.ID, "sent")
		t.o.Log.Info("people were told", "partnership", p, "channel", c.ID, "what", o.Message.Title)
		return nil
	}
	if unsure {
		// Told twice is worse than told late: the page and the next digest have it all.
		t.o.Metrics.count(p, c.ID, "unsure")
		return fmt.Errorf("channel %s: the message may not have arrived, and is not sent again: %w", c.ID, err)
	}
	t.o.Metrics.count(p, c.ID, "failed")
	c.waits = min(max(2*c.waits, firstWait), mostWait)
	c.notTill = t.o.Now().Add(max(c.waits, fault.Of(err).RetryAfter))
	o.Waits = "it did not get through"
	told.Failed = true
	// The message is not lost with the request to stop.
	if e := t.record(context.WithoutCancel(ctx), c, t.o.Now(), told); e != nil {
		return joined([]error{fmt.Errorf("channel %s: %w", c.ID, err), e})
	}
	return fmt.Errorf("channel %s: %w", c.ID, err)
}

// joined keeps the hint of one error; errors.Join would hide it behind a second line.
func joined(errs []error) error {
	errs = slices.DeleteFunc(errs, func(err error) bool { return err == nil })
	switch len(errs) {
	case 0:
		return nil
	case 1:
		return errs[0]
	}
	words := make([]string, len(errs))
	for i, err := range errs {
		words[i] = err.Error()
	}
	f := *fault.Of(errs[0])
	f.Op, f.Err = "", fmt.Errorf("%s", strings.Join(words, "; "))
	return &f
}
