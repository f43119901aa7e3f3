package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/lockstep-sync/lockstep/internal/secret"
)

// OIDC is a login provider that speaks OpenID Connect.
type OIDC struct {
	Issuer       string
	ClientID     string
	ClientSecret secret.Text
}

// callbackPath is where the provider sends people back to: give it auth.url and this.
const callbackPath = "/auth/callback"

const (
	// loginTime is how long a login may take, and providerTime how long the provider may take to answer.
	loginTime, providerTime = 10 * time.Minute, 10 * time.Second
	// mostLogins is how many logins may be under way.
	mostLogins = 10_000
	flowCookie = "lockstep_login"
)

// oidcLogin logs people in with a provider: authorization code, with PKCE, state and nonce.
type oidcLogin struct {
	c      OIDC
	url    string
	o      Options
	secure bool

	mu       sync.Mutex
	provider *oidc.Provider
	flows    map[string]flow // by state
}

// flow is one login under way.
type flow struct {
	nonce, verifier, next string
	until                 time.Time
}

func newOIDC(c OIDC, url string, o Options) *oidcLogin {
	return &oidcLogin{c: c, url: url, o: o, secure: strings.HasPrefix(url, "https://"), flows: make(map[string]flow)}
}

// ready asks the provider what it can do, once.
func (l *oidcLogin) ready(ctx context.Context) (*oidc.Provider, *oauth2.Config, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.provider == nil {
		p, err := oidc.NewProvider(ctx, l.c.Issuer)
		if err != nil {
			return nil, nil, fmt.Errorf("ask the login provider %s: %w", l.c.Issuer, err)
		}
		l.provider = p
	}
	return l.provider, &oauth2.Config{
		ClientID: l.c.ClientID, ClientSecret: l.c.ClientSecret.Reveal(), Endpoint: l.provider.Endpoint(), RedirectURL: l.url + callbackPath,
		Scopes: []string{oidc.ScopeOpenID, "email", "profile"},
	}, nil
}

// outbound is a context in which the provider is asked.
func (l *oidcLogin) outbound(ctx context.Context) (context.Context, context.CancelFunc) {
	client := l.o.Client
	if client == nil {
		client = &http.Client{Timeout: providerTime}
	}
	return context.WithTimeout(oidc.ClientContext(ctx, client), providerTime)
}

// begin sends somebody to the provider.
func (g *Guard) begin(w http.ResponseWriter, r *http.Request, render Render) {
	l := g.oidc
	// The provider's keys are fetched by what outlives this request.
	ctx, cancel := l.outbound(context.WithoutCancel(r.Context()))
	defer cancel()
	_, conf, err := l.ready(ctx)
	if err != nil {
		g.o.Log.Error("nobody can log in", "err", err, "hint", "see that the provider can be reached, and that auth.oidc.issuer is right")
		render(w, r, http.StatusServiceUnavailable, g.loginPage(r.URL.Query().Get("next"), "The login provider does not answer. Try again in a moment; the log says more."))
		return
	}
	f := flow{nonce: rand.Text(), verifier: oauth2.GenerateVerifier(), next: local(r.URL.Query().Get("next")), until: g.o.Now().Add(loginTime)}
	state := rand.Text()
	l.remember(state, f, g.o.Now())
	// The provider leads back from another site, with which a strict cookie would not be sent.
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Lax on purpose, and Secure wherever the page is
		Name: cookieName(l.secure, flowCookie), Value: state, Path: "/", MaxAge: int(loginTime.Seconds()), HttpOnly: true, Secure: l.secure, SameSite: http.SameSiteLaxMode,
	})
	http.Redirect(w, r, conf.AuthCodeURL(state, oidc.Nonce(f.nonce), oauth2.S256ChallengeOption(f.verifier)), http.StatusSeeOther)
}

// remember keeps a login under way, and forgets those that took too long.
func (l *oidcLogin) remember(state string, f flow, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for s, x := range l.flows {
		if now.After(x.until) {
			delete(l.flows, s)
		}
	}
	if len(l.flows) >= mostLogins {
		clear(l.flows)
	}
	l.flows[state] = f
}

// take ends a login under way: a state is good once.
func (l *oidcLogin) take(state string, now time.Time) (flow, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f, ok := l.flows[state]
	delete(l.flows, state)
	return f, ok && !now.After(f.until)
}

// callback is where the provider sends people back to.
func (g *Guard) callback(w http.ResponseWriter, r *http.Request, render Render) {
	l, q := g.oidc, r.URL.Query()
	http.SetCookie(w, &http.Cookie{Name: cookieName(l.secure, flowCookie), Path: "/", MaxAge: -1, HttpOnly: true, Secure: l.secure, SameSite: http.SameSiteLaxMode}) //nolint:gosec // likewise
	state := q.Get("state")
	cookie, err := r.Cookie(cookieName(l.secure, flowCookie))
	f, ok := l.take(state, g.o.Now())
	if err != nil || !ok || subtle.ConstantTimeCompare([]byte(cookie.Value), []byte(state)) != 1 {
		render(w, r, http.StatusBadRequest, g.loginPage("/", "The login took too long, or began in another browser. Log in once more."))
		return
	}
	if q.Get("error") != "" {
		g.o.Log.Warn("the login provider refused somebody", "err", clip(q.Get("error")))
		render(w, r, http.StatusForbidden, g.loginPage(f.next, "The login provider did not let you in."))
		return
	}
	id, name, err := l.identity(r.Context(), q.Get("code"), f)
	if err != nil {
		g.o.Log.Warn("a login came to nothing", "err", err)
		render(w, r, http.StatusForbidden, g.loginPage(f.next, "The login provider’s answer cannot be accepted: the log says why. Log in once more, or ask whoever runs Lockstep."))
		return
	}
	g.enter(w, r, render, id, name, f.next)
}

// identity turns a code into who it is.
func (l *oidcLogin) identity(ctx context.Context, code string, f flow) (id, name string, err error) {
	ctx, cancel := l.outbound(ctx)
	defer cancel()
	provider, conf, err := l.ready(ctx)
	if err != nil {
		return "", "", err
	}
	token, err := conf.Exchange(ctx, code, oauth2.VerifierOption(f.verifier))
	if err != nil {
		if e, ok := errors.AsType[*oauth2.RetrieveError](err); ok { // its text holds the provider's whole answer
			err = fmt.Errorf("the provider answered %s", clip(e.ErrorCode))
		}
		return "", "", fmt.Errorf("exchange the code: %w", err)
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return "", "", errors.New("the provider sent no id token")
	}
	verified, err := provider.Verifier(&oidc.Config{ClientID: l.c.ClientID, Now: l.o.Now}).Verify(ctx, raw)
	if err != nil {
		return "", "", fmt.Errorf("verify the id token: %w", err)
	}
	if subtle.ConstantTimeCompare([]byte(verified.Nonce), []byte(f.nonce)) != 1 {
		return "", "", errors.New("the id token is another login's")
	}
	var claims struct {
		Email    string `json:"email"`
		Verified bool   `json:"email_verified"`
		Name     string `json:"name"`
	}
	if err := verified.Claims(&claims); err != nil {
		return "", "", fmt.Errorf("read the id token: %w", err)
	}
	if claims.Email == "" || !claims.Verified {
		return "", "", errors.New("the provider does not vouch for an e-mail address")
	}
	if claims.Name == "" {
		claims.Name = claims.Email
	}
	return claims.Email, clip(claims.Name), nil
}

// clip keeps what comes from outside short.
func clip(s string) string {
	if r := []rune(s); len(r) > 200 {
		return string(r[:200])
	}
	return s
}
