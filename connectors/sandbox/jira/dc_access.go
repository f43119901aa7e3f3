package jira

import (
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// How Data Center meets credentials, as measured on 10.3: a wrong password is a failed login, 401 wherever it comes; a
// personal access token that it does not know is no login at all, and is served as a stranger is. A search then answers 200
// and finds nothing. Only X-AUSERNAME tells.

// maxFailures is after how many wrong passwords an account is locked, also for the right one.
const maxFailures = 3

// letInDC says who asks.
func (c *call) letInDC() (headers map[string]string, refused *answer) {
	s := c.s
	headers = map[string]string{"X-AREQUESTID": "sandbox", "X-ANODEID": "node1", "X-AUSERNAME": "anonymous"}
	name, password, basic := c.r.BasicAuth()
	token, bearer := strings.CutPrefix(c.r.Header.Get("Authorization"), "Bearer ")
	switch {
	case (basic || bearer) && s.expiry == TokenSilent:
		c.stranger = true
	case basic:
		return c.logIn(headers, name, password)
	case bearer && s.expiry == TokenRefused:
		a := mustLogInDC()
		return nil, &a
	case bearer && right(token, s.opts.Token):
		headers["X-AUSERNAME"] = url.QueryEscape(s.bot.account)
	default: // also a header that is neither
		c.stranger = true
	}
	return headers, nil
}

// logIn tries a user name and a password. Each failure of an account counts.
func (c *call) logIn(headers map[string]string, name, password string) (map[string]string, *answer) {
	s := c.s
	ours := strings.EqualFold(name, s.bot.account)
	refuse := func(status int, reason string) (map[string]string, *answer) {
		a := failedLogin(status, reason)
		maps.Copy(a.header, headers)
		return nil, &a
	}
	switch {
	case s.expiry == TokenRefused: // by order, and so not counted
		return refuse(http.StatusUnauthorized, loginFailed)
	case ours && s.failures >= maxFailures:
		headers["X-Authentication-Denied-Reason"] = "CAPTCHA_CHALLENGE; login-url=" + c.lens().base + "/login.jsp"
		return refuse(http.StatusForbidden, "AUTHENTICATION_DENIED")
	case !ours || !right(password, s.opts.Token):
		if ours {
			s.failures++
		}
		return refuse(http.StatusUnauthorized, loginFailed)
	}
	s.failures = 0
	headers["X-AUSERNAME"], headers["X-Seraph-LoginReason"] = url.QueryEscape(s.bot.account), "OK"
	return headers, nil
}

// failedLogin is a page, not JSON, whatever the client accepts.
func failedLogin(status int, reason string) answer {
	text, code := http.StatusText(status), strconv.Itoa(status)
	page := strings.NewReplacer("{text}", text, "{code}", code, "{reason}", reason).Replace(loginPage)
	return answer{status: status, plain: page, header: map[string]string{
		"Content-Type": "text/html;charset=UTF-8", "X-Seraph-LoginReason": reason, "WWW-Authenticate": realm,
	}}
}

const (
	realm     = `OAuth realm="https%3A%2F%2Fjira.example.org"`
	loginPage = `<!DOCTYPE html>
<html>
<head><title>{text} ({code})</title></head>
<body>
<h1>{text} ({code})</h1>
<div class="aui-message aui-message-warning warning">
<p>Encountered a <code>&quot;{code} - {text}&quot;</code> error while loading this page.</p>
<p>Basic Authentication Failure - Reason : {reason}</p>
<p><a href="/secure/MyJiraHome.jspa">Go to Jira home</a></p>
</div>
</body>
</html>
`
)

func mustLogInDC() answer {
	return answer{
		status: http.StatusUnauthorized,
		body: map[string]any{
			"message": "Client must be authenticated to access this resource.", "status-code": http.StatusUnauthorized,
		},
		header: map[string]string{"WWW-Authenticate": realm},
	}
}

// unseenDC is the answer about an issue that is not there, or not for who asks; nil stands for one that is not there. Unlike
// Cloud, Data Center tells the two apart.
func (c *call) unseenDC(i *issue) answer {
	const noPermission = "You do not have the permission to see the specified issue."
	switch {
	case i == nil:
		return fail(http.StatusNotFound, "Issue Does Not Exist")
	case c.stranger:
		return fail(http.StatusUnauthorized, noPermission, "Login Required")
	}
	return fail(http.StatusForbidden, noPermission)
}
