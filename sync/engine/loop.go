package engine

import (
	"context"
	"math/rand/v2"
	"time"
)

// Scheduler says when a partnership's cycles run. In one process it is a Loop.
type Scheduler interface {
	// Run runs cycles until ctx ends, and returns after the cycle that is running then.
	Run(ctx context.Context)
	// Wake asks for a cycle soon. It never blocks; many wakes make one cycle.
	Wake()
}

// Loop runs one partnership's cycles in this process: at an interval with some jitter, and when it is woken. A cycle that
// is running when a wake comes is followed by another.
type Loop struct {
	cycle    func(context.Context)
	interval time.Duration
	wake     chan struct{}
}

// NewLoop returns a loop that calls cycle. The interval is from the end of one cycle to the start of the next, give or
// take a tenth, so that many daemons do not ask a tool in step.
func NewLoop(interval time.Duration, cycle func(context.Context)) *Loop {
	return &Loop{cycle: cycle, interval: interval, wake: make(chan struct{}, 1)}
}

// Run implements Scheduler. The first cycle starts at once.
func (l *Loop) Run(ctx context.Context) {
	for {
		if ctx.Err() != nil {
			return
		}
		l.cycle(ctx)
		pause := time.NewTimer(jitter(l.interval))
		select {
		case <-ctx.Done():
		case <-l.wake:
		case <-pause.C:
		}
		pause.Stop()
	}
}

// Wake implements Scheduler.
func (l *Loop) Wake() {
	select {
	case l.wake <- struct{}{}:
	default: // one is waiting already
	}
}

// jitter moves d by up to a tenth either way.
func jitter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.9 + 0.2*rand.Float64())) //nolint:gosec // no secret hangs on it
}
