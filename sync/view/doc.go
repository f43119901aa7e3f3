// Package view reads a partnership from the store as people look at it: its scorecard now, or as of any past date, with the
// stories behind it and what people decided on the page. It works out nothing itself (package scorecard does) and writes
// nothing.
package view
