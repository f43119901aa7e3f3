package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/lockstep-sync/lockstep/internal/notify/channel"
	"github.com/lockstep-sync/lockstep/internal/secret"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
	"github.com/lockstep-sync/lockstep/sync/view"
	"github.com/lockstep-sync/lockstep/sync/view/viewtest"
)

// start is a Wednesday noon in Nairobi.
var start = time.Date(2026, 11, 25, 12, 0, 0, 0, nairobi())

func nairobi() *time.Location { return time.FixedZone("EAT", 3*60*60) }

// rig is a partnership whose people are told.
type rig struct {
	t       *testing.T
	mu      sync.Mutex
	now     time.Time
	store   *viewtest.Memory
	viewer  *view.Viewer
	channel Channel
	teller  *Teller
	sent    []channel.Message
	fails   error
	unsure  bool
	metrics *Metrics
}

func (r *rig) Now() time.Time { r.mu.Lock(); defer r.mu.Unlock(); return r.now }

// Send and Place make the rig what its channel's messages go to.
func (r *rig) Send(_ context.Context, m channel.Message) (bool, error) {
	if r.fails != nil {
		return r.unsure, r.fails
	}
	r.sent = append(r.sent, m)
	return false, nil
}

func (r *rig) Place() string { return "a test" }

func values(title, partner, status string, due time.Time) task.Values {
	var v task.Values
	v[task.Title], v[task.Partner], v[task.Status] = task.TextValue(title), task.TextValue(partner), task.EnumValue(status)
	v[task.Due] = task.Empty(task.Date)
	if !due.IsZero() {
		v[task.Due] = task.DateValue(due)
	}
	return v
}

func on(day int) time.Time { return start.AddDate(0, 0, day) }

func newRig(t *testing.T, change func(*Channel)) *rig {
	t.Helper()
	st := store.State{
		Generation: 3, NextID: 3, Tasks: []store.Task{
			{ID: "CW-1", Number: 1, Agreed: values("Drill borehole 1", "aquafund", task.InProgress, on(5)), Baseline: task.DateValue(on(5)), Created: on(-40), Changed: on(-10)},
			{ID: "CW-2", Number: 2, Agreed: values("Sign the permits", "riverton", task.InProgress, on(1)), Baseline: task.DateValue(on(1)), Created: on(-40), Changed: on(-10)},
			{ID: "CW-3", Number: 3, Agreed: values("Long overdue", "riverton", task.InProgress, on(-30)), Baseline: task.DateValue(on(-30)), Created: on(-40), Changed: on(-10)},
		},
		Sources: []store.Source{{ID: "jira", LastSuccess: start}, {ID: "scorecard", LastSuccess: start}},
	}
	r := &rig{t: t, now: start, store: viewtest.New(st), metrics: NewMetrics(prometheus.NewRegistry())}
	r.viewer = view.New(view.Partnership{
		ID: "clean-water", Name: "Clean Water Alliance", Timezone: nairobi(), Rules: scorecard.DefaultRules(), Scorecard: "scorecard",
		Partners: []view.Partner{{ID: "aquafund", Name: "AquaFund"}, {ID: "riverton", Name: "City of Riverton"}},
		Sources: []view.Source{
			{ID: "jira", Kind: "jira", Partner: "aquafund", Interval: time.Minute}, {ID: "scorecard", Kind: "sheet", Interval: time.Minute},
		},
		Gates: []scorecard.Gate{{ID: "pilot", Name: "Pilot ends", Date: task.DateValue(on(3))}},
	}, r.store, r.Now)
	r.channel = Channel{
		ID: "board", Tell: Kinds(), Weekly: DefaultWeekly(), Pause: DefaultPause, Conflicts: 48 * time.Hour, Slack: &channel.Slack{Webhook: secret.New("http://127.0.0.1/x")},
	}
	if change != nil {
		change(&r.channel)
	}
	r.begin()
	return r
}

// begin starts a process on what is stored.
func (r *rig) begin() {
	r.teller = New(Options{
		Channels: []Channel{r.channel}, Viewer: r.viewer, Store: r.store, Page: "https://lockstep.example.org/p/clean-water", Now: r.Now,
		Log: slog.New(slog.DiscardHandler), Metrics: r.metrics,
	})
	r.teller.channels[0].sender = r
}

// wait has time pass, in which every tool is read.
func (r *rig) wait(d time.Duration) {
	r.mu.Lock()
	r.now = r.now.Add(d)
	r.mu.Unlock()
	r.read("jira", "scorecard")
}

func (r *rig) read(sources ...task.SourceID) {
	now := r.Now()
	r.store.Edit(func(st *store.State) {
		st.Generation++
		st.Sources = slices.Clone(st.Sources)
		for i := range st.Sources {
			if slices.Contains(sources, st.Sources[i].ID) {
				st.Sources[i].LastSuccess = now
			}
		}
	})
	r.viewer.Changed()
}

// tell returns the messages that go out now.
func (r *rig) tell() []channel.Message {
	r.t.Helper()
	r.sent = nil
	if _, err := r.teller.Tell(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
	return r.sent
}

func (r *rig) quiet(when string) {
	r.t.Helper()
	if sent := r.tell(); len(sent) > 0 {
		r.t.Errorf("%s: told %s", when, sent[0].Text())
	}
}

// told expects one message that has all these texts.
func (r *rig) told(when string, wants ...string) string {
	r.t.Helper()
	sent := r.tell()
	if len(sent) != 1 {
		r.t.Fatalf("%s: %d messages; want one", when, len(sent))
	}
	text := sent[0].Text()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			r.t.Errorf("%s: no %q in\n%s", when, want, text)
		}
	}
	return text
}

// move has somebody give a task another date.
func (r *rig) move(i int, to time.Time) {
	now := r.Now()
	var e store.Event
	r.store.Edit(func(st *store.State) {
		st.Generation++
		st.Tasks = slices.Clone(st.Tasks)
		t := &st.Tasks[i]
		v := task.Empty(task.Date)
		if !to.IsZero() {
			v = task.DateValue(to)
		}
		e = store.Event{At: now, Kind: store.EventDecided, Task: t.ID, Field: task.Due.String(), From: t.Agreed[task.Due], To: v, Source: "jira", By: "Ben Kiprop"}
		t.Agreed[task.Due] = v
		t.Changed = now
	})
	r.store.Tell([]store.Event{e})
	r.viewer.Changed()
}

func TestNothingOldIsToldAtFirst(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.quiet("a task is overdue for a month, and it is Wednesday")
	r.begin()
	r.wait(time.Hour)
	r.quiet("after a restart")
}

func TestACommitmentThatSlipped(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.quiet("at first")
	r.wait(time.Hour)
	r.move(0, on(12))
	r.quiet("a date may be a slip of the finger")
	r.wait(20 * time.Minute)
	text := r.told("it stands", "Clean Water Alliance: 1 commitment slipped", "- CW-1 Drill borehole 1 (AquaFund): moved from 30 November 2026 to 7 December 2026 by Ben Kiprop in AquaFund’s Jira",
		"https://lockstep.example.org/p/clean-water/t/CW-1")
	if strings.Contains(text, "CW-3") {
		t.Errorf("old news is told:\n%s", text)
	}
	r.quiet("once is enough")
	r.begin()
	r.quiet("after a restart, too")

	r.wait(10 * time.Minute)
	r.move(0, on(10))
	r.wait(20 * time.Minute)
	r.quiet("earlier is no slip")
	r.move(0, on(20))
	r.wait(5 * time.Minute)
	r.move(0, on(19))
	r.wait(20 * time.Minute)
	out, err := r.teller.Tell(t.Context())
	if err != nil || len(out) != 1 || !strings.Contains(out[0].Waits, "less than 1h0m0s ago") {
		t.Fatalf("within the pause: %+v, %v", out, err)
	}
	r.wait(time.Hour)
	r.told("two moves are one matter", "moved from 7 December 2026 to 14 December 2026", "moved 4 times, 14 days later than first agreed")

	r.wait(2 * time.Hour)
	r.move(0, time.Time{})
	r.wait(20 * time.Minute)
	r.told("a date taken away", "its date, 14 December 2026, was taken away by Ben Kiprop")
	r.move(0, on(40))
	r.wait(2 * time.Hour)
	r.quiet("a date where none was")
}

func TestWhatPassesItsDate(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Channel) { c.Quiet = []Hours{{From: 18 * 60, To: 8 * 60}} })
	r.quiet("at first")
	r.wait(35 * time.Hour) // 23:00 on the day on which it is due
	r.quiet("the day is not over")
	r.wait(2 * time.Hour)
	out, err := r.teller.Tell(t.Context())
	if err != nil || len(out) != 1 || out[0].Waits != "these are quiet hours" {
		t.Fatalf("at one in the night: %+v, %v", out, err)
	}
	r.wait(7 * time.Hour)
	r.told("in the morning", "- CW-2 Sign the permits (City of Riverton): is overdue, it was due on 26 November 2026")
	r.wait(24 * time.Hour)
	r.quiet("the next day")
	r.move(1, on(30))
	r.wait(time.Hour)
	r.told("re-dating is another matter", "moved from 26 November 2026 to 25 December 2026")
}

func TestOnePartnersChannel(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Channel) { c.Partner = "riverton" })
	r.quiet("at first")
	r.wait(time.Hour)
	r.move(0, on(12))
	r.move(1, on(13))
	r.wait(time.Hour)
	if text := r.told("both moved", "1 commitment slipped", "CW-2 Sign the permits: moved"); strings.Contains(text, "CW-1") {
		t.Errorf("another partner's task is told:\n%s", text)
	}
	r.wait(5 * 24 * time.Hour) // Monday
	text := r.told("the digest", "the week to 30 November", "2 open", "1 moved later")
	if strings.Contains(text, "CW-1") {
		t.Errorf("another partner's task is in the digest:\n%s", text)
	}
}

func TestAConflictThatStaysOpen(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Channel) { c.Tell = []Kind{Conflicts} })
	r.store.Edit(func(st *store.State) {
		st.Conflicts = []store.Conflict{{
			Task: "CW-1", Field: task.Due, Agreed: task.DateValue(on(5)), Opened: start.Add(-47 * time.Hour),
			Claims: []store.Claim{{Source: "jira", Value: task.DateValue(on(9))}, {Source: "scorecard", Value: task.Empty(task.Date)}},
		}}
	})
	r.quiet("not for two days yet")
	r.wait(2 * time.Hour)
	r.told("two days", "1 conflict to settle", "Due is 4 December 2026 in AquaFund’s Jira or nothing in Scorecard; open for 2 days", "/conflicts")
	r.wait(48 * time.Hour)
	r.store.Edit(func(st *store.State) {
		k := st.Conflicts[0]
		k.Claims = k.Claims[:1]
		st.Conflicts = []store.Conflict{k}
	})
	r.quiet("another claim makes no other matter")
}

func TestAToolThatCannotBeRead(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Channel) { c.Tell = []Kind{Stale} })
	r.quiet("at first")
	r.mu.Lock()
	r.now = r.now.Add(5 * time.Hour)
	r.mu.Unlock()
	r.read("scorecard")
	r.told("after hours", "1 tool cannot be read", "- AquaFund’s Jira was last read on 25 November 12:00")
	r.quiet("still")
	r.read("jira")
	r.mu.Lock()
	r.now = r.now.Add(2 * time.Hour)
	r.mu.Unlock()
	r.read("jira", "scorecard")
	r.told("again", "1 tool read again", "- AquaFund’s Jira is read again")
	r.wait(24 * time.Hour)
	r.quiet("once")
}

func TestTheDigestComesOnceAWeek(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Channel) { c.Tell = []Kind{Digest} })
	r.quiet("at first")
	r.wait(24 * time.Hour)
	r.move(0, on(8))
	for range 4 * 24 {
		r.wait(time.Hour)
		if at := r.Now(); at.Weekday() == time.Monday && at.Hour() == 8 {
			break
		}
		r.quiet(r.Now().String())
	}
	text := r.told("Monday at eight", "Clean Water Alliance: the week to 30 November", "3 open", "1 moved later", "Decisions needed", "Pilot ends", "The next days", "/digest")
	if !strings.Contains(text, "CW-1 Drill borehole 1 (AquaFund)") {
		t.Errorf("what comes is not there:\n%s", text)
	}
	r.begin()
	for range 6 {
		r.wait(24 * time.Hour)
		r.quiet(r.Now().String())
	}
	r.wait(3 * 7 * 24 * time.Hour) // nobody was there for three Mondays
	r.told("one for all", "since 30 November")
	r.quiet("once")
}

func TestWhatDoesNotGetThrough(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.quiet("at first")
	r.wait(time.Hour)
	r.move(0, on(12))
	r.wait(time.Hour)
	r.fails = fault.New(fault.Retryable, fault.Unavailable, "send", "down")
	out, err := r.teller.Tell(t.Context())
	if err == nil || len(out) != 1 || out[0].Waits != "it did not get through" {
		t.Fatalf("%+v, %v", out, err)
	}
	r.fails = nil
	out, err = r.teller.Tell(t.Context())
	if err != nil || len(out) != 1 || !strings.Contains(out[0].Waits, "tried again at") {
		t.Fatalf("it does not wait: %+v, %v", out, err)
	}
	r.wait(time.Minute)
	r.told("a minute later", "CW-1")
	r.quiet("once")

	r.move(1, on(14))
	r.wait(2 * time.Hour)
	r.fails, r.unsure = fault.New(fault.Retryable, fault.Timeout, "send", "no answer"), true
	if _, err := r.teller.Tell(t.Context()); err == nil || !strings.Contains(err.Error(), "may not have arrived, and is not sent again") {
		t.Fatal(err)
	}
	r.fails = nil
	r.wait(24 * time.Hour)
	r.quiet("what may have arrived is not told again")
	for result, want := range map[string]float64{"sent": 1, "failed": 1, "unsure": 1} {
		if got := testutil.ToFloat64(r.metrics.messages.WithLabelValues("clean-water", "board", result)); got != want {
			t.Errorf("%s is counted %v times; want %v", result, got, want)
		}
	}
}

// TestACrashTellsNothingTwice: a process that dies while a message is on its way leaves it told.
func TestACrashTellsNothingTwice(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.quiet("at first")
	r.wait(time.Hour)
	r.move(0, on(12))
	r.wait(time.Hour)
	died := errors.New("died")
	func() {
		defer func() { _ = recover() }()
		r.teller.channels[0].sender = dying{died}
		_, _ = r.teller.Tell(t.Context())
	}()
	r.begin()
	r.wait(time.Hour)
	r.quiet("after the crash")
}

type dying struct{ err error }

func (d dying) Send(context.Context, channel.Message) (bool, error) { panic(d.err) }
func (dying) Place() string                                         { return "" }

func TestAStoreThatFailsSendsNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.quiet("at first")
	r.wait(time.Hour)
	r.move(0, on(12))
	r.wait(time.Hour)
	if _, err := r.viewer.Now(t.Context()); err != nil {
		t.Fatal(err)
	}
	full := errors.New("disk full")
	r.store.Fail(full)
	if _, err := r.teller.Tell(t.Context()); !errors.Is(err, full) || len(r.sent) > 0 {
		t.Errorf("%v, and %d messages went out", err, len(r.sent))
	}
	r.store.Fail(nil)
	r.told("with room again", "CW-1")
}

func TestPreviewSendsAndWritesNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	out, err := r.teller.Preview(t.Context(), true)
	if err != nil || len(out) != 1 || out[0].Waits != "it is sent on monday 08:00" {
		t.Fatalf("%+v, %v", out, err)
	}
	es, err := r.store.History(t.Context(), "clean-water", store.Query{Kinds: []store.EventKind{store.EventTold}})
	if err != nil || len(es) > 0 || len(r.sent) > 0 {
		t.Errorf("%d events, %d messages, %v", len(es), len(r.sent), err)
	}
	r.quiet("at first")
	r.wait(time.Hour)
	r.move(0, on(12))
	r.wait(time.Hour)
	for range 2 {
		if out, err := r.teller.Preview(t.Context(), false); err != nil || len(out) != 1 || out[0].Waits != "" {
			t.Fatalf("%+v, %v", out, err)
		}
	}
	r.told("after previews", "CW-1")
}

// TestAThousandSlipsAreOneMessage, as a plan that is moved as a whole makes.
func TestAThousandSlipsAreOneMessage(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.store.Edit(func(st *store.State) {
		for i := range 1000 {
			n := int64(i + 10)
			st.Tasks = append(st.Tasks, store.Task{
				ID: task.ID(fmt.Sprintf("CW-%d", n)), Number: n, Agreed: values("Dig", "aquafund", task.NotStarted, on(30)), Baseline: task.DateValue(on(30)), Created: on(-1),
			})
		}
	})
	r.quiet("at first")
	r.wait(time.Hour)
	for i := range 1000 {
		r.move(i+3, on(60))
	}
	r.wait(time.Hour)
	r.told("the plan moved", "1000 commitments slipped", "and 980 more")
	r.wait(2 * time.Hour)
	r.quiet("all of them are told")
}

func TestRunTellsByItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		r.quiet("at first")
		r.wait(time.Hour)
		r.move(0, on(12))
		r.wait(time.Hour)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { r.teller.Run(ctx); close(done) }()
		r.teller.Wake()
		synctest.Wait()
		if len(r.sent) != 1 {
			t.Errorf("%d messages after a wake; want 1", len(r.sent))
		}
		r.sent = nil
		r.move(1, on(14))
		r.wait(2 * time.Hour)
		<-time.After(2 * look)
		synctest.Wait()
		if len(r.sent) != 1 {
			t.Errorf("%d messages without a wake; want 1", len(r.sent))
		}
		stop()
		<-done
	})
}

func TestHours(t *testing.T) {
	t.Parallel()
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 11, day, hour, minute, 0, 0, time.UTC) }
	for _, c := range []struct {
		text string
		in   []time.Time
		out  []time.Time
	}{
		{"18:00-08:00", []time.Time{at(25, 18, 0), at(25, 23, 59), at(25, 0, 0), at(25, 7, 59)}, []time.Time{at(25, 8, 0), at(25, 17, 59)}},
		{"Saturday", []time.Time{at(28, 0, 0), at(28, 23, 59)}, []time.Time{at(27, 23, 59), at(29, 0, 0)}},
		{"fri 16:00-24:00", []time.Time{at(27, 16, 0), at(27, 23, 59)}, []time.Time{at(27, 15, 59), at(28, 0, 0), at(26, 17, 0)}},
		{"friday 22:00-06:00", []time.Time{at(27, 22, 0), at(28, 5, 59)}, []time.Time{at(27, 5, 0), at(28, 6, 0), at(28, 22, 0)}},
	} {
		h, err := ParseHours(c.text)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range c.in {
			if !h.hold(x) {
				t.Errorf("%s leaves %v out", c.text, x)
			}
		}
		for _, x := range c.out {
			if h.hold(x) {
				t.Errorf("%s has %v in", c.text, x)
			}
		}
	}
	for _, bad := range []string{"", "night", "18-8", "18:00", "25:00-26:00", "18:00-18:00", "24:00-01:00", "monday tuesday", "monday 1:00-2:00 x", "08:60-09:00", "-1:00-02:00"} {
		if h, err := ParseHours(bad); err == nil {
			t.Errorf("%q is read as %+v", bad, h)
		}
	}
	for text, want := range map[string]Weekly{"monday 08:00": {time.Monday, 480}, " Fri 15:30 ": {time.Friday, 930}} {
		if w, err := ParseWeekly(text); err != nil || w != want {
			t.Errorf("%q is %+v, %v", text, w, err)
		}
	}
	for _, bad := range []string{"", "monday", "08:00", "monday 24:00", "someday 08:00"} {
		if w, err := ParseWeekly(bad); err == nil {
			t.Errorf("%q is read as %+v", bad, w)
		}
	}
}
