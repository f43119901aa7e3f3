package jira

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/sync/fault"
)

const (
	// crowdMin is from how many issues on they are moved together. One by one they cost a request each. Together they cost
	// five, however many: the order, two or three looks at how it goes, and a read of where the issues are; and a few
	// seconds. From here on it is cheaper, and it is quieter too, for only a bulk change can be made without e-mails.
	crowdMin = 6
	// crowdMax is how many issues one order may name, by Jira's rule.
	crowdMax = 1000
	// refusedFor is how long a refusal of bulk changes is believed.
	refusedFor = time.Hour
)

// crowd remembers whether the account may make bulk changes.
type crowd struct {
	may   bool
	until time.Time // it is not asked again before
}

// mayMoveMany reports that issues can be moved together. The permission is asked for once an hour.
func (c *Connector) mayMoveMany(ctx context.Context) (bool, error) {
	if err := c.api.meet(ctx); err != nil {
		return false, err
	}
	if !c.api.d.crowds {
		return false, nil
	}
	if now := c.o.Now(); now.After(c.crowd.until) {
		may, err := c.api.mayChangeMany(ctx)
		if err != nil {
			return false, err
		}
		c.crowd = crowd{may: may, until: now.Add(refusedFor)}
	}
	return c.crowd.may, nil
}

// mayChangeMany reports whether the account has the global permission to make bulk changes.
func (c *client) mayChangeMany(ctx context.Context) (bool, error) {
	var out struct {
		Permissions map[string]struct {
			Have bool `json:"havePermission"`
		} `json:"permissions"`
	}
	err := c.call(ctx, "read our permissions", http.MethodGet, "mypermissions?permissions=BULK_CHANGE", nil, &out)
	if e, ok := asCall(err); ok && e.status >= 400 && e.status < 500 && !e.stops() {
		return false, nil
	}
	return out.Permissions["BULK_CHANGE"].Have, err
}

// wireOrder is one transition for many issues.
type wireOrder struct {
	Issues     []string `json:"selectedIssueIdsOrKeys"`
	Transition string   `json:"transitionId"`
}

// moveMany orders transitions and returns the id under which Jira tells how it goes.
func (c *client) moveMany(ctx context.Context, orders []wireOrder) (string, error) {
	body := map[string]any{"bulkTransitionInputs": orders, "sendBulkNotification": false}
	var out struct {
		Task string `json:"taskId"`
	}
	const op = "move issues together"
	err := c.call(ctx, op, http.MethodPost, "rest/api/3/bulk/issues/transition", body, &out)
	if err == nil && out.Task == "" {
		f := fault.New(fault.Retryable, fault.Invalid, op, "the answer names no task")
		f.Source = c.source
		return "", &callError{fault: f, uncertain: true}
	}
	return out.Task, err
}

// progress is how a bulk change goes.
type progress struct {
	Status  string `json:"status"`
	Percent int    `json:"progressPercent"`
	// Failed has Jira's reasons by issue id. Of issues that are in neither list nothing is known.
	Failed map[string]json.RawMessage `json:"failedAccessibleIssues"`
}

// over reports that Jira will do no more.
func (p progress) over() bool {
	switch p.Status {
	case "COMPLETE", "FAILED", "CANCELLED", "DEAD":
		return true
	}
	return false
}

// reason is why an issue was not moved, "" where Jira does not say.
func (p progress) reason(id string) string {
	raw, ok := p.Failed[id]
	if !ok {
		return ""
	}
	var all []string
	if json.Unmarshal(raw, &all) != nil || len(all) == 0 {
		return "Jira gives no reason"
	}
	return strings.Join(all, "; ")
}

func (c *client) bulkProgress(ctx context.Context, id string) (progress, error) {
	var p progress
	err := c.call(ctx, "see how moving the issues goes", http.MethodGet, "rest/api/3/bulk/queue/"+url.PathEscape(id), nil, &p)
	return p, err
}

// The pauses between two looks at a bulk change grow from the first to the longest; after pollLimit of them it is left to
// itself.
const (
	firstPoll   = 500 * time.Millisecond
	longestPoll = 10 * time.Second
	pollLimit   = 2 * time.Minute
	pollStrikes = 3 // looks in a row that may go wrong
)

// await looks at a bulk change until Jira is done with it, ctx ends or the time is up; in the latter cases what is known
// is not over.
func (c *Connector) await(ctx context.Context, id string) progress {
	var last progress
	strikes := 0
	var waited time.Duration
	for pause := firstPoll; waited < pollLimit; pause = min(2*pause, longestPoll) {
		if c.o.Wait(ctx, pause) != nil {
			return last
		}
		waited += pause
		p, err := c.api.bulkProgress(ctx, id)
		if err != nil {
			if call, ok := asCall(err); ok && call.fault.RetryAfter > 0 {
				pause = min(max(pause, call.fault.RetryAfter), pollLimit)
			}
			if strikes++; strikes == pollStrikes {
				return last
			}
			continue
		}
		strikes, last = 0, p
		if p.over() {
			return p
		}
	}
	return last
}

// untold is the error of a bulk change whose end was not seen.
func (c *Connector) untold(id string, p progress) *callError {
	f := fault.New(fault.Retryable, fault.Timeout, "move the issue", "Jira has not told yet whether it moved it (task %s, %s done)",
		quoteName(id), strconv.Itoa(p.Percent)+" %")
	return &callError{fault: c.fault(f), uncertain: true}
}

// sleep waits for a while, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}
