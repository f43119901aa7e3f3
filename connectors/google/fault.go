package google

import (
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"google.golang.org/api/googleapi"

	"github.com/lockstep-sync/lockstep/connectors/transport"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// Faults classify the errors of calls about one file.
type Faults struct {
	Source task.SourceID
	Kind   string // what the file is, and the configuration's key for it: "spreadsheet" or "document"
	Now    func() time.Time
}

// Of classifies a call's error. Uncertain says that a write may have landed all the same.
func (s Faults) Of(op string, err error) (f *fault.Error, uncertain bool) {
	var answer *googleapi.Error
	if !errors.As(err, &answer) {
		return s.unanswered(op, err)
	}
	f = transport.FromResponse(op, &http.Response{StatusCode: answer.Code, Header: answer.Header}, []byte(answer.Body))
	f.Source = s.Source
	const account = "with the service account's address: it is client_email in google.credentials_file"
	switch {
	case f.Reason == fault.RateLimited && f.RetryAfter == 0:
		// Google's budgets are counted by the minute, and it does not say when the next one begins.
		now := s.Now()
		f.RetryAfter = now.Truncate(time.Minute).Add(time.Minute).Sub(now)
	case answer.Code == http.StatusForbidden && f.Reason == fault.Auth:
		f.Hint = "share the " + s.Kind + ", as an editor, " + account
	case answer.Code == http.StatusNotFound:
		f.Hint = "check " + s.Kind + " in the configuration; if it is right, share the " + s.Kind + " " + account
	}
	return f, transport.UncertainStatus(answer.Code)
}

// unanswered classifies the error of a call that got no answer of Google's.
func (s Faults) unanswered(op string, err error) (f *fault.Error, uncertain bool) {
	f, uncertain = transport.FromError(op, err)
	if text := err.Error(); strings.Contains(text, "cannot fetch token") || strings.Contains(text, "invalid_grant") {
		// No token was given for the key: the call itself was never made.
		f.Kind, f.Reason = fault.Permanent, fault.Auth
		f.Hint = "Google refused the service account's key: check google.credentials_file, and that neither key nor account was deleted"
		uncertain = false
	}
	if _, broken := errors.AsType[*json.SyntaxError](err); broken {
		f.Kind, f.Reason = fault.Permanent, fault.Invalid
		f.Hint = "the answer is no answer of Google's, such as a login page of a network in between: check google.endpoint and the proxy"
	}
	if f.Source == "" {
		f.Source = s.Source
	}
	return f, uncertain
}

var inRequest = regexp.MustCompile(`requests\[(\d+)\]`)

// RequestNumber is the number of the request that an answer to a batch blames: "Invalid requests[3].updateCells: …". Ok is false where it
// names none.
func RequestNumber(message string) (n int, ok bool) {
	m := inRequest.FindStringSubmatch(message)
	if m == nil {
		return 0, false
	}
	n, err := strconv.Atoi(m[1])
	return n, err == nil
}

// Blamed are the places of the patches behind the request that an answer to a batch blames, of owners, which has those of each request.
// Nil where it names none, and where there is no such request.
func Blamed(err error, owners [][]int) []int {
	answer, ok := errors.AsType[*googleapi.Error](err)
	if !ok {
		return nil
	}
	n, ok := RequestNumber(answer.Message)
	if !ok || n >= len(owners) {
		return nil
	}
	return owners[n]
}
