// Package cells reads what people write into the cells of a table, in a sheet or in a document: days, numbers, words for a
// status, names. It reads texts alone and knows no tool. Nothing is guessed: what could mean two things means nothing.
package cells

// Partner is a partner and the words that mean it in a cell.
type Partner struct {
	ID, Name string
	Aliases  []string
}

// Person is somebody of the partnership and the words that mean them in a cell.
type Person struct {
	Name, Email string
	Aliases     []string
}
