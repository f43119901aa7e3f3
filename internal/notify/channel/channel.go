package channel

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/lockstep-sync/lockstep/connectors/transport"
	"github.com/lockstep-sync/lockstep/internal/secret"
	"github.com/lockstep-sync/lockstep/sync/fault"
)

// Sender brings messages to one place.
type Sender interface {
	// Send returns nil when the message was taken. Its errors are *fault.Error; unsure says that the message may have arrived all the
	// same.
	Send(ctx context.Context, m Message) (unsure bool, err error)
	// Place names where messages go, without a secret: "Slack", "mail to board@example.org".
	Place() string
}

// web posts JSON.
type web struct {
	client *http.Client
	where  string // for errors: the tool's name
}

// newWeb speaks through base; nil is a connection of its own. What is secret stays out of errors.
func newWeb(base http.RoundTripper, where string, authorize func(*http.Request), secrets ...string) web {
	return web{transport.NewClient(transport.Options{Base: base, Authorize: authorize, MaxBody: 1 << 20, Secrets: secrets}), where}
}

// webhook is an address to which messages are posted. It is a secret.
type webhook struct {
	web
	address string
}

func newWebhook(base http.RoundTripper, where string, address secret.Text) webhook {
	return webhook{newWeb(base, where, nil, hidden(address.Reveal())...), address.Reveal()}
}

// Place is the tool's name.
func (w webhook) Place() string { return w.where }

func (w webhook) post(ctx context.Context, v any) (answer string, unsure bool, err error) {
	return w.call(ctx, http.MethodPost, w.address, v)
}

// call sends v. The answer's body is text, for who wants to look whether it says what it should.
func (w web) call(ctx context.Context, method, address string, v any) (answer string, unsure bool, err error) {
	op := "send a message to " + w.where
	once := method != http.MethodPut // what is put may be put again
	data, err := json.Marshal(v)
	if err != nil {
		return "", false, fault.New(fault.Permanent, fault.Invalid, op, "%w", err)
	}
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(data))
	if err != nil { // its text would hold the address
		return "", false, fault.New(fault.Permanent, fault.Invalid, op, "the address is none").WithHint("check its webhook in the configuration")
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := w.client.Do(req)
	if err != nil {
		f, uncertain := transport.FromError(op, err)
		return "", uncertain && once, f
	}
	body, err := io.ReadAll(resp.Body) // the client has read it whole
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return "", once, fault.New(fault.Retryable, fault.Unavailable, op, "%w", err)
	}
	if resp.StatusCode >= 200 && resp.StatusCode < 300 {
		return string(body), false, nil
	}
	f := transport.FromResponse(op, resp, body) //nolint:contextcheck // the answer is here: nothing is sent
	if resp.StatusCode == http.StatusNotFound || resp.StatusCode == http.StatusGone || resp.StatusCode == http.StatusForbidden {
		f.Hint = "the channel, or its webhook, was taken away or is not allowed: make a new one in " + w.where + ", and put it into the configuration"
	}
	return "", transport.UncertainStatus(resp.StatusCode) && once, f
}

// hidden are the parts of an address that nobody is to see: in a webhook the path and the query are the key.
func hidden(address string) []string {
	out := []string{address}
	if u, err := url.Parse(address); err == nil {
		for _, s := range []string{u.Path, u.EscapedPath(), u.RawQuery} {
			if len(s) > 1 {
				out = append(out, s)
			}
		}
	}
	return out
}

// CheckAddress says what is wrong with the address of a webhook or a server; nil when nothing is. Plain http is for this machine alone:
// who can read a webhook's address can write to the channel.
func CheckAddress(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return errors.New("no address: write one that begins with https://")
	case u.User != nil:
		return errors.New("an address with a login in it: leave the login out")
	case u.Scheme == "http" && u.Hostname() != "localhost" && u.Hostname() != "127.0.0.1" && u.Hostname() != "::1":
		return fmt.Errorf("without encryption: write https:// for %s", u.Host)
	}
	return nil
}
