package gsheets

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/connectors/google"
	"github.com/lockstep-sync/lockstep/connectors/sandbox/dials"
	sandbox "github.com/lockstep-sync/lockstep/connectors/sandbox/google"
	"github.com/lockstep-sync/lockstep/connectors/transport"
	"github.com/lockstep-sync/lockstep/sync/fault"
)

func TestServiceAccount(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	good := true
	tokens := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if !good {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"error":"invalid_grant","error_description":"Invalid JWT Signature."}`))
			return
		}
		_, _ = w.Write([]byte(`{"access_token":"ya29.secret-token","token_type":"Bearer","expires_in":3600}`))
	}))
	t.Cleanup(tokens.Close)
	file := filepath.Join(t.TempDir(), "key.json")
	account, err := json.Marshal(map[string]string{
		"type": "service_account", "client_email": "bot@example.iam.gserviceaccount.com", "private_key_id": "1", "token_uri": tokens.URL,
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), "project_id": "p",
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, account, 0o600); err != nil {
		t.Fatal(err)
	}
	srv := sandbox.New(sandbox.Options{Token: "ya29.secret-token"})
	t.Cleanup(srv.Close)
	id := srv.AddSpreadsheet("Plan", tab)
	if _, err := srv.AddRow(id, tab, "Action"); err != nil {
		t.Fatal(err)
	}
	connect := func() *Connector {
		svc, err := NewService(t.Context(), google.Credentials{File: file}, transport.Options{Retries: -1, Base: dials.InProcess(srv)})
		if err != nil {
			t.Fatal(err)
		}
		cfg := columns("title", "Action")
		cfg.Spreadsheet, cfg.Tab = id, tab
		c, err := New(cfg, svc, Options{Source: "sheet"})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	c := connect()
	if snap, err := c.Pull(t.Context(), ""); err != nil || !snap.Complete {
		t.Fatalf("with a token: %v", err)
	}
	if want := "https://docs.google.com/spreadsheets/d/" + id + "/edit#gid=7&range=A3"; c.rowURL(7, 2) != want {
		t.Errorf("the link is %q; want %q", c.rowURL(7, 2), want)
	}
	srv.Panel().Inject(dials.Fault{Effect: dials.Reply, Status: 401, Body: `{"error":{"code":401,"message":"bad token ya29.secret-token"}}`})
	_, err = c.Pull(t.Context(), "")
	if f := fault.Of(err); f.Reason != fault.Auth || strings.Contains(f.Error()+f.Hint, "secret-token") {
		t.Errorf("a refused token: %v", err)
	}
	good = false
	_, err = connect().Pull(t.Context(), "")
	if f := fault.Of(err); f.Kind != fault.Permanent || f.Reason != fault.Auth || !strings.Contains(f.Hint, "credentials_file") {
		t.Errorf("a refused key: %v, hint %q", err, f.Hint)
	}
	for _, cred := range []google.Credentials{{}, {Endpoint: "localhost:99"}, {File: filepath.Join(t.TempDir(), "none.json")}} {
		if _, err := NewService(t.Context(), cred, transport.Options{}); err == nil {
			t.Errorf("%+v is taken", cred)
		}
	}
}
