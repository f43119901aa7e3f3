package jira

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
)

// Flavor is which of Atlassian's two products a Server stands for. They share most of their API, and differ in who people
// are, in how search pages, in what a credential that is no good leads to, and in which endpoints there are.
type Flavor string

const (
	// Cloud is Jira Cloud, versions 2 and 3 of the API. It is the default.
	Cloud Flavor = ""
	// DataCenter is Jira Data Center 10.3: version 2 of the API, user names, search by offset.
	DataCenter Flavor = "datacenter"
)

// String is the flavor as people write it: "cloud" or "datacenter".
func (f Flavor) String() string {
	if f == Cloud {
		return "cloud"
	}
	return string(f)
}

// Flavor says which product the sandbox stands for.
func (s *Server) Flavor() Flavor { return s.opts.Flavor }

// product is the flavor as the pages call it.
func (s *Server) product() string {
	if s.dataCenter() {
		return "Jira Data Center 10.3"
	}
	return "Jira Cloud"
}

func (s *Server) dataCenter() bool { return s.opts.Flavor == DataCenter }

// strip takes away, on Data Center, what only Cloud says.
func (s *Server) strip(out map[string]any, keys ...string) map[string]any {
	if s.dataCenter() {
		for _, k := range keys {
			delete(out, k)
		}
	}
	return out
}

type handler func(*call) answer

// endpoint is one pattern of the router.
type endpoint struct {
	pattern string
	api     int
	who     access
	handle  handler
}

// endpoints says where a handler of Cloud's is served, and how: Data Center lacks some and answers others in its own way.
func (s *Server) endpoints(method, path string, who access, h handler) []endpoint {
	if !s.dataCenter() {
		return []endpoint{
			{method + " /rest/api/2" + path, 2, who, h},
			{method + " /rest/api/3" + path, 3, who, h},
		}
	}
	change, has := dataCenterEndpoints[method+" "+shape(path)]
	if !has {
		return nil
	}
	if change != nil {
		who, h = change(who, h)
	}
	return []endpoint{
		{method + " /rest/api/2" + path, 2, who, h},
		{method + " /rest/api/latest" + path, 2, who, h},
	}
}

// shape is a path without the names of its variable parts.
func shape(path string) string {
	parts := strings.Split(path, "/")
	for n, p := range parts {
		if strings.HasPrefix(p, "{") {
			parts[n] = "{}"
		}
	}
	return strings.Join(parts, "/")
}

// variant makes Data Center's way to serve an endpoint out of Cloud's.
type variant func(who access, h handler) (access, handler)

// instead serves an endpoint in Data Center's own way.
func instead(who access, h handler) variant {
	return func(access, handler) (access, handler) { return who, h }
}

// forMembers serves an endpoint as Cloud does, but not to strangers.
func forMembers(_ access, h handler) (access, handler) { return members, h }

// changed serves what f makes of Cloud's answer.
func changed(f func(*call, answer) answer) variant {
	return func(who access, h handler) (access, handler) {
		return who, func(c *call) answer { return f(c, h(c)) }
	}
}

// dataCenterEndpoints lists what Data Center 10.3 has of Cloud's endpoints, by their shape; nil serves them alike. What is
// not here it does not have: search/jql, approximate-count, bulkfetch, /issue/{}/changelog, /bulk, project/search, label.
// It is read-only.
var dataCenterEndpoints = map[string]variant{
	// A private site tells strangers nothing about itself (measured on 10.3.24).
	"GET /serverInfo":          instead(members, (*call).serverInfoDC),
	"GET /myself":              instead(members, (*call).myselfDC),
	"GET /mypermissions":       instead(strangers, (*call).myPermissionsDC),
	"GET /field":               changed((*call).withoutCloudFields),
	"GET /status":              nil,
	"GET /statuscategory":      nil,
	"GET /priority":            nil,
	"GET /resolution":          nil,
	"GET /issuetype":           nil,
	"GET /project":             nil,
	"GET /project/{}":          changed((*call).plainProject),
	"GET /project/{}/statuses": nil,
	// Issue security is of both.
	"GET /project/{}/securitylevel":          nil,
	"GET /user":                              instead(members, (*call).getUserDC),
	"GET /user/search":                       instead(strangers, (*call).searchUsersDC),
	"GET /user/assignable/search":            nil,
	"GET /search":                            instead(strangers, (*call).searchDC),
	"POST /search":                           instead(strangers, (*call).searchDC),
	"POST /issue":                            forMembers,
	"POST /issue/bulk":                       forMembers,
	"GET /issue/createmeta/{}/issuetypes/{}": changed((*call).asValues),
	"GET /issue/{}":                          changed((*call).plainIssue),
	"PUT /issue/{}":                          instead(strangers, (*call).editIssueDC),
	"DELETE /issue/{}":                       nil,
	"GET /issue/{}/editmeta":                 changed((*call).plainScreen),
	"GET /issue/{}/transitions":              ways,
	"POST /issue/{}/transitions":             nil,
	"GET /issue/{}/comment":                  nil,
	"POST /issue/{}/comment":                 lenientComments,
	"GET /issue/{}/comment/{}":               nil,
	"PUT /issue/{}/comment/{}":               lenientComments,
	"DELETE /issue/{}/comment/{}":            nil,
	"GET /comment/{}/properties":             nil,
	"GET /comment/{}/properties/{}":          nil,
	"PUT /comment/{}/properties/{}":          nil,
	"DELETE /comment/{}/properties/{}":       nil,
	"GET /issue/{}/properties":               nil,
	"GET /issue/{}/{}/{}":                    changed((*call).asValues), // a property, or createmeta: see getPart
	"PUT /issue/{}/properties/{}":            nil,
	"DELETE /issue/{}/properties/{}":         nil,
	"GET /issue/{}/remotelink":               nil,
	"POST /issue/{}/remotelink":              nil,
}

// ownEndpoints adds what Cloud's table lacks.
func (s *Server) ownEndpoints(on func(method, path string, who access, h func(*call) answer)) {
	if s.dataCenter() {
		on("GET", "/project", strangers, (*call).listProjects)
		on("GET", "/user/assignable/search", members, (*call).assignableUsersDC)
	}
}

// noPath is Data Center's answer for what its API does not have. 10.x says no longer for which address, as 9.x did with
// "null for uri: …".
func noPath(status int) map[string]any {
	return map[string]any{"message": "HTTP " + strconv.Itoa(status) + " " + http.StatusText(status), "status-code": status, "sub-code": -1}
}

// elsewhere is what a path that the API does not have is answered.
func (s *Server) elsewhere(mux *http.ServeMux) http.HandlerFunc {
	if !s.dataCenter() {
		return noEndpoint
	}
	return func(w http.ResponseWriter, r *http.Request) {
		status := http.StatusNotFound
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
			probe := r.Clone(r.Context())
			probe.Method = method
			if _, pattern := mux.Handler(probe); pattern != restPattern {
				status = http.StatusMethodNotAllowed // the path is there, for something else
			}
		}
		w.Header().Set("Content-Type", "application/json;charset=UTF-8")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(noPath(status))
	}
}
