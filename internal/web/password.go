package web

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

const (
	hashPrefix     = "pbkdf2-sha256$"
	hashIterations = 600_000
	hashBytes      = 32
)

var errHash = errors.New("not a password's hash: want pbkdf2-sha256$ITERATIONS$SALT$HASH, in base64 without padding")

// A password is what we keep of one.
type password struct {
	iterations int
	salt, hash []byte
}

// HashPassword returns what may be kept of a password in place of it:
// pbkdf2-sha256$ITERATIONS$SALT$HASH.
func HashPassword(plain string) (string, error) {
	if plain == "" {
		return "", errors.New("an empty password")
	}
	p := &password{hashIterations, make([]byte, 16), nil}
	rand.Read(p.salt) // it never fails
	var err error
	if p.hash, err = p.derive(plain); err != nil {
		return "", err
	}
	return p.String(), nil
}

// String is the form in which a password is kept.
func (p *password) String() string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("%s%d$%s$%s", hashPrefix, p.iterations, b64.EncodeToString(p.salt), b64.EncodeToString(p.hash))
}

// parsePassword reads what HashPassword wrote. A text that does not begin like
// a hash is taken as the password itself.
func parsePassword(s string) (*password, error) {
	rest, hashed := strings.CutPrefix(s, hashPrefix)
	if !hashed {
		made, err := HashPassword(s)
		if err != nil {
			return nil, err
		}
		return parsePassword(made)
	}
	parts := strings.Split(rest, "$")
	if len(parts) != 3 {
		return nil, errHash
	}
	n, err := strconv.Atoi(parts[0])
	salt, errSalt := base64.RawStdEncoding.DecodeString(parts[1])
	hash, errHashed := base64.RawStdEncoding.DecodeString(parts[2])
	if err != nil || errSalt != nil || errHashed != nil || n < 10_000 || n > 10_000_000 || len(salt) < 8 || len(hash) != hashBytes {
		return nil, errHash
	}
	return &password{n, salt, hash}, nil
}

func (p *password) derive(plain string) ([]byte, error) {
	return pbkdf2.Key(sha256.New, plain, p.salt, p.iterations, hashBytes)
}

// matches takes as long for a wrong password as for the right one.
func (p *password) matches(plain string) bool {
	got, err := p.derive(plain)
	return err == nil && subtle.ConstantTimeCompare(got, p.hash) == 1
}
