// Package scorecard computes the partnership view from agreed state and history: verdicts with their reasons, schedule adherence,
// on-time rate, commitments by week, slip, forecast, quick wins, milestones, gates, indicators, freshness, data quality, and the
// digest. It is pure: no I/O, no clock, and the order in which anything comes makes no difference.
//
// The rules. Each number is one of Rules; what stands here is DefaultRules.
//
//	task, red        late by more than 7 days; or blocked and due within 7 days, or overdue
//	task, amber      late by 1 to 7 days; not started and due within 7 days, or overdue; due date moved twice or more; in progress
//	                 and unchanged for 14 days
//	task, grey       no due date; no owner (nobody is named as assignee); or it would be green and the data is stale
//	task, green      else
//	task, none       done or cancelled
//	late             today − the earliest due date that passed while it stood (not for less than a day: that is a correction),
//	                 else today − due. To move a date in time is no lateness; to move it once it has passed clears none
//	slip             due − baseline, and how often the date was moved
//	roll-up, red     a critical milestone is red; or schedule adherence < 0.85
//	roll-up, amber   schedule adherence < 0.95; or the forecast's 85th percentile is past the target
//	roll-up, grey    no open task has a date; or it would be green and one of its sources is stale
//	roll-up, green   else; none where there are no tasks. Never an average of colours
//	adherence        finished ÷ (baseline before today + done without a baseline); the cancelled are left out
//	on-time rate     finished on or before baseline ÷ baseline in the 90 days up to yesterday; amber < 80 %, red < 60 %. The
//	                 cancelled are left out, and what came to us done: when that was finished, nobody knows
//	commitments      of a week: open at its start and due in it or before. Kept: done at its end. Each miss has one reason
//	forecast         Monte Carlo over the finished tasks of the last 26 full weeks, drawn with replacement, the zero weeks too;
//	                 "insufficient data" under 8 weeks. By workstream; the partnership is finished when the last of them is
//	quick win        flagged; or baseline within 90 days of the agreement and small: labelled so, or planned for at most 14 days
//	stale            read longer ago than 3 intervals, and than 20 seconds; or never
//
// Days begin and end in the partnership's time zone. Of several reasons the worst colour counts, and all are told.
package scorecard
