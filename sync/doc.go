// Package sync holds the heart of Lockstep, one subject a folder:
//
//	task       the vocabulary: fields, values, records, patches, receipts
//	fault      what can go wrong, and what the engine does about it
//	match      which records are the same task
//	merge      the pure three-way merge
//	plan       agreed state against what each source holds, and the guards
//	scorecard  the partnership view, with reasons
//	engine     one cycle, and the loop that wakes it
//	store      what is remembered
//
// The package itself holds no code.
package sync
