package jira

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Bulk operations: a client submits one for up to 1,000 issues, is given a task's id and asks for its progress until it
// is over. What becomes of the task is in bulk_task.go, what an edit's body means in bulk_fields.go.

const (
	maxBulk       = 1000
	maxBulkFields = 200
)

// bulkFailure is the error body of the bulk endpoints, which is not that of the others.
func bulkFailure(status int, message string) answer {
	return answer{status: status, body: map[string]any{"errors": []any{map[string]any{"message": message}}}}
}

// bulkRefusal says why the account may not use the bulk endpoints; nil when it may.
func (c *call) bulkRefusal() *answer {
	if !c.s.denied["BULK_CHANGE"] {
		return nil
	}
	a := bulkFailure(http.StatusForbidden, "You do not have the global permission to make bulk changes.")
	return &a
}

// issueWord is what names an issue: an id or a key.
var issueWord = regexp.MustCompile(`^(\d+|[A-Za-z][A-Za-z0-9_]*-\d+)$`)

// bulkSelection resolves what a client selected. Issues that are not there, or hidden, are counted; a word that cannot
// name an issue refuses the whole request.
func (c *call) bulkSelection(words []string) (ids []int64, invalid int, bad *answer) {
	for _, w := range words {
		w = strings.TrimSpace(w)
		if !issueWord.MatchString(w) {
			a := bulkFailure(http.StatusBadRequest, "Some of the issues in the issueIdsOrKeys are not valid")
			return nil, 0, &a
		}
		i := c.s.find(w)
		switch {
		case i == nil || !c.sees(i):
			invalid++
		case !slices.Contains(ids, i.id):
			ids = append(ids, i.id)
		}
	}
	return ids, invalid, nil
}

func bulkSize(n int) *answer {
	switch {
	case n == 0:
		a := bulkFailure(http.StatusBadRequest, "At least one issue must be selected.")
		return &a
	case n > maxBulk:
		a := bulkFailure(http.StatusBadRequest, fmt.Sprintf("The number of selected issues must not exceed %d.", maxBulk))
		return &a
	}
	return nil
}

type bulkTransitionRequest struct {
	Inputs []struct {
		Issues     []string `json:"selectedIssueIdsOrKeys"`
		Transition string   `json:"transitionId"`
	} `json:"bulkTransitionInputs"`
	Notify *bool `json:"sendBulkNotification"`
}

func (c *call) bulkTransition() answer {
	if bad := c.bulkRefusal(); bad != nil {
		return *bad
	}
	var req bulkTransitionRequest
	if !c.strict(&req) {
		return badPayload
	}
	t := &bulkTask{}
	total := 0
	for _, in := range req.Inputs {
		if _, err := strconv.Atoi(in.Transition); err != nil {
			return bulkFailure(http.StatusBadRequest, "The transitionId must be a number.")
		}
		ids, invalid, bad := c.bulkSelection(in.Issues)
		if bad != nil {
			return *bad
		}
		total += len(in.Issues)
		t.invalid += invalid
		for _, id := range ids {
			t.steps = append(t.steps, bulkStep{id, func(c *call, i *issue) []string { return c.bulkMove(i, in.Transition) }})
		}
	}
	if bad := bulkSize(total); bad != nil {
		return *bad
	}
	return c.submit(t)
}

// bulkMove takes one issue through a transition, and returns why it could not.
func (c *call) bulkMove(i *issue, id string) []string {
	t, found := i.project.transition(i.status, id)
	if !found || c.s.denied["TRANSITION_ISSUES"] {
		return []string{fmt.Sprintf("Transition id '%s' is not valid for this issue.", id)}
	}
	// Nothing can be filled in here, so what the screen insists on is missing.
	resolution, errs := c.unfilled(i, t)
	if len(errs) > 0 {
		return complaints(errs)
	}
	c.s.edit(i, c.s.bot, func(d *issue) { c.s.take(d, t, resolution) })
	return nil
}

// unfilled says what a transition's screen would have against it if nothing were filled in.
func (c *call) unfilled(i *issue, t transition) (*named, map[string]string) {
	resolution, errs := c.chosen(i, t, writeRequest{})
	c.s.unfilled(i.clone(), t, errs)
	return resolution, errs
}

// complaints lists Jira's complaints by field in the order of the fields.
func complaints(errs map[string]string) []string {
	var out []string
	for _, msg := range errs {
		out = append(out, msg)
	}
	slices.Sort(out)
	return out
}

// bulkTransitions tells the transitions that a bulk operation can make, by workflow: those which all of the selected
// issues have in common and which need no field.
func (c *call) bulkTransitions() answer {
	if bad := c.bulkRefusal(); bad != nil {
		return *bad
	}
	words := strings.Split(c.r.URL.Query().Get("issueIdsOrKeys"), ",")
	if bad := bulkSize(len(words)); bad != nil {
		return *bad
	}
	ids, invalid, bad := c.bulkSelection(words)
	if bad != nil {
		return *bad
	}
	if invalid > 0 {
		return bulkFailure(http.StatusBadRequest, "Some of the issues in the issueIdsOrKeys are not valid")
	}
	var projects []*project
	byProject := map[*project][]*issue{}
	for _, id := range ids {
		i := c.s.records[id].latest()
		if byProject[i.project] == nil {
			projects = append(projects, i.project)
		}
		byProject[i.project] = append(byProject[i.project], i)
	}
	out := []any{}
	for _, p := range projects {
		out = append(out, c.bulkWorkflow(p, byProject[p]))
	}
	return ok(map[string]any{"availableTransitions": out})
}

func (c *call) bulkWorkflow(p *project, issues []*issue) map[string]any {
	keys, common, filtered := []any{}, []any{}, false
	for _, i := range issues {
		keys = append(keys, i.key)
	}
	for _, t := range p.flow {
		some, all := false, !c.s.denied["TRANSITION_ISSUES"]
		for _, i := range issues {
			_, leads := p.transition(i.status, t.id)
			_, missing := c.unfilled(i, t)
			some, all = some || leads, all && leads && len(missing) == 0
		}
		number, err := strconv.Atoi(t.id)
		status, errTo := strconv.Atoi(t.to.id)
		if !all || err != nil || errTo != nil {
			filtered = filtered || some
			continue
		}
		common = append(common, map[string]any{
			"transitionId": number, "transitionName": t.name,
			"to": map[string]any{"statusId": status, "statusName": t.to.name},
		})
	}
	return map[string]any{"issues": keys, "isTransitionsFiltered": filtered, "transitions": common}
}
