package config

import (
	"maps"
	"testing"
)

func TestTransitionFields(t *testing.T) {
	t.Parallel()
	got := fixture(t, "transition-fields.yaml").Partnerships[0].Sources[0].Jira.TransitionFields
	want := map[string]string{"Root cause": "Unknown", "customfield_10050": "12.5", "comment": "Closed in the scorecard"}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
