package jira

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestSecretsAreNotPrinted(t *testing.T) {
	t.Parallel()
	c := Config{URL: "https://x.example", Token: "s3cret", WebhookSecret: "h00k"}
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		_, _ = fmt.Fprintf(&out, verb+verb, c, &c)
	}
	b, err := json.Marshal(&c)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(b)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "config", c, "pointer", &c)
	if got := out.String(); strings.Contains(got, "s3cret") || strings.Contains(got, "h00k") || !strings.Contains(got, "x.example") {
		t.Errorf("printed %s", got)
	}
}
