// Package notify tells people what they should not have to look for: the weekly digest, a commitment that slipped, a conflict that
// nobody settles, a tool that cannot be read. It is told once for each matter and channel: what was told stands in the history, so
// that a restart tells nothing again, and it is written there before the message goes out.
package notify
