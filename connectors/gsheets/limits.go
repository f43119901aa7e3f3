package gsheets

import (
	"net/http"
	"strings"

	"google.golang.org/api/googleapi"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// full reports that a spreadsheet has as many cells as Google allows. It says so in words alone.
func full(answer *googleapi.Error) bool {
	return answer.Code == http.StatusBadRequest && strings.Contains(answer.Message, "above the limit of") && strings.Contains(answer.Message, "cells")
}

// full goes on after Google refused a batch because the spreadsheet is full: nothing of it was written. What needs no new cells is
// written without the rest.
func (a *applying) full(b *batch, answer *googleapi.Error) {
	var grow, rest []int
	for _, j := range b.jobs {
		switch {
		case j.p.Op == task.Create, b.growth.any() && j.p.Op != task.Remove:
			grow = append(grow, j.place)
		default:
			rest = append(rest, j.place)
		}
	}
	if len(grow) == 0 {
		grow, rest = rest, nil
	}
	f, _ := a.c.fault("write the rows", answer)
	a.fail(grow, f, false)
	a.run(rest)
}
