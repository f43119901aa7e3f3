// Package gsheets connects a tab of a Google Sheet as a source.
package gsheets
