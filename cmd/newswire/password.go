package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"newswire/internal/web"
)

type passwordCommand struct{}

// Run reads a password and prints what the configuration may keep in place of
// it.
func (c *passwordCommand) Run(t *terminal) error {
	plain, err := readPassword(os.Stdin, t)
	if err != nil {
		return err
	}
	hash, err := web.HashPassword(plain)
	if err != nil {
		return fmt.Errorf("%w: nothing was typed", err)
	}
	fmt.Fprintln(t.out, hash)
	return nil
}

// readPassword reads one line. On a terminal it is asked for twice, and not
// shown.
func readPassword(in *os.File, t *terminal) (string, error) {
	fd := int(in.Fd())
	if !term.IsTerminal(fd) {
		line, err := bufio.NewReader(in).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", fmt.Errorf("the password cannot be read: %w", err)
		}
		return strings.TrimRight(line, "\r\n"), nil
	}
	var typed [2]string
	for i, ask := range []string{"Password: ", "Again: "} {
		fmt.Fprint(t.err, ask)
		line, err := term.ReadPassword(fd)
		fmt.Fprintln(t.err)
		if err != nil {
			return "", fmt.Errorf("the password cannot be read: %w", err)
		}
		typed[i] = string(line)
	}
	if typed[0] != typed[1] {
		return "", errors.New("the two passwords are not the same; nothing was made of them")
	}
	return typed[0], nil
}
