// Package google is a sandbox that stands in for Google Sheets, and as far as a reader needs for Google Docs and Drive: an
// HTTP server that speaks their real APIs, with quotas and faults, and with pages on which a person sees and edits the grids.
//
// It is written from Google's discovery documents and from recorded answers, on the standard library alone, so that it
// does not share the mistakes of the clients that are tested against it. What it does not speak it refuses with 501 and
// says so; it never makes an answer up.
//
// The rooms: server.go keeps the files and lets everybody know of changes; api.go and schema.go take requests in and hold
// them against the message types; read.go, griddata.go and values*.go answer reads and value writes; batch*.go do
// batchUpdate, with tables.go, chips.go, comments.go, filters.go, named.go, groups.go, metadata.go and datafilter.go for the
// things on the grid, and protect.go for what may not be touched; workbook.go, dimension.go and refs.go are the grid;
// typed.go, display.go and locale.go turn text into values and back; calc.go, functions*.go and conditions.go work formulas
// and conditions out, looks.go colours; drive*.go are Drive; hands*.go are a person's hands; pages*.go are the pages.
package google
