// Package archtest holds the shape of the code: which package may import which, and the few rules of the house that no
// linter knows. It is nothing but tests, which read every Go file of the module and run none of them.
//
// A new package needs a row in the import table (table_test.go). Before you widen a row, ask whether the code should move
// instead: most rows are as narrow as they are for a reason that the table tells.
package archtest
