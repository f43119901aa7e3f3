package memory

import (
	"context"
	"errors"
	"time"

	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// Step is a moment at which something can go wrong.
type Step string

// The steps.
const (
	StepPull    Step = "pull"
	StepConfirm Step = "confirm"
	StepFind    Step = "find"
	StepApply   Step = "apply"   // before each patch
	StepPublish Step = "publish" // before a board is written
)

// Effect is what goes wrong.
type Effect uint8

// The effects.
const (
	// Pass: nothing goes wrong.
	Pass Effect = iota
	// FailBefore: the tool is down; nothing is done.
	FailBefore
	// FailAfter: it is done, and the answer is lost. The receipt says Uncertain.
	FailAfter
	// Lost: the request is lost on the way. Nothing is done, and the receipt says Uncertain, for nobody can tell it
	// from FailAfter.
	Lost
	// Partial: a pull gives the first half of the records; a patch writes the first half of its fields, rounded down; of a
	// board the columns are written, and no page. A removal, and the other reads, fail as with FailBefore.
	Partial
	// Refuse: the tool refuses for good; nothing is done.
	Refuse
	// Throttle: the tool asks to be left alone for ThrottleFor; nothing is done.
	Throttle
	// Unauthorized: the tool refuses the credential; nothing is done.
	Unauthorized
	// Hang: nothing is done, and no answer comes until the context ends. A patch's receipt says Uncertain.
	Hang
)

// ThrottleFor is how long the tool asks to be left alone.
const ThrottleFor = 30 * time.Second

// Fail sets what is asked at each step what goes wrong; nil ends it. Patch is nil but for StepApply. The hook is called
// without a lock, so it may use the tool as a person does, end the context, or panic.
func (t *Tool) Fail(hook func(step Step, p *task.Patch) Effect) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.fail = hook
}

// Between sets what is called for each patch just before it is checked and written, with no lock held: what it edits is
// what the write finds. Nil ends it.
func (t *Tool) Between(hook func(p task.Patch)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.between = hook
}

// ask returns what goes wrong at this step.
func (t *Tool) ask(step Step, p *task.Patch) Effect {
	t.mu.Lock()
	hook := t.fail
	t.mu.Unlock()
	if hook == nil {
		return Pass
	}
	return hook(step, p)
}

// read counts a read and returns what goes wrong with it: nil where nothing does. Half reports that only part of it is
// to be read.
func (t *Tool) read(ctx context.Context, step Step) (half bool, err error) {
	effect := t.ask(step, nil)
	t.mu.Lock()
	t.reads++
	t.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return false, fault.Of(err)
	}
	if effect == Partial && step == StepPull {
		return true, nil
	}
	if effect == Hang {
		<-ctx.Done()
	}
	if f := effect.fault(); f != nil {
		f.Op = string(step)
		return false, f
	}
	return false, nil
}

// fault is what the connector reports; nil for Pass.
func (e Effect) fault() *fault.Error {
	switch e {
	case Pass:
		return nil
	case FailBefore, Partial:
		return &fault.Error{Kind: fault.Retryable, Reason: fault.Unavailable, Err: errors.New("the tool is down")}
	case FailAfter, Lost, Hang:
		return &fault.Error{Kind: fault.Retryable, Reason: fault.Timeout, Err: errors.New("no answer came")}
	case Throttle:
		return &fault.Error{
			Kind: fault.Retryable, Reason: fault.RateLimited, RetryAfter: ThrottleFor, Err: errors.New("too many requests"),
		}
	case Unauthorized:
		return (&fault.Error{
			Kind: fault.Permanent, Reason: fault.Auth, Err: errors.New("the tool refused the credential"),
		}).WithHint("check the account and its token")
	case Refuse:
	}
	return (&fault.Error{
		Kind: fault.Permanent, Reason: fault.Invalid, Err: errors.New("the tool refused"),
	}).WithHint("look at what the tool says about it")
}
