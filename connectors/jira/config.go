package jira

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// Config says which Jira issues are a source, as it stands under `jira:` in the configuration file.
type Config struct {
	URL       string `yaml:"url"`
	Flavor    string `yaml:"flavor"` // "auto" (default: the server is asked), "cloud" or "datacenter"
	Email     string `yaml:"email"`  // with it, or a user name of Data Center, Basic login; without it a bearer token
	Token     string `yaml:"token"`
	TokenFile string `yaml:"token_file"`
	// JQL selects the issues. It must be bounded, as Jira Cloud demands: "project = WASH". Without it, it is the project
	// of Create. An ORDER BY is left out.
	JQL    string  `yaml:"jql"`
	Create *Create `yaml:"create"`
	// TransitionFields are what a transition's screen is given where it asks for a field that the issue has nothing in:
	// name or id of the Jira field → value. "comment" is the comment.
	TransitionFields map[string]string `yaml:"transition_fields"`
	// Comments makes comments the notes: "all" of them, or those that contain this word; "" for none.
	Comments string `yaml:"comments"`
	// WebhookSecret is what this Jira signs its webhooks with, or WebhookSecretFile holds it; without both none are listened to.
	WebhookSecret     string `yaml:"webhook_secret"`
	WebhookSecretFile string `yaml:"webhook_secret_file"`

	// Status and Fields come from the source's own `status:` and `fields:`; the loader fills them in.
	Status map[string][]string   `yaml:"-"` // status → names of Jira statuses or resolutions; the rest goes by category
	Fields map[task.Field]string `yaml:"-"` // field → Jira field id, name, or "component"; adds to DefaultFields, "" takes away
	People []Person              `yaml:"-"`
}

// Create says where a task that was born elsewhere becomes an issue. Without it none does.
type Create struct {
	Project   string `yaml:"project"`
	IssueType string `yaml:"issue_type"` // default "Task"
	// Fields are what a new issue gets where the task does not say it: name or id of the Jira field → value, in the form of
	// Config.TransitionFields.
	Fields map[string]string `yaml:"fields"`
}

// Person is somebody of the partnership with the identity that this Jira knows them by.
type Person struct {
	Name      string // canonical name
	Email     string
	Aliases   []string
	AccountID string // account id on Cloud, user name on Data Center; "" where the configuration does not say
}

// DefaultFields are the fields that are mapped without being configured, with the Jira fields that they are. The map is
// the caller's.
func DefaultFields() map[task.Field]string {
	return map[task.Field]string{
		task.Title: "summary", task.Status: "status", task.Assignee: "assignee", task.Due: "duedate",
		task.Priority: "priority", task.Labels: "labels",
	}
}

// mapping is DefaultFields with what the configuration says over it.
func (c Config) mapping() map[task.Field]string {
	m := DefaultFields()
	for f, to := range c.Fields {
		if to = strings.TrimSpace(to); to == "" {
			delete(m, f)
		} else {
			m[f] = to
		}
	}
	if c.Comments != "" {
		m[task.Notes] = commentField
	}
	return m
}

// Validate returns what is wrong with the configuration, nil where nothing is. Each error names its key.
func (c Config) Validate() []error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	c.validateAddress(bad)
	switch c.Flavor {
	case "", flavorAuto, flavorCloud:
	case flavorDataCenter:
		if IsAtlassian(c.URL) {
			bad("flavor: a Jira at atlassian.net is Cloud: say cloud or auto")
		}
	default:
		bad("flavor: %q is not known: say auto, cloud or datacenter", c.Flavor)
	}
	switch {
	case c.Token == "" && c.TokenFile == "":
		bad("token_file: say which file holds the API token, or on Data Center the personal access token")
	case c.Token != "" && c.TokenFile != "":
		bad("token: give either token or token_file, not both")
	}
	if c.selection() == "" {
		bad(`jql: say which issues belong to the partnership, such as "project = WASH"`)
	}
	if c.Create != nil && strings.TrimSpace(c.Create.Project) == "" {
		bad("create.project: say in which project a new issue is made, such as WASH")
	}
	if err := weakWebhookSecret(c.WebhookSecret); err != nil {
		bad("%w", err)
	}
	if c.WebhookSecret != "" && c.WebhookSecretFile != "" {
		bad("webhook_secret: give either webhook_secret or webhook_secret_file, not both")
	}
	switch notes, mapped := c.Fields[task.Notes]; {
	case c.Comments != "" && mapped && notes != commentField:
		bad("comments: the notes are mapped to %q under fields: keep one of the two", notes)
	case len(strings.Fields(c.Comments)) > 1:
		bad(`comments: %q is several words: say all, or one word such as "#partners"`, c.Comments)
	case c.Comments == "" && mapped && notes == commentField:
		bad(`fields.notes: say comments: all, or comments: "#partners", under jira: instead`)
	}
	c.validateStatus(bad)
	c.validateFields(bad)
	c.validateTransitions(bad)
	return errs
}

// webhookSecretMin is how many characters a webhook's secret must have: what is signed is known to whoever can make an issue,
// so that a short secret can be tried out on a webhook that was seen.
const webhookSecretMin = 16

// weakWebhookSecret says that a secret can be guessed; nil where it cannot, or where there is none.
func weakWebhookSecret(s string) error {
	if n := utf8.RuneCountInString(s); n > 0 && n < webhookSecretMin {
		return fmt.Errorf("webhook_secret: it has only %d characters, and can be guessed: use at least %d, such as `openssl rand -hex 32` makes, "+
			"here and in Jira", n, webhookSecretMin)
	}
	return nil
}

func (c Config) validateAddress(bad func(string, ...any)) {
	u, err := url.Parse(c.URL)
	switch {
	case c.URL == "":
		bad("url: say where this Jira is, such as https://aquafund.atlassian.net")
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		// The address is not repeated: it may hold a password.
		bad("url: this is not an address such as https://aquafund.atlassian.net")
	case u.User != nil:
		bad("url: take the user and password out of the address and use email and token_file")
	case u.RawQuery != "" || u.Fragment != "":
		bad("url: give the address of the site alone, such as https://aquafund.atlassian.net")
	}
}

func (c Config) validateStatus(bad func(string, ...any)) {
	names := map[string]string{}
	for _, status := range slices.Sorted(maps.Keys(c.Status)) {
		if !slices.Contains(task.Statuses(), status) {
			bad("status: %q is not a status: did you mean %s?", status, nearest(status, task.Statuses()))
			continue
		}
		for _, name := range c.Status[status] {
			n := fold(name)
			other, taken := names[n]
			switch {
			case n == "":
				bad("status.%s: a name is empty", status)
			case taken && other != status:
				bad("status.%s: %q stands under %s too: a Jira status can mean only one of them", status, name, other)
			}
			names[n] = status
		}
	}
}

func (c Config) validateFields(bad func(string, ...any)) {
	m := c.mapping()
	by := map[string]task.Field{}
	for _, f := range slices.Sorted(maps.Keys(m)) {
		to := fold(m[f])
		other, taken := by[to]
		switch {
		case f == task.Partner:
			bad("fields.partner: the partner of an issue is the partner whose Jira it is in: take this line out")
		case f == task.Status && to != "status":
			bad("fields.status: the status of an issue cannot be mapped to another field")
		case taken:
			bad("fields.%s: %q is mapped to %s too", f, m[f], other)
		}
		by[to] = f
	}
	if _, ok := m[task.Title]; !ok {
		bad("fields.title: a task cannot be without a title: take this line out")
	}
}

func (c Config) validateTransitions(bad func(string, ...any)) {
	if c.Create != nil {
		for _, name := range slices.Sorted(maps.Keys(c.Create.Fields)) {
			switch _, taken := ownFields[fold(name)]; {
			case strings.TrimSpace(name) == "" || strings.TrimSpace(c.Create.Fields[name]) == "":
				bad("create.fields: give each field a name and a value, such as Team: Water")
			case taken:
				bad("create.fields: %q comes from the task, or from create.project and create.issue_type: take this line out", name)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.TransitionFields)) {
		if strings.TrimSpace(name) == "" || strings.TrimSpace(c.TransitionFields[name]) == "" {
			bad("transition_fields: give each field a name and a value, such as Root cause: Unknown")
		}
	}
}

// selection is the JQL that selects the issues, without an order; "" where the configuration gives none.
func (c Config) selection() string {
	if jql := withoutOrder(c.JQL); jql != "" {
		return jql
	}
	if strings.TrimSpace(c.JQL) == "" && c.Create != nil && c.Create.Project != "" {
		return "project = " + quoteJQL(c.Create.Project)
	}
	return ""
}

func (c Config) issueType() string {
	if c.Create == nil || c.Create.IssueType == "" {
		return "Task"
	}
	return c.Create.IssueType
}

// token reads the token from where the configuration says it is.
func (c Config) token() (string, error) {
	return secretIn("token_file", c.Token, c.TokenFile)
}

// SecretOfWebhooks reads what webhooks are signed with from where the configuration says it is; "" where it says nothing.
func (c Config) SecretOfWebhooks() (string, error) {
	if c.WebhookSecret == "" && c.WebhookSecretFile == "" {
		return "", nil
	}
	s, err := secretIn("webhook_secret_file", c.WebhookSecret, c.WebhookSecretFile)
	if err == nil {
		err = weakWebhookSecret(s)
	}
	if err != nil {
		return "", err
	}
	return s, nil
}

// secretIn is the secret itself, or what the file of that key holds.
func secretIn(key, secret, file string) (string, error) {
	if secret != "" {
		return secret, nil
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", key, err)
	}
	s := strings.TrimSpace(string(b))
	if s == "" {
		return "", fmt.Errorf("read %s: %s is empty", key, file)
	}
	return s, nil
}

// fingerprint changes with the filter and the mapping, never with a credential.
func (c Config) fingerprint() string {
	fields := map[string]string{}
	for f, to := range c.mapping() {
		fields[f.String()] = to
	}
	if c.Comments != "" {
		fields[task.Notes.String()] += " " + c.Comments
	}
	return digest(strings.TrimRight(c.URL, "/"), c.selection(), c.Status, fields)
}

// digest is a short hash of what JSON makes of the parts.
func digest(parts ...any) string {
	b, err := json.Marshal(parts) // maps are written in order
	if err != nil {
		b = fmt.Append(nil, parts...)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}
