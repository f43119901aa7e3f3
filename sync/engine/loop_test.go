package engine_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockstep-sync/lockstep/sync/engine"
)

// newLoop is a loop at an even pace.
func newLoop(interval time.Duration, cycle func()) *engine.Loop {
	return engine.NewLoop(engine.LoopOptions{
		Pace: engine.Pace{Interval: interval}, Cycle: func(context.Context) bool { cycle(); return false },
	})
}

func TestLoop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var cycles atomic.Int32
		loop := newLoop(time.Minute, func() {
			cycles.Add(1)
			<-time.After(10 * time.Second)
		})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { loop.Run(ctx); close(done) }()
		synctest.Wait()
		if got := cycles.Load(); got != 1 {
			t.Errorf("%d cycles at the start, want 1", got)
		}
		for range 5 {
			loop.Wake() // while a cycle runs: one more is owed, not five
		}
		<-time.After(15 * time.Second) // in the bubble no time is spent
		synctest.Wait()
		if got := cycles.Load(); got != 2 {
			t.Errorf("%d cycles after five wakes, want 2", got)
		}
		<-time.After(7*time.Second + time.Minute + 6*time.Second) // it ran from 12 s to 22 s
		synctest.Wait()
		if got := cycles.Load(); got != 3 {
			t.Errorf("%d cycles after the interval, want 3", got)
		}
		stop()
		<-done
	})
}

// TestLoopUnderAFloodOfWakes: the first wake acts at once, a stream of them runs one cycle a pause, and the last is not lost.
func TestLoopUnderAFloodOfWakes(t *testing.T) {
	t.Parallel()
	for name, took := range map[string]time.Duration{"short cycles": 100 * time.Millisecond, "long cycles": 5 * time.Second} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var cycles atomic.Int32
				var ended time.Time
				shortest := time.Hour
				loop := newLoop(24*time.Hour, func() {
					if cycles.Add(1) > 2 {
						shortest = min(shortest, time.Since(ended))
					}
					<-time.After(took)
					ended = time.Now()
				})
				ctx, stop := context.WithCancel(t.Context())
				done := make(chan struct{})
				go func() { loop.Run(ctx); close(done) }()
				<-time.After(took + time.Minute)
				loop.Wake()
				synctest.Wait()
				if got := cycles.Load(); got != 2 {
					t.Fatalf("%d cycles right after the first wake, want 2: it acts at once", got)
				}
				const flood = 10 * time.Minute
				for start := time.Now(); time.Since(start) < flood; {
					loop.Wake()
					<-time.After(10 * time.Millisecond)
				}
				<-time.After(time.Minute)
				synctest.Wait()
				each := took + engine.WakePause
				got, most := cycles.Load(), int32(2+flood/each+2)
				if got > most || got < most-4 {
					t.Errorf("%d cycles in a flood of %v, want about %d", got, flood, most-1)
				}
				if shortest < engine.WakePause {
					t.Errorf("a cycle began %v after the one before, want at least %v", shortest, engine.WakePause)
				}
				if quiet := time.Since(ended); quiet < 40*time.Second {
					t.Errorf("a cycle ended %v ago although the flood has been over for a minute", quiet)
				}
				stop()
				<-done
			})
		})
	}
}

// TestLoopKeepsAShortInterval: wakes never make the loop slower than its interval.
func TestLoopKeepsAShortInterval(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var cycles atomic.Int32
		loop := newLoop(time.Second, func() { cycles.Add(1) })
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { loop.Run(ctx); close(done) }()
		for range 600 {
			loop.Wake()
			<-time.After(100 * time.Millisecond)
		}
		synctest.Wait()
		if got := cycles.Load(); got < 54 {
			t.Errorf("%d cycles in a minute, want the 60 of the interval, give or take a tenth", got)
		}
		stop()
		<-done
	})
}

func TestPace(t *testing.T) {
	t.Parallel()
	minute := engine.Pace{Interval: time.Minute, Active: 10 * time.Second}
	for _, tc := range []struct {
		name  string
		pace  engine.Pace
		last  time.Duration
		edits bool
		want  time.Duration
	}{
		{"nothing ever happened", minute, 0, false, time.Minute},
		{"the first cycle sees edits", minute, 0, true, 10 * time.Second},
		{"an edit after a long rest", minute, time.Minute, true, 10 * time.Second},
		{"another one", minute, 10 * time.Second, true, 10 * time.Second},
		{"none", minute, 10 * time.Second, false, 12500 * time.Millisecond},
		{"none again", minute, 40 * time.Second, false, 50 * time.Second},
		{"never longer than the interval", minute, 50 * time.Second, false, time.Minute},
		{"at rest", minute, time.Minute, false, time.Minute},
		{"an even pace", engine.Pace{Interval: time.Minute}, time.Minute, true, time.Minute},
		{"an interval that is shorter", engine.Pace{Interval: 2 * time.Second, Active: 10 * time.Second}, 2 * time.Second, true, 2 * time.Second},
		{"the same", engine.Pace{Interval: time.Minute, Active: time.Minute}, time.Minute, true, time.Minute},
	} {
		if got := tc.pace.Next(tc.last, tc.edits); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
	rest, n := minute.Next(0, true), 0
	for sum := time.Duration(0); rest < time.Minute; n++ {
		sum += rest
		if rest = minute.Next(rest, false); n > 20 || sum > 6*time.Minute {
			t.Fatalf("after %d cycles and %s the rest is %s", n, sum, rest)
		}
	}
}

// drive runs a loop in a bubble for a while, and returns when its cycles began, from the loop's start on.
func drive(t *testing.T, o engine.LoopOptions, span time.Duration, meanwhile func(l *engine.Loop, ctx context.Context)) []time.Duration {
	t.Helper()
	var began []time.Duration
	start := time.Now()
	cycle := o.Cycle
	o.Cycle = func(ctx context.Context) bool {
		began = append(began, time.Since(start))
		return cycle(ctx)
	}
	loop := engine.NewLoop(o)
	ctx, stop := context.WithTimeout(t.Context(), span)
	defer stop()
	done := make(chan struct{})
	go func() { loop.Run(ctx); close(done) }()
	if meanwhile != nil {
		meanwhile(loop, ctx)
	}
	<-done
	return began
}

// TestLoopFollowsPeople: while people edit, what they do is seen within some ten seconds; when they stop, cycles become as
// rare again as they were.
func TestLoopFollowsPeople(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		edit := func() bool { s := time.Since(start); return s > 10*time.Minute && s < 20*time.Minute }
		began := drive(t, engine.LoopOptions{
			Pace: engine.Pace{Interval: time.Minute, Active: 10 * time.Second}, Cycle: func(context.Context) bool { return edit() },
		}, 40*time.Minute, nil)
		within := func(from, to time.Duration) (n int) {
			for _, b := range began {
				if b >= from && b < to {
					n++
				}
			}
			return n
		}
		for _, tc := range []struct {
			when     string
			from, to time.Duration
			low, up  int
		}{
			{"before anybody edits", 0, 10 * time.Minute, 9, 11},
			{"while they edit", 12 * time.Minute, 20 * time.Minute, 43, 54},
			{"after they stopped", 20 * time.Minute, 25 * time.Minute, 8, 12},
			{"long after", 30 * time.Minute, 40 * time.Minute, 9, 11},
		} {
			if n := within(tc.from, tc.to); n < tc.low || n > tc.up {
				t.Errorf("%s: %d cycles, want %d to %d", tc.when, n, tc.low, tc.up)
			}
		}
	})
}

// TestLoopKeepsToTheRoomThereIs: neither edits in every cycle nor a flood of wakes make cycles come faster than the tools have
// room for; a wake after a long rest still acts at once.
func TestLoopKeepsToTheRoomThereIs(t *testing.T) {
	t.Parallel()
	for _, interval := range []time.Duration{time.Second, time.Minute, 24 * time.Hour} {
		t.Run(interval.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				began := drive(t, engine.LoopOptions{
					Pace: engine.Pace{Interval: interval, Active: 5 * time.Second}, Room: func() time.Duration { return 24 * time.Second },
					Cycle: func(context.Context) bool { return true },
				}, time.Hour, func(l *engine.Loop, ctx context.Context) {
					for ctx.Err() == nil {
						l.Wake()
						<-time.After(50 * time.Millisecond)
					}
				})
				if n := len(began); n < 140 || n > 151 {
					t.Errorf("%d cycles in an hour, want one in 24 seconds", n)
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		began := drive(t, engine.LoopOptions{
			Pace: engine.Pace{Interval: 24 * time.Hour}, Room: func() time.Duration { return 24 * time.Second },
			Cycle: func(context.Context) bool { return false },
		}, 2*time.Minute, func(l *engine.Loop, _ context.Context) {
			<-time.After(time.Minute)
			l.Wake()
		})
		if len(began) != 2 || began[1] != time.Minute {
			t.Errorf("cycles began at %v, want one as soon as it is asked for after a minute", began)
		}
	})
}
