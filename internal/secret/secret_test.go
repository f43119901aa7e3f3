package secret_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/lockstep-sync/lockstep/internal/secret"
)

func TestTextStaysHidden(t *testing.T) {
	t.Parallel()
	type holder struct{ Token secret.Text }
	h := holder{secret.New("s3cret-Canary")}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%20v"} {
		fmt.Fprintf(&out, verb+verb+verb+"\n", h, &h, h.Token)
	}
	for _, marshal := range []func(any) ([]byte, error){json.Marshal, yaml.Marshal} {
		b, err := marshal(h)
		if err != nil || !strings.Contains(string(b), "[redacted]") {
			t.Errorf("marshalled: %s, %v", b, err)
		}
		out.Write(b)
	}
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "h", h, "t", h.Token)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "h", h, "t", h.Token)
	for _, form := range []string{"Canary", fmt.Sprintf("%x", "Canary")} {
		if strings.Contains(out.String(), form) {
			t.Errorf("the secret shows in %s", out.String())
		}
	}
	if h.Token.Reveal() != "s3cret-Canary" || fmt.Sprint(secret.Text{}) != "" {
		t.Error("the secret is lost, or one appears where there is none")
	}
}
