package auth

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/lockstep-sync/lockstep/internal/secret"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func readAll(t *testing.T, res *http.Response) string {
	t.Helper()
	defer func() { _ = res.Body.Close() }()
	return string(must(io.ReadAll(res.Body)))
}

// provider is a small login provider, which can be told to be wrong.
type provider struct {
	*httptest.Server

	key *rsa.PrivateKey
	now func() time.Time

	mu        sync.Mutex
	down      bool
	claims    map[string]any // over those of a good token
	challenge string
	nonce     string
}

func newProvider(t *testing.T, now func() time.Time) *provider {
	t.Helper()
	p := &provider{key: must(rsa.GenerateKey(rand.Reader, 2048)), now: now}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.down {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{
			"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys",
			"id_token_signing_alg_values_supported": []string{"RS256"},
		})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: p.key.Public(), KeyID: "1", Algorithm: "RS256", Use: "sig"}}})
	})
	mux.HandleFunc("GET /authorize", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		p.mu.Lock()
		p.challenge, p.nonce = q.Get("code_challenge"), q.Get("nonce")
		p.mu.Unlock()
		http.Redirect(w, r, q.Get("redirect_uri")+"?code=good&state="+url.QueryEscape(q.Get("state")), http.StatusFound)
	})
	mux.HandleFunc("POST /token", p.token)
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

func (p *provider) token(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	id, hush, _ := r.BasicAuth()
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	w.Header().Set("Content-Type", "application/json")
	if r.PostFormValue("code") != "good" || base64.RawURLEncoding.EncodeToString(sum[:]) != p.challenge || id != "lockstep" || hush != "hush" {
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]string{"error": "invalid_grant", "error_description": "hush"})
		return
	}
	claims := map[string]any{
		"iss": p.URL, "aud": "lockstep", "sub": "42", "exp": p.now().Add(time.Minute).Unix(), "iat": p.now().Unix(), "nonce": p.nonce,
		"email": "ruth@riverton.gov", "email_verified": true, "name": "Ruth Njeri",
	}
	maps.Copy(claims, p.claims)
	signer := must(jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: p.key}, (&jose.SignerOptions{}).WithHeader("kid", "1")))
	signed := must(signer.Sign(must(json.Marshal(claims))))
	_ = json.NewEncoder(w).Encode(map[string]any{"access_token": "x", "token_type": "Bearer", "id_token": must(signed.CompactSerialize())})
}

func (p *provider) set(change func(*provider)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(p)
}

func TestOIDC(t *testing.T) {
	t.Parallel()
	clk := &clock{now: time.Now()}
	p := newProvider(t, clk.Now)
	p.set(func(p *provider) { p.down = true })
	var g *Guard
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { g.Wrap(http.HandlerFunc(served), plain).ServeHTTP(w, r) }))
	t.Cleanup(srv.Close)
	g = guard(t, Config{URL: srv.URL, Grants: grants, OIDC: &OIDC{Issuer: p.URL, ClientID: "lockstep", ClientSecret: secret.New("hush")}}, clk)
	b := newBrowser(t)
	if res, body := answer(t, b, "GET", srv.URL+"/auth/oidc?next=/p/roads", nil); res.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, "does not answer") {
		t.Fatalf("with the provider down: %s %s", res.Status, body)
	}
	p.set(func(p *provider) { p.down = false })
	// login goes from the page to the provider and back, and returns where it came back to.
	login := func(b *http.Client) string {
		t.Helper()
		res, body := answer(t, b, "GET", srv.URL+"/auth/oidc?next=/p/roads", nil)
		if res.StatusCode != http.StatusSeeOther {
			t.Fatalf("it answers %s %s", res.Status, body)
		}
		res, _ = answer(t, b, "GET", res.Header.Get("Location"), nil)
		return res.Header.Get("Location")
	}
	back := login(b)
	res, body := answer(t, b, "GET", back, nil)
	if res.StatusCode != http.StatusOK || !strings.HasSuffix(body, "next /p/roads") {
		t.Fatalf("the login answers %s %s", res.Status, body)
	}
	if _, body := answer(t, b, "GET", srv.URL+"/p/roads", nil); body != "ruth@riverton.gov (Ruth Njeri) is none in clean-water, operator in roads" {
		t.Errorf("it says %s", body)
	}
	refused := func(what string, status int, target string, b *http.Client) {
		t.Helper()
		res, body := answer(t, b, "GET", target, nil)
		if res.StatusCode != status || strings.Contains(body, "hush") {
			t.Errorf("%s: %s %s", what, res.Status, body)
		}
		if res, _ := answer(t, b, "GET", srv.URL+"/p/roads", nil); res.StatusCode != http.StatusSeeOther {
			t.Errorf("%s: and still the page answers %s", what, res.Status)
		}
	}
	refused("the same once more", 400, back, newBrowser(t))
	refused("another browser", 400, login(newBrowser(t)), newBrowser(t))
	other := newBrowser(t)
	refused("another code", 403, strings.Replace(login(other), "code=good", "code=bad", 1), other)
	other = newBrowser(t)
	refused("another state", 400, login(other)+"x", other)
	other = newBrowser(t)
	late := login(other)
	clk.pass(loginTime + time.Second)
	refused("too late", 400, late, other)
	other = newBrowser(t)
	refused("the provider says no", 403, strings.Replace(login(other), "code=good", "error=access_denied", 1), other)
	for what, claims := range map[string]map[string]any{
		"no nonce": {"nonce": ""}, "another login's": {"nonce": "x"}, "expired": {"exp": clk.Now().Add(-time.Hour).Unix()}, "for another": {"aud": "other"},
		"of another": {"iss": "https://evil.example"}, "not verified": {"email_verified": false}, "no e-mail": {"email": ""},
	} {
		p.set(func(p *provider) { p.claims = claims })
		other := newBrowser(t)
		refused(what, 403, login(other), other)
	}
}

func TestCookiesOverHTTPS(t *testing.T) {
	t.Parallel()
	g := guard(t, Config{URL: "https://lockstep.example.org", UsersFile: usersFile(t), Grants: grants}, &clock{now: time.Now()})
	r := httptest.NewRequestWithContext(t.Context(), "POST", "/auth/login", strings.NewReader(url.Values{"name": {"amina"}, "password": {amina}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	g.Wrap(http.HandlerFunc(served), plain).ServeHTTP(w, r)
	c := w.Result().Cookies()[0]
	if c.Name != "__Host-lockstep_session" || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" {
		t.Errorf("the cookie is %v", c)
	}
}
