// Package jira connects a Jira project as a source, of Jira Cloud or of Data Center: dialect.go has the
// table of what differs between them.
//
// A pull reads everything once an hour and what changed in between. The search index lags, so an increment reaches back
// behind the newest change that was seen, and nothing is ever concluded from an absence in it: whether an issue is gone is
// asked of the issue itself. A write reads its issue first, past the index, and leaves it alone where it holds something
// else than was expected; it moves the issue through its workflow by the ids of statuses, and then changes all other fields
// in one request. A create carries its task's mark as a label, by which it is found again if its answer was lost.
package jira
