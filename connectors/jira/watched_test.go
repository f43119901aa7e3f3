package jira

import (
	"net/http"
	"slices"
	"testing"

	"github.com/lockstep-sync/lockstep/connectors/connectortest"
	"github.com/lockstep-sync/lockstep/connectors/sandbox/jira/openapicheck"
)

// direct is a transport of the test's own, which leaves no connections behind.
func direct(t *testing.T) http.RoundTripper {
	t.Helper()
	base := &http.Transport{MaxIdleConnsPerHost: 4}
	t.Cleanup(base.CloseIdleConnections)
	return base
}

// TestRequestsAreJiras asks the conformance suite's questions with every request and every answer held against Jira's own
// description of its API.
func TestRequestsAreJiras(t *testing.T) {
	t.Parallel()
	check, err := openapicheck.New(sharedData(t, "jira/openapi-v3.json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	wrong := connectortest.Ask(t.Context(), features(t), func(connectortest.T) connectortest.Harness {
		h := newHarness(t, everyJira()[0], 0)
		h.base = check.Wrap(direct(t))
		return h
	})
	for question, what := range wrong {
		t.Errorf("%s: %v", question, what)
	}
	said := check.Violations()
	slices.Sort(said)
	for _, v := range slices.Compact(said) {
		t.Error(v)
	}
	if n := check.Checked(); n < 1000 {
		t.Errorf("only %d requests were checked", n)
	}
}
