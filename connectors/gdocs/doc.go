// Package gdocs connects a table in a Google Doc: its rows are tasks. The document is read whole in one request, and written
// in one batch that is refused if anybody edited it since.
package gdocs
