package jira

import (
	"net/http"
	"testing"
)

// watched is the transport of the tests.
func watched(t *testing.T) http.RoundTripper {
	t.Helper()
	base := &http.Transport{MaxIdleConnsPerHost: 4}
	t.Cleanup(base.CloseIdleConnections)
	return base
}
