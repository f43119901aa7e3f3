package jira

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/lockstep-sync/lockstep/sync/fault"
)

// wireServer is what a Jira says of itself.
type wireServer struct {
	BaseURL    string `json:"baseUrl"`
	Deployment string `json:"deploymentType"`
}

// flavor is what the server is by its own word; "" where that is not clear.
func (s wireServer) flavor() string {
	switch strings.ToLower(strings.ReplaceAll(s.Deployment, " ", "")) {
	case "cloud":
		return flavorCloud
	case "server", "datacenter":
		return flavorDataCenter
	}
	return ""
}

// meet finds out once, before the first request that depends on it, which flavor of Jira answers. A configured flavor is
// taken at its word unless the server contradicts it: a proxy may hide serverInfo. An error is a *callError.
func (c *client) meet(ctx context.Context) error {
	if c.met {
		return nil
	}
	const op = "ask what kind of Jira this is"
	wrong := func(format string, args ...any) *callError {
		f := fault.New(fault.Permanent, fault.Invalid, op, format, args...)
		f.Source = c.source
		return &callError{fault: f, status: http.StatusOK}
	}
	var s wireServer
	err := c.send(ctx, op, http.MethodGet, "rest/api/2/serverInfo", nil, &s, true)
	said := s.flavor()
	configured := c.flavor == flavorCloud || c.flavor == flavorDataCenter
	switch {
	case configured && err != nil:
		if fault.Of(err).Kind == fault.Retryable {
			return err // whatever comes next would fare no better
		}
		said = c.flavor
	case configured && said != "" && said != c.flavor:
		e := wrong("the configuration says flavor %s, and the server says that it is %s", c.flavor, quoteName(s.Deployment))
		e.fault.Hint = "say flavor: " + said + " or auto, or check the url"
		return e
	case configured:
		said = c.flavor
	case err != nil:
		if call, ok := asCall(err); ok && call.status == http.StatusNotFound {
			call.fault.Hint = "check that the url is that of a Jira; if a proxy hides rest/api/2/serverInfo, say flavor: cloud or flavor: datacenter"
		}
		return err
	case said == "":
		e := wrong("the server does not say whether it is Cloud or Data Center (deploymentType is %s)", quoteName(s.Deployment))
		e.fault.Hint = "say flavor: cloud or flavor: datacenter for this source, and check the url"
		return e
	}
	c.d = cloud(c.cloudAPI)
	if said == flavorDataCenter {
		c.d = dataCenter()
	}
	c.met = true
	if c.introduced != nil {
		c.introduced(s)
	}
	return nil
}

// introduced takes what the server said of itself.
func (c *Connector) introduced(s wireServer) {
	c.people = newPeople(c.cfg.People, c.api.d)
	site, err := url.Parse(s.BaseURL)
	if u, bad := url.Parse(c.base); bad != nil || err != nil || !strings.EqualFold(u.Hostname(), gatewayHost) {
		return
	}
	if site.Scheme == "https" && site.Host != "" && site.User == nil {
		c.base = strings.TrimRight(site.Scheme+"://"+site.Host+site.EscapedPath(), "/") // where people find the issues
	}
}
