// Package sqlite keeps what Lockstep remembers in one SQLite file, without cgo.
//
// # The file
//
// The journal is a write-ahead log, so that pages and commands read while a cycle writes, and a second process may open the
// same file. One connection writes, and takes the write lock when its transaction begins; a few read, each of them seeing
// one instant. A commit is on the disk before Decide returns (synchronous=FULL): after a power cut, a write that was sent
// to a tool must be found among the intents. With synchronous=NORMAL the last commits could be missing, and a create that
// had already reached its tool would be sent again.
//
// # The tables
//
//	partnerships   one row each: the generation, the next task's number, and digests of the conflicts and the holds
//	tasks          the agreed state
//	links          which item in which source is which task, with the base
//	sources        cursor, fingerprint and how the last pull went
//	intents        writes that were decided and of which nothing is known yet
//	pauses         writes that went wrong and wait
//	conflicts      fields that wait for people
//	holds          things that wait for people
//	events         the history; rows are only ever added
//	cycles         the newest 10,000 cycles
//	goose_db_version   which migrations have run; the greatest is the file's format
//
// A partnership's rows carry its small number, not its name: the name would stand in every row and in every index. What is
// loaded as a whole (tasks, links) lies in the order of its key without a row id, so that loading reads the table from
// one end to the other. Conflicts and holds come whole with every cycle and are mostly the same as before: their digests
// tell, so that a quiet cycle touches its partnership's row, its line in cycles and its sources, and nothing else.
//
// There are no foreign keys: rows are written only here, a commit at a time, and a check of each row against its task would
// cost a third of the time and find nothing that the commit does not hold.
//
// # Forms
//
// A time is an integer, milliseconds since 1970 in UTC, and NULL for the zero time. A length of time is in nanoseconds. Text
// is kept byte for byte. What a tool holds is kept as compact JSON, which SQLite's own JSON functions read too:
//
//	a value     ["date","2026-03-01"], and null (in a column of its own, NULL) for None
//	values      {"title":"Dig the well","due":"","notes":["unreadable","#REF!"]}: the text alone where the kind is the
//	            field's own; what is None is left out
//	changes     [["due",FROM,TO], …] with values
//	claims      [["riverton-sheet",VALUE,"Amina Diallo",1767225600000], …], the time null where there is none
//
// The forms have no version of their own. Who changes one writes a migration: a file's format says how to read all of it,
// and an older Lockstep refuses a file that a newer one has written.
//
// The statements use $1 placeholders and ON CONFLICT, so that the same text runs on PostgreSQL.
package sqlite
