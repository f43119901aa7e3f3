package jira

import (
	"context"
	"net/url"
	"strings"
)

// The flavors of Jira, as the configuration names them.
const (
	flavorAuto       = "auto"
	flavorCloud      = "cloud"
	flavorDataCenter = "datacenter"
)

// dialect is how one flavor of Jira is spoken to. Every difference between the flavors is a line of this table and a field
// of this type; nothing else in the package asks which flavor it is.
//
//	what                    Jira Cloud                                Jira Data Center
//	------------------------------------------------------------------------------------------------------------------
//	told by serverInfo      deploymentType Cloud                      deploymentType Server or DataCenter
//	login                   e-mail and API token (Basic), or an       user name and password (Basic), or a personal
//	                        OAuth token alone (Bearer)                access token alone (Bearer)
//	paths                   rest/api/3; 2 with Options.CloudAPI       rest/api/2
//	search                  POST search/jql, page by token, our       POST search, page by offset and by the size that the
//	                        own writes past the index                 server chose: pages overlap, see searchByOffset
//	number of issues        POST search/approximate-count             the total of a search for none
//	direct read             POST issue/bulkfetch, 100 at a time       GET issue/{id} each
//	read-back               the answer of the edit, else a direct     a search by id, believed where it shows what was
//	                        read                                      written, else a direct read: see fetchFresh
//	edit without e-mails    notifyUsers=false, ignored where it is    notifyUsers=false answers 403 where it is not allowed,
//	                        not allowed, or left out after a 403      so it is sent to administered projects only
//	many moves at once      POST rest/api/3/bulk/issues/transition,   one by one
//	                        by whom may make bulk changes
//	a user is               accountId                                 name, in which case does not count
//	a user is found by      user/search?query=                        user/search?username=
//	createmeta lists are    issueTypes, fields                        values, values
//	the epic of an issue    its parent, with its summary              the key alone, in the field Epic Link; only sub-tasks
//	                                                                  have a parent
//	texts with layout       documents (ADF); as on Data Center on     wiki markup
//	                        version 2
type dialect struct {
	flavor string
	name   string // as people call the product
	api    int    // the version in its paths

	search func(*client, context.Context, string, searchRequest) (searchPage, error)
	count  func(c *client, ctx context.Context, jql string) (int, error)
	fetch  func(c *client, ctx context.Context, op string, ids, fields []string) (map[string]*wireIssue, error)
	fresh  func(c *client, ctx context.Context, op string, ids, fields []string, ok func(*wireIssue) bool) (map[string]*wireIssue, error)
	edit   func(c *client, ctx context.Context, id string, body map[string]any) (*wireIssue, error)
	crowds bool // many issues can be moved at once

	account    func(wireUser) string // what a user is known by; "" where Jira does not say
	accountRef string                // the key under which an account is written
	accountIs  string                // what people call that
	anyCase    bool                  // accounts that differ only in case are the same
	userQuery  string                // the parameter that looks for a user

	typesIn, fieldsIn string // where createmeta's answers hold their lists
	documents         bool   // texts with layout are documents
	epicLinks         bool   // the epic of an issue stands in a field of its own

	noLogin string // what to do where the credential is not accepted
}

// cloud is the dialect of Jira Cloud on paths of a version, 3 or 2.
func cloud(api int) dialect {
	return dialect{
		flavor: flavorCloud, name: "Jira Cloud", api: api,
		search: (*client).searchByToken, count: (*client).countAbout, fetch: (*client).fetchBulk, fresh: (*client).fetchPast, edit: (*client).editReturning, crowds: true,
		account: func(u wireUser) string { return u.AccountID }, accountRef: "accountId", accountIs: "account id", userQuery: "query",
		typesIn: "issueTypes", fieldsIn: "fields", documents: api >= 3,
		noLogin: "make a new API token for the account and put it into token_file, and check email",
	}
}

// dataCenter is the dialect of Jira Data Center, and of Jira Server before it.
func dataCenter() dialect {
	return dialect{
		flavor: flavorDataCenter, name: "Jira Data Center", api: 2,
		search: (*client).searchByOffset, count: (*client).countAll, fetch: (*client).fetchEach, fresh: (*client).fetchFound, edit: (*client).editQuietly,
		account: func(u wireUser) string { return u.Name }, accountRef: "name", accountIs: "user name", anyCase: true, userQuery: "username",
		typesIn: "values", fieldsIn: "values", epicLinks: true,
		noLogin: "make a new personal access token for the account and put it into token_file, and leave email out",
	}
}

// expected is the dialect that is spoken until the server has said what it is: the configured one, or Cloud's.
func expected(cfg Config, api int) dialect {
	if cfg.Flavor == flavorDataCenter {
		return dataCenter()
	}
	d := cloud(api)
	if cfg.Flavor != flavorCloud && !IsAtlassian(cfg.URL) {
		d.noLogin = "make a new token (API token on Jira Cloud, personal access token on Data Center) and put it into token_file"
	}
	return d
}

// sameAccount is the form in which accounts are compared.
func (d dialect) sameAccount(id string) string {
	if d.anyCase {
		return strings.ToLower(strings.TrimSpace(id))
	}
	return id
}

// user is an account as Jira takes it in a field.
func (d dialect) user(account string) map[string]string {
	return map[string]string{d.accountRef: account}
}

// IsAtlassian reports that an address is Atlassian's own, where only Jira Cloud lives.
func IsAtlassian(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	host := strings.ToLower(u.Hostname())
	return strings.HasSuffix(host, ".atlassian.net") || host == gatewayHost
}

// gatewayHost is where OAuth tokens and scoped API tokens are taken: https://api.atlassian.com/ex/jira/{cloudId}. It
// shows no pages to people.
const gatewayHost = "api.atlassian.com"
