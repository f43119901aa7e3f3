//go:build !race

package app_test

// underRace says that the race detector watches, which makes everything several times slower.
const underRace = false
