package transport

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
)

const redacted = "[redacted]"

// redactor takes secrets out of texts, in each form in which a server may send them back.
type redactor struct {
	mu    sync.Mutex
	forms []string
}

func newRedactor(secrets []string) *redactor {
	r := &redactor{}
	for _, s := range secrets {
		r.add(s)
	}
	return r
}

// learn adds the credential of an Authorization header.
func (r *redactor) learn(header string) {
	if header == "" {
		return
	}
	scheme, credential, ok := strings.Cut(header, " ")
	if !ok {
		r.add(header)
		return
	}
	r.add(credential)
	if !strings.EqualFold(scheme, "basic") {
		return
	}
	if plain, err := base64.StdEncoding.DecodeString(credential); err == nil {
		if _, password, ok := strings.Cut(string(plain), ":"); ok {
			r.add(password)
		}
	}
}

func (r *redactor) add(secret string) {
	if secret = strings.TrimSpace(secret); secret == "" {
		return
	}
	forms := []string{
		secret, url.QueryEscape(secret), url.PathEscape(secret),
		base64.StdEncoding.EncodeToString([]byte(secret)), base64.URLEncoding.EncodeToString([]byte(secret)),
		base64.RawURLEncoding.EncodeToString([]byte(secret)), strings.Trim(fmt.Sprintf("%q", secret), `"`),
	}
	if b, err := json.Marshal(secret); err == nil {
		forms = append(forms, strings.Trim(string(b), `"`))
	}
	var plain bytes.Buffer
	enc := json.NewEncoder(&plain)
	enc.SetEscapeHTML(false)
	if enc.Encode(secret) == nil {
		forms = append(forms, strings.Trim(strings.TrimSpace(plain.String()), `"`))
	}
	forms = append(forms, html.EscapeString(secret))
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range forms {
		if f != "" && !slices.Contains(r.forms, f) {
			r.forms = append(r.forms, f)
		}
	}
	// Longest first: a form that is part of another must not break it up.
	slices.SortFunc(r.forms, func(a, b string) int { return len(b) - len(a) })
}

func (r *redactor) text(s string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range r.forms {
		s = strings.ReplaceAll(s, f, redacted)
	}
	return s
}

// body takes secrets out of an error answer, which its reader will quote.
func (r *redactor) body(resp *http.Response) error {
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("read an error answer: %w", err)
	}
	b = []byte(r.text(string(b)))
	resp.Body = io.NopCloser(bytes.NewReader(b))
	resp.ContentLength = int64(len(b))
	return nil
}
