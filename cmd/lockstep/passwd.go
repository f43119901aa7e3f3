package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"github.com/lockstep-sync/lockstep/web/auth"
)

type passwdCmd struct {
	Name string `arg:"" help:"The user's name, or e-mail address."`
}

// Run implements the command: it prints a line for auth.users_file. The password comes from the terminal, twice, or is the first line
// of standard input.
func (c passwdCmd) Run(e env) error {
	password, err := askPassword(e)
	if err != nil {
		return err
	}
	line, err := auth.Hash(c.Name, password)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(e.stdout, line)
	return err
}

func askPassword(e env) ([]byte, error) {
	f, ok := e.stdin.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		line, err := bufio.NewReader(e.stdin).ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("read the password: %w", err)
		}
		return bytes.TrimRight(line, "\r\n"), nil
	}
	ask := func(words string) ([]byte, error) {
		_, _ = fmt.Fprint(e.stderr, words)
		p, err := term.ReadPassword(int(f.Fd()))
		_, _ = fmt.Fprintln(e.stderr)
		if err != nil {
			return nil, fmt.Errorf("read the password: %w", err)
		}
		return p, nil
	}
	first, err := ask("Password: ")
	if err != nil {
		return nil, err
	}
	again, err := ask("Once more: ")
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(first, again) {
		return nil, errors.New("the two are not the same: nothing was made")
	}
	return first, nil
}
