package config

import (
	"slices"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// shape is what may stand under a key.
type shape uint8

const (
	text      shape = iota // one word or sentence
	whole                  // a whole number
	truth                  // true or false
	duration               // 60s, 5m, 1h30m
	heartbeat              // a duration, or off
	day                    // 2026-09-01
	portion                // 30%, 0.3
	figure                 // 1200, 0.5
	texts                  // a list of texts
	names                  // key → text
	words                  // key → list of texts
	section                // the keys of sub
	sections               // a list of such
	rules                  // field or default → the keys of sub
)

func (s shape) String() string {
	return [...]string{
		"text", "whole number", "true or false", "duration", "duration or `off`", "date", "share", "number", "list of texts", "map of texts",
		"map of lists of texts", "section", "list of sections", "map of sections",
	}[s]
}

// want says in a message how a value of the shape is written.
func (s shape) want() string {
	return [...]string{
		"a single text", "a whole number, such as 1", "true or false", "a duration, such as 60s", "a duration, such as 1h, or off", "a date, such as 2026-09-01",
		"a share, such as 30%", "a number, such as 1200 or 0.5", "a list of texts, such as [one, two]", "keys with a text each, such as {due: Deadline}",
		"keys with a list of texts each, such as {blocked: [Stuck, On hold]}", "keys and values below it",
		`a list, each item beginning with "- "`, "keys with their own keys each, such as {notes: {on_conflict: hold}}",
	}[s]
}

// key is one key that may stand in a section. The table of keys is the one source of what is accepted and of the
// reference page.
type key struct {
	name     string
	shape    shape
	required bool
	secret   bool // has a _file twin, and is never shown
	def      string
	doc      string
	sub      []key
	by       func() []string // names, words, rules: the keys that may stand there; nil where they are checked later
	of       func() []string // words of a closed set, for text and texts
	clears   bool            // names: '' stands for "not mapped"
	refused  string          // why the key, known as it is, cannot be used
}

func fieldNames() []string {
	var out []string
	for _, f := range task.AllFields() {
		out = append(out, f.String())
	}
	return out
}

func sectors() []string {
	return []string{"public", "private", "civil_society", "academia", "multilateral"}
}

func flavors() []string { return []string{"auto", "cloud", "datacenter"} }

func roles() []string { return []string{"owner", "scorecard", "other"} }

func onConflict() []string { return []string{"authority", "hold", "combine"} }

// table returns the keys of the whole file.
func table() []key {
	return []key{
		{
			name: "listen", def: defaultListen,
			doc: "Address and port of the web page, its API and the metrics. An address that is not loopback needs `auth`.",
		},
		{
			name: "store", def: defaultStore,
			doc: "Where the agreed state is kept: `sqlite:` and the path of a file. A relative path starts at the working directory.",
		},
		{
			name: "google", shape: section, required: true,
			doc: "How Google's tools are reached: with `credentials_file`, or at `endpoint`.",
			sub: []key{
				{name: "credentials_file", doc: "Service account key, a JSON file from Google Cloud. Share each spreadsheet with the address in it."},
				{name: "endpoint", doc: "A local server that speaks Google's APIs without a login, such as `lockstep sandbox`."},
				{name: "reads_per_minute", shape: whole, def: "60", doc: "How many requests a minute may read from Sheets. All sheets share them; more is right only where Google granted the account more."},
				{name: "writes_per_minute", shape: whole, def: "60", doc: "How many a minute may write."},
				{name: "webhook_url", def: "Google is not asked to tell of changes", doc: "Address under which the page can be reached from the internet, with https: `https://lockstep.example.org`. Google then tells of changes at `/webhooks/drive` under it, and the next cycle starts at once."},
			},
		},
		{
			name: "auth", shape: section, doc: "Who may see the page. Required unless `listen` is loopback.",
			sub: authKeys(),
		},
		{name: "partnerships", shape: sections, required: true, doc: "The partnerships that are kept in step, each on its own.", sub: partnershipKeys()},
	}
}

func partnershipKeys() []key {
	return slices.Concat([]key{
		{name: "id", required: true, doc: "Short name in addresses, metrics and commands: a-z, 0-9, `-` and `_`."},
		{name: "key", def: "the initials of `id`: `clean-water` gives `CW`", doc: "2 to 10 capital letters that begin each task's id: CW-1, CW-2, … Do not change it later."},
		{name: "name", def: "`id`", doc: "The name that people know."},
		{name: "timezone", def: defaultTimezone, doc: "Time zone in which a day ends, as in the IANA list: `Africa/Nairobi`."},
		{name: "agreement_date", shape: day, doc: "The day on which the partners agreed."},
	}, agreedKeys(), []key{
		{name: "interval", shape: duration, def: "60s", doc: "Pause between two cycles while nothing happens, from 1s to 24h."},
		{name: "active_interval", shape: duration, def: "10s, or `interval` where that is shorter", doc: "Pause after a cycle that saw people's edits; it then grows to `interval` again. The same as `interval` keeps an even pace."},
		{name: "partners", shape: sections, required: true, doc: "The organisations.", sub: []key{
			{name: "id", required: true, doc: "Short name: a-z, 0-9, `-` and `_`."},
			{name: "name", def: "`id`", doc: "The name as the scorecard shows it."},
			{name: "sector", of: sectors, doc: "The sector."},
			{name: "aliases", shape: texts, doc: "Other words in a cell that mean this partner."},
		}},
		{name: "people", shape: sections, doc: "People and how each tool knows them.", sub: []key{
			{name: "name", required: true, doc: "The name as every tool shows it."},
			{name: "partner", doc: "Id of the partner that they work for."},
			{name: "email", doc: "E-mail address, by which Jira accounts are found."},
			{name: "aliases", shape: texts, doc: "Other words in a cell that mean this person."},
			{name: "jira", shape: names, doc: "Id of a Jira source → who they are there: the account id on Jira Cloud, the user name on Data Center. Needed where the account hides its e-mail address."},
		}},
		{name: "sources", shape: sections, required: true, doc: "The partners' own tools. Each item has exactly one of `jira`, `sheet` and `doc`.", sub: sourceKeys()},
		{name: "scorecard", shape: section, required: true, doc: "The shared scorecard.", sub: []key{
			{name: "sheet", shape: section, required: true, doc: "The tab that holds every task. Everybody may edit it.", sub: sheetKeys(true)},
			{name: "status", shape: words, by: task.Statuses, doc: "Status → words in cells that mean it, the word to write first. Adds to the words known anyway."},
			{name: "pages", shape: texts, of: Pages, def: "all of them", doc: "The tabs beside the tasks that Lockstep keeps: partners and freshness, what waits for a choice, who changed what, and what cannot be read. `[]` is none."},
			{name: "heartbeat", shape: heartbeat, def: "1h, or `interval` where that is more", doc: "How often the summary is told that Lockstep has looked, if nothing else changes. The sheet says by itself when two were missed."},
			{name: "deleted_rows", of: deletedRows, def: RestoreRows, doc: "What it means that a row was deleted here: `restore`, nothing, it comes back; `cancel`, the task is cancelled everywhere and the row stays away as long as it is. A task that is done, or that somebody edited meanwhile, comes back in any case."},
			{name: "rules", shape: section, doc: "By which rules tasks and partners are red, amber or green.", sub: ruleKeys()},
			{name: "report", shape: section, doc: "A Google Doc in which Lockstep keeps a report: a summary that is always current, and a section for each period.", sub: []key{
				{name: "document", required: true, doc: "Id in the document's address, between `/d/` and `/edit`. Share it, as an editor, with the service account's address. People may write in it, too."},
				{name: "every", of: periods, def: EveryWeek, doc: "How long a period is: `day`, `week`, `month`. A section is written once, when its period is over."},
			}},
		}},
		{name: "merge", shape: rules, by: func() []string { return append([]string{"default"}, fieldNames()...) }, doc: "What happens when several tools changed one field. The key is a field, or `default` for all others.", sub: []key{
			{name: "authority", shape: texts, of: roles, def: "`[owner, scorecard]`", doc: "Who wins, highest first: `owner` is the own tool of the task's partner, `other` another partner's."},
			{name: "on_conflict", of: onConflict, def: "authority", doc: "`authority` decides at once and keeps the loser in the history, `hold` waits for people, `combine` (of notes) keeps what both texts added. With `comments` it is `combine` for notes."},
		}},
		{name: "guards", shape: section, doc: "What one cycle may do to a source before it stops and asks. A first filling is not a change.", sub: []key{
			{name: "max_changes", shape: portion, def: "30%", doc: "Share of a source's existing items that one cycle may change."},
			{name: "max_removals", shape: portion, def: "10%", doc: "Share that one cycle may remove."},
			{name: "minimum", shape: whole, def: "10", doc: "Up to this many are always let through."},
		}},
		{name: "notify", shape: sections, doc: "How people are told what they should not have to look for: each item is a channel, and has exactly one of `slack`, `teams`, `matrix` and `mail`.", sub: notifyKeys()},
		{name: "share", shape: words, doc: "Id of a source → the only fields that leave that tool. Without an entry all its mapped fields do."},
	})
}

func sourceKeys() []key {
	return []key{
		{name: "id", required: true, doc: "Short name, unique in the file: a-z, 0-9, `-` and `_`. `scorecard` is taken."},
		{name: "partner", required: true, doc: "Id of the partner whose tool this is."},
		{name: "jira", shape: section, doc: "A project of Jira Cloud or Jira Data Center.", sub: jiraKeys()},
		{name: "sheet", shape: section, doc: "A tab of a Google Sheet.", sub: sheetKeys(false)},
		{name: "doc", shape: section, doc: "A table in a Google Doc.", sub: docKeys()},
		{name: "status", shape: words, by: task.Statuses, doc: "Status → names of Jira statuses or resolutions, or words in cells; of several that can be reached, an issue is moved to the first. The rest goes by Jira's status category, and by well-known words."},
		{name: "fields", shape: names, by: fieldNames, clears: true, doc: "Jira only: field → id or name of a Jira field, `component`, or `description`. Adds to title, status, assignee, due, priority and labels; `''` takes one of these away."},
	}
}

func docKeys() []key {
	return []key{
		{name: "document", required: true, doc: "Id in the document's address, between `/d/` and `/edit`."},
		{name: "table", def: "the one table with these columns", doc: "The heading over the table."},
		{name: "columns", shape: names, required: true, by: fieldNames, doc: "Field → header of its column; `title` is needed."},
		{name: "create", shape: truth, def: "false", doc: "`true`: a task of this partner that was born elsewhere becomes a row here."},
		{name: "suggest", shape: truth, def: "false", doc: "`true`: Lockstep suggests its edits, and people accept or reject them. What is rejected stays as it was."},
		{name: "read_only", shape: truth, def: "false", doc: "`true`: the table is read and never written. A document that is shared for reading alone is known as such anyway."},
	}
}

func jiraKeys() []key {
	return []key{
		{name: "url", required: true, doc: "Address of the site: `https://aquafund.atlassian.net`, `https://jira.riverton.gov`."},
		{name: "flavor", of: flavors, def: "auto", doc: "Kind of Jira. `auto` asks the server once."},
		{name: "email", doc: "E-mail address of the account that the token belongs to. Needed for a site at atlassian.net. On Data Center it is left out with a personal access token, or is the user name with a password as token. Without it the token is sent as a bearer token."},
		{name: "token", required: true, secret: true, doc: "API token of the account that Lockstep uses; on Data Center its personal access token."},
		{name: "jql", def: "the project of `create`", doc: "Which issues: `project = WASH`."},
		{name: "create", shape: section, doc: "Where a task of this partner that was born elsewhere becomes an issue. Without it none does.", sub: []key{
			{name: "project", required: true, doc: "Key of the project."},
			{name: "issue_type", def: "Task", doc: "Name of the issue type."},
			{name: "fields", shape: names, doc: "Name or id of a Jira field → what a new issue gets there where its task does not say it: `Team: Water`. Written as under `transition_fields`; a parent or an epic by its key or its summary."},
		}},
		{name: "transition_fields", shape: names, doc: "Name or id of a Jira field → what to put there where a transition asks for it and the issue has nothing in it: `Root cause: Unknown`. A list is written with commas, a cascading value as `Parent / Child`; a date may be `today`, and `comment` is the comment."},
		{name: "comments", doc: "Comments as updates: `all`, or the word that a comment must contain to be shared, such as `'#partners'`. These comments are then the notes, with time and author, and what is added to the notes becomes a comment."},
		{
			name: "webhook_secret", secret: true, def: "webhooks are not listened to",
			doc: "What this Jira signs its webhooks with, 16 characters or more. Jira sends them to `/webhooks/jira/` and the source's id; each starts a cycle at once.",
		},
	}
}

// sheetKeys are those of a partner's sheet, or of the scorecard's, which takes new rows in any case.
func sheetKeys(scorecard bool) []key {
	ks := []key{
		{name: "spreadsheet", required: true, doc: "The id in the spreadsheet's address, between `/d/` and `/edit`."},
		{name: "tab", required: true, doc: "Name of the tab."},
		{name: "header_row", shape: whole, def: "1", doc: "Row of the column headers, counted from 1."},
		{name: "columns", shape: names, by: fieldNames, required: !scorecard, doc: "Field → header of its column. `title` is needed."},
		{name: "create", shape: truth, def: "false", doc: "`true`: tasks of this partner that were born elsewhere become rows here."},
		{name: "read_only", shape: truth, def: "false", doc: "`true`: nothing is ever written here, not even the hidden ids. Rows are then known by title, and after an edit of the title by all else in them."},
	}
	if scorecard {
		ks[3].doc = "Field → header of its column. Without it Lockstep makes the columns that it needs."
		ks[4] = key{name: "create", refused: "is always on for the scorecard: remove it"}
		ks[5] = key{name: "read_only", refused: "cannot be for the scorecard, which Lockstep writes: remove it"}
	}
	return ks
}

// accepted returns the keys with the _file twin of each secret.
func accepted(keys []key) []key {
	var out []key
	for _, k := range keys {
		out = append(out, k)
		if k.secret {
			out = append(out, key{name: k.name + fileSuffix, doc: "A file that holds it. A relative path starts at the configuration's folder.", refused: k.refused})
		}
	}
	return out
}

const fileSuffix = "_file"
