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
		<-time.After(5*time.Second + time.Minute + 6*time.Second)
		synctest.Wait()
		if got := cycles.Load(); got != 3 {
			t.Errorf("%d cycles after the interval, want 3", got)
		}
		stop()
		<-done
	})
}
