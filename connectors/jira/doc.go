// Package jira connects a Jira project as a source.
package jira
