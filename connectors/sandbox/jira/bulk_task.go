package jira

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

// BulkEnd is how a bulk operation ends. The set is closed.
type BulkEnd string

const (
	// BulkComplete is the usual end: every issue was tried.
	BulkComplete BulkEnd = "COMPLETE"
	// BulkFailed is an end after half of the issues, rounded down; what was done stays done.
	BulkFailed BulkEnd = "FAILED"
	// BulkCancelled is the same, by a person's hand.
	BulkCancelled BulkEnd = "CANCELLED"
	// BulkDead is the same, of a task that no longer says anything.
	BulkDead BulkEnd = "DEAD"
	// BulkHanging is no end: half of the issues, rounded down, are done and the operation runs for ever.
	BulkHanging BulkEnd = "RUNNING"
)

// BulkTrouble is what goes wrong with a bulk operation.
type BulkTrouble struct {
	// End is how it ends; "" is BulkComplete.
	End BulkEnd
	// Fail holds issues, by id or key, which are not changed, and the reason that is given for each.
	Fail map[string]string
}

// TroubleBulk orders trouble for the next bulk operation that is submitted; several orders are for several operations.
func (s *Server) TroubleBulk(t BulkTrouble) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bulk.troubles = append(s.bulk.troubles, t)
}

// bulkQueue is every bulk operation that was submitted, and the trouble that waits for the next.
type bulkQueue struct {
	tasks    []*bulkTask
	troubles []BulkTrouble
}

// bulkTask is one bulk operation.
type bulkTask struct {
	id                        string
	steps                     []bulkStep
	trouble                   BulkTrouble
	failAt                    map[int64]string // the trouble's issues by id
	created, started, updated time.Time
	polls                     int
	next                      int // the step that comes next
	end                       BulkEnd
	done                      []int64
	failed                    map[int64][]string
	invalid                   int
	total                     int
}

// bulkStep is what is done with one issue; it returns why it could not be.
type bulkStep struct {
	issue int64
	do    func(c *call, i *issue) []string
}

// keptTasks bounds the queue; Jira keeps an operation's progress for 14 days.
const (
	keptTasks    = 1000
	keptProgress = 14 * 24 * time.Hour
)

// submit queues an operation and answers with the task's id and nothing else: the client has to know where to look.
func (c *call) submit(t *bulkTask) answer {
	q := &c.s.bulk
	c.s.nextSub++
	t.id = strconv.FormatInt(c.s.nextSub, 10)
	t.created = c.s.now()
	t.updated, t.total = t.created, len(t.steps)+t.invalid
	t.failed, t.failAt = map[int64][]string{}, map[int64]string{}
	if len(q.troubles) > 0 {
		t.trouble, q.troubles = q.troubles[0], q.troubles[1:]
	}
	for word, reason := range t.trouble.Fail {
		if i := c.s.find(word); i != nil {
			t.failAt[i.id] = reason
		}
	}
	q.tasks = append(q.tasks, t)
	if len(q.tasks) > keptTasks {
		q.tasks = slices.Delete(q.tasks, 0, 1)
	}
	c.s.advance(t)
	return answer{status: http.StatusCreated, body: map[string]any{"taskId": t.id}}
}

// advanceBulk does what the operations have come to by now.
func (s *Server) advanceBulk() {
	for _, t := range s.bulk.tasks {
		s.advance(t)
	}
}

// advance does as many of a task's steps as its polls and its time allow.
func (s *Server) advance(t *bulkTask) {
	if t.end != "" {
		return
	}
	n := len(t.steps)
	most := n
	if s.opts.BulkPolls > 0 {
		most = min(most, n*max(t.polls-1, 0)/s.opts.BulkPolls)
	}
	elapsed := s.now().Sub(t.created)
	if s.opts.BulkTime > 0 {
		most = min(most, int(int64(n)*min(elapsed, s.opts.BulkTime).Milliseconds()/max(s.opts.BulkTime.Milliseconds(), 1)))
	}
	over := t.polls > s.opts.BulkPolls || s.opts.BulkPolls <= 0
	over = over && elapsed >= s.opts.BulkTime
	if t.trouble.End != "" && t.trouble.End != BulkComplete {
		most = min(most, n/2)
	}
	s.inBulk = true
	defer func() { s.inBulk = false }()
	c := &call{s: s, api: 3}
	for ; t.next < most; t.next++ {
		s.step(c, t, t.steps[t.next])
	}
	switch {
	case over && t.trouble.End == BulkHanging:
	case over && t.trouble.End != "":
		t.end = t.trouble.End
	case over:
		t.end = BulkComplete
	}
	if over {
		t.updated = s.now()
	}
}

func (s *Server) step(c *call, t *bulkTask, step bulkStep) {
	if t.started.IsZero() {
		t.started = s.now()
	}
	t.updated = s.now()
	r := s.records[step.issue]
	if r == nil || r.latest() == nil || !c.sees(r.latest()) { // deleted or hidden since it was selected
		t.invalid++
		return
	}
	reasons := []string{t.failAt[step.issue]}
	if reasons[0] == "" {
		reasons = step.do(c, r.latest())
	}
	if len(reasons) > 0 {
		t.failed[step.issue] = append(t.failed[step.issue], reasons...)
		return
	}
	if !slices.Contains(t.done, step.issue) {
		t.done = append(t.done, step.issue)
	}
}

// bulkProgress answers how far a task is. Jira's own document calls its times strings; they are numbers.
func (c *call) bulkProgress() answer {
	if bad := c.bulkRefusal(); bad != nil {
		return *bad
	}
	id := c.r.PathValue("task")
	at := slices.IndexFunc(c.s.bulk.tasks, func(t *bulkTask) bool { return t.id == id })
	if at < 0 || c.s.now().Sub(c.s.bulk.tasks[at].created) > keptProgress {
		return answer{status: http.StatusBadRequest, body: map[string]any{
			"errorMessages": []string{"The task associated with this taskId is not a bulk operation task"},
			"errors":        map[string]any{}, "httpStatusCode": map[string]any{"empty": false, "present": true},
		}}
	}
	t := c.s.bulk.tasks[at]
	t.polls++
	c.s.advance(t)
	return ok(c.bulkReport(t))
}

func (c *call) bulkReport(t *bulkTask) map[string]any {
	out := map[string]any{
		"taskId": t.id, "status": "ENQUEUED", "progressPercent": 0, "submittedBy": map[string]any{"accountId": c.s.bot.account},
		"created": t.created.UnixMilli(), "updated": t.updated.UnixMilli(),
	}
	if !t.started.IsZero() || t.polls > 1 {
		out["status"], out["started"] = "RUNNING", t.created.UnixMilli()
		out["progressPercent"] = 100 * t.next / max(len(t.steps), 1)
	}
	if !t.started.IsZero() {
		out["started"] = t.started.UnixMilli()
	}
	if t.end == "" {
		return out
	}
	out["status"] = string(t.end)
	if t.end == BulkComplete {
		out["progressPercent"] = 100
	}
	out["processedAccessibleIssues"] = append([]int64{}, t.done...)
	out["totalIssueCount"] = t.total
	// What there is none of is left out, whatever the document's examples show.
	if len(t.failed) > 0 {
		failed := map[string]any{}
		for id, reasons := range t.failed {
			failed[strconv.FormatInt(id, 10)] = reasons
		}
		out["failedAccessibleIssues"] = failed
	}
	if t.invalid > 0 {
		out["invalidOrInaccessibleIssueCount"] = t.invalid
	}
	return out
}
