package transport

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/lockstep-sync/lockstep/sync/fault"
)

type verdict struct {
	kind   fault.Kind
	reason fault.Reason
	hint   string
}

// verdictOf is the one table of what a status means, whatever the tool.
func verdictOf(status int) verdict {
	switch status {
	case http.StatusUnauthorized:
		return verdict{fault.Permanent, fault.Auth, "the tool refused the credential: check the account and its token, which may have expired"}
	case http.StatusForbidden:
		return verdict{fault.Permanent, fault.Auth, "the account may not do this: give it the permission in the tool"}
	case http.StatusProxyAuthRequired:
		return verdict{fault.Permanent, fault.Auth, "the proxy wants a credential: put it into the proxy's address in HTTPS_PROXY"}
	case http.StatusPaymentRequired:
		return verdict{fault.Permanent, fault.Unavailable, "the tool says that it is not paid for: look into its billing"}
	case http.StatusNotFound, http.StatusGone:
		return verdict{fault.Permanent, fault.NotFound, "there is no such thing, or the account may not see it: check the address and the account's access"}
	case http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return verdict{fault.Permanent, fault.Unsupported, "the tool cannot do this: check that the address is the tool's own"}
	case http.StatusRequestTimeout, http.StatusGatewayTimeout:
		return verdict{fault.Retryable, fault.Timeout, ""}
	case http.StatusConflict, http.StatusPreconditionFailed:
		return verdict{fault.Conflict, fault.Precondition, ""}
	case http.StatusTooManyRequests:
		return verdict{fault.Retryable, fault.RateLimited, ""}
	case http.StatusLocked, http.StatusTooEarly:
		return verdict{fault.Retryable, fault.Unavailable, ""}
	}
	switch {
	case status >= 500:
		return verdict{fault.Retryable, fault.Unavailable, ""}
	case status >= 400:
		return verdict{fault.Permanent, fault.Invalid, "the tool refused what was sent; its answer says why"}
	case status >= 300:
		return verdict{fault.Permanent, fault.Invalid, "the address leads elsewhere: configure the tool's own address"}
	}
	return verdict{fault.Permanent, fault.Invalid, "the answer is not what this tool gives: a login page or a proxy may stand before it, so check the address"}
}

// UncertainStatus reports that a write answered with this status may have landed all the same: the tool, or a gateway
// before it, gave up on the way.
func UncertainStatus(status int) bool { return status >= 500 || status == http.StatusRequestTimeout }

// FromResponse tells what an answer that is no success means. It may also be asked about a 200 whose body is not what
// was expected. Of the body a short text is quoted, without the secrets that
// NewClient was told of.
func FromResponse(op string, resp *http.Response, body []byte) *fault.Error {
	v := verdictOf(resp.StatusCode)
	f := &fault.Error{Kind: v.kind, Reason: v.reason, Op: op, Hint: v.hint}
	if resp.StatusCode == http.StatusForbidden && googleLimit(body) {
		// Google says 403 where others say 429.
		f.Kind, f.Reason, f.Hint = fault.Retryable, fault.RateLimited, ""
	}
	if f.Kind == fault.Retryable {
		f.RetryAfter = pause(resp, body)
	}
	status := fmt.Sprintf("%d %s", resp.StatusCode, http.StatusText(resp.StatusCode))
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		if u, err := url.Parse(resp.Header.Get("Location")); err == nil && u.Host != "" {
			status += " to " + clip(u.Scheme+"://"+u.Host, 100)
		}
		if loginPage(resp.Header.Get("Location")) {
			f.Hint = "the site sends us to a page where people log in, so it does not let the credential in: check the account and " +
				"its token, and that single sign-on lets API tokens pass"
		}
	}
	text := errorText(resp.Header.Get("Content-Type"), body)
	if resp.Request != nil {
		if fl := flightOf(resp.Request.Context()); fl != nil {
			f.Source, status, text = fl.source, fl.redact.text(status), fl.redact.text(text)
		}
	}
	if text == "" {
		f.Err = errors.New(status)
	} else {
		f.Err = fmt.Errorf("%s: %s", status, text)
	}
	return f
}

// loginPage reports that a redirect leads to where people log in.
func loginPage(location string) bool {
	location = strings.ToLower(location)
	return slices.ContainsFunc([]string{"login", "signin", "sign-in", "logon", "saml", "sso", "oauth", "authorize"}, func(word string) bool {
		return strings.Contains(location, word)
	})
}

func googleLimit(body []byte) bool {
	var g struct {
		Error struct {
			Status string `json:"status"`
			Errors []struct {
				Reason string `json:"reason"`
			} `json:"errors"`
		} `json:"error"`
	}
	if json.Unmarshal(body, &g) != nil {
		return false
	}
	for _, e := range g.Error.Errors {
		switch e.Reason {
		case "rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "dailyLimitExceeded", "sharingRateLimitExceeded":
			return true
		}
	}
	return g.Error.Status == "RESOURCE_EXHAUSTED"
}

const textLimit = 300

// errorText is what an error body says, short and on one line: the known shapes of Jira and Google, a page's title, or
// the text itself. It is "" where there is nothing to say.
func errorText(contentType string, body []byte) string {
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		return ""
	}
	if body[0] == '{' || body[0] == '[' {
		if said := jsonTexts(body); len(said) > 0 {
			return clip(strings.Join(said, "; "), textLimit)
		}
	}
	if strings.Contains(contentType, "html") || body[0] == '<' {
		if m := pageTitle(body); m != "" {
			return "a web page titled " + fmt.Sprintf("%q", clip(m, 100))
		}
		return "a web page"
	}
	return clip(string(body), textLimit)
}

func pageTitle(body []byte) string {
	m := regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`).FindSubmatch(body[:min(len(body), 16<<10)])
	if m == nil {
		return ""
	}
	return string(m[1])
}

func jsonTexts(body []byte) []string {
	var b struct {
		ErrorMessages []string        `json:"errorMessages"`
		Errors        json.RawMessage `json:"errors"`
		Message       string          `json:"message"`
		Detail        string          `json:"detail"`
		Title         string          `json:"title"`
		Error         json.RawMessage `json:"error"`
		Description   string          `json:"error_description"`
	}
	if json.Unmarshal(body, &b) != nil {
		return nil
	}
	said := b.ErrorMessages
	var byField map[string]string
	var list []struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(b.Errors, &byField) == nil {
		for _, field := range slices.Sorted(maps.Keys(byField)) {
			said = append(said, field+": "+byField[field])
		}
	} else if json.Unmarshal(b.Errors, &list) == nil {
		for _, e := range list {
			said = append(said, e.Message)
		}
	}
	var google struct {
		Message string `json:"message"`
	}
	var word string
	if json.Unmarshal(b.Error, &google) == nil {
		said = append(said, google.Message)
	} else if json.Unmarshal(b.Error, &word) == nil {
		said = append(said, word)
	}
	said = append(said, b.Message, b.Description)
	if b.Detail != "" {
		said = append(said, b.Detail)
	} else {
		said = append(said, b.Title)
	}
	return slices.DeleteFunc(said, func(s string) bool { return strings.TrimSpace(s) == "" })
}

// clip puts a text on one line without control characters and cuts it to n characters.
func clip(s string, n int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > n {
		return strings.TrimSpace(string(r[:n])) + "…"
	}
	return s
}
