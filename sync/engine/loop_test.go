package engine_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockstep-sync/lockstep/sync/engine"
)

func TestLoop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var cycles atomic.Int32
		loop := engine.NewLoop(time.Minute, func(context.Context) {
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
				loop := engine.NewLoop(24*time.Hour, func(context.Context) {
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
		loop := engine.NewLoop(time.Second, func(context.Context) { cycles.Add(1) })
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
