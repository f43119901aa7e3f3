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

// WakePause is how long after a cycle a wake is let wait, so that a flood of wakes cannot run cycles back to back. A wake that
// comes later than that acts at once.
const WakePause = 2 * time.Second

// LoopOptions say how a Loop goes. Cycle and the pace's interval must be given.
type LoopOptions struct {
	Pace Pace
	// Room is the shortest rest that the tools have room for, asked for after each cycle: neither edits nor wakes make a
	// cycle come sooner. Nil: there is always room.
	Room func() time.Duration
	// Cycle runs one cycle, and reports whether it saw people's edits.
	Cycle func(context.Context) (edits bool)
}

// Loop runs one partnership's cycles in this process: at its pace with some jitter, and when it is woken. A cycle that is
// running when a wake comes is followed by another, after WakePause.
type Loop struct {
	o    LoopOptions
	wake chan struct{}
}

// NewLoop returns a loop. A rest is from the end of one cycle to the start of the next, give or take a tenth, so that many
// daemons do not ask a tool in step.
func NewLoop(o LoopOptions) *Loop {
	if o.Room == nil {
		o.Room = func() time.Duration { return 0 }
	}
	return &Loop{o: o, wake: make(chan struct{}, 1)}
}

// Run implements Scheduler. The first cycle starts at once.
func (l *Loop) Run(ctx context.Context) {
	for last := time.Duration(0); ctx.Err() == nil; {
		select {
		case <-l.wake: // who asked before the cycle starts gets what it asked for from this one
		default:
		}
		edits := l.o.Cycle(ctx)
		last = l.o.Pace.Next(last, edits)
		l.rest(ctx, last)
	}
}

// rest waits for what starts the next cycle: the time that the pace gives, or a wake once the pause is over.
func (l *Loop) rest(ctx context.Context, d time.Duration) {
	room := l.o.Room()
	next, pause := time.NewTimer(max(jitter(d), room)), time.NewTimer(max(WakePause, room))
	defer next.Stop()
	defer pause.Stop()
	select {
	case <-ctx.Done():
		return
	case <-next.C:
		return
	case <-l.wake:
	}
	select {
	case <-ctx.Done():
	case <-next.C: // it may be shorter than the pause
	case <-pause.C:
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
