package config

import (
	"maps"
	"testing"
)

func TestTransitionFields(t *testing.T) {
	t.Parallel()
	j := fixture(t, "transition-fields.yaml").Partnerships[0].Sources[0].Jira
	got := j.TransitionFields
	want := map[string]string{"Root cause": "Unknown", "customfield_10050": "12.5", "comment": "Closed in the scorecard"}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	want = map[string]string{"Team": "Pumps", "customfield_10051": "2026-12-31"}
	if got := j.Create.Fields; !maps.Equal(got, want) {
		t.Errorf("for new issues: got %v, want %v", got, want)
	}
}
