package connectortest

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"testing"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// Run asks everything of the connector, each question with a fresh tool. A question that does not apply, because the
// tool or the harness cannot do what it is about, is skipped and says so.
func Run(t *testing.T, f Features, newHarness func(t *testing.T) Harness) {
	t.Helper()
	if !slices.Contains(f.Fields, task.Title) {
		t.Fatal("Features.Fields must name the title: a task cannot be without one")
	}
	for _, g := range groups() {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			for _, q := range g.cases {
				t.Run(q.name, func(t *testing.T) {
					t.Parallel()
					d := newDesk(t, f, newHarness(t))
					if q.needs != nil {
						if why := q.needs(d); why != "" {
							t.Skip(why)
						}
					}
					q.ask(d)
				})
			}
		})
	}
	t.Run("equals a simple model", func(t *testing.T) {
		t.Parallel()
		equalsModel(t, f, newHarness)
	})
}

// group is the questions about one subject.
type group struct {
	name  string
	cases []question
}

func groups() []group {
	return []group{
		{"reading", reading()},
		{"unreadable", unreadable()},
		{"increments", increments()},
		{"updating", updates()},
		{"adopting", adopting()},
		{"creating", creating()},
		{"removing", removing()},
		{"failing", failing()},
		{"board", boards()},
	}
}

// Ask asks the same as Run, but for the random part, and returns what is wrong, by question: "group/question". It is there
// to test the suite: a connector with a known fault must be found out.
func Ask(ctx context.Context, f Features, newHarness func(t T) Harness) map[string][]string {
	wrong := make(map[string][]string)
	for _, g := range groups() {
		for _, q := range g.cases {
			r := &recorder{ctx: ctx}
			done := make(chan struct{})
			go func() { // a goroutine of its own, for Fatalf to end
				defer close(done)
				if d := newDesk(r, f, newHarness(r)); q.needs == nil || q.needs(d) == "" {
					q.ask(d)
				}
			}()
			<-done
			if r.wrong != nil {
				wrong[g.name+"/"+q.name] = r.wrong
			}
		}
	}
	return wrong
}

// recorder is a T that keeps what is wrong.
type recorder struct {
	ctx   context.Context //nolint:containedctx // it stands for a test, which has one
	wrong []string
}

func (*recorder) Helper()                    {}
func (*recorder) Logf(string, ...any)        {}
func (r *recorder) Context() context.Context { return r.ctx }

func (r *recorder) Errorf(format string, args ...any) {
	r.wrong = append(r.wrong, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

func (*recorder) Skipf(string, ...any) { runtime.Goexit() }

// question is one thing that is asked.
type question struct {
	name string
	// needs says why the question does not apply; "" where it does.
	needs func(*desk) string
	ask   func(*desk)
}

func needsCreate(d *desk) string {
	if !d.Creates {
		return "this connector creates nothing"
	}
	return ""
}

func needsRemove(d *desk) string {
	if !d.Removes {
		return "this connector removes nothing"
	}
	return ""
}

func needsProvisional(d *desk) string {
	if !d.Provisional {
		return "items of this tool have lasting keys from the first"
	}
	return ""
}

func needsWritable(d *desk) string {
	if !slices.ContainsFunc(d.Fields, d.writes) {
		return "this connector writes to no field"
	}
	return ""
}

// needsAll joins what several questions need.
func needsAll(all ...func(*desk) string) func(*desk) string {
	return func(d *desk) string {
		for _, needs := range all {
			if why := needs(d); why != "" {
				return why
			}
		}
		return ""
	}
}
