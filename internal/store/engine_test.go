package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"newswire/internal/store"
)

// An engine is one on which the whole suite runs.
type engine struct {
	name string
	dsn  func(t testing.TB) string // of a new, empty database
}

// onEngines runs a test on every engine that is there. PostgreSQL is there if
// NEWSWIRE_TEST_POSTGRES is a database in which schemas may be created, or
// if its programs are installed: then a throw-away cluster is started.
func onEngines(t *testing.T, test func(t *testing.T, e engine)) {
	t.Run("sqlite", func(t *testing.T) {
		test(t, engine{"sqlite", func(t testing.TB) string { return filepath.Join(t.TempDir(), "news.db") }})
	})
	t.Run("postgres", func(t *testing.T) {
		server, err := cluster.start()
		if err != nil {
			t.Skipf("SKIPPED: no PostgreSQL: %v", err)
		}
		test(t, engine{"postgres", func(t testing.TB) string { return newDatabase(t, server) }})
	})
}

func openStore(t testing.TB, dsn string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

var (
	databases   int
	databasesMu sync.Mutex
)

// newDatabase gives a test a schema of its own on the server: that is as good
// as a database, and made at once.
func newDatabase(t testing.TB, server string) string {
	t.Helper()
	databasesMu.Lock()
	databases++
	name := fmt.Sprintf("newswire_test_%d_%d", os.Getpid(), databases)
	databasesMu.Unlock()
	run := func(query string) {
		db, err := sql.Open("pgx", server)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if _, err := db.ExecContext(context.Background(), query); err != nil {
			t.Fatal(err)
		}
	}
	run(`CREATE SCHEMA ` + name)
	t.Cleanup(func() { run(`DROP SCHEMA ` + name + ` CASCADE`) })
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("search_path", name)
	u.RawQuery = q.Encode()
	return u.String()
}

// cluster is the throw-away PostgreSQL of this run.
var cluster throwAway

type throwAway struct {
	once   sync.Once
	dsn    string
	err    error
	dir    string
	server *exec.Cmd
}

func TestMain(m *testing.M) {
	if isChild() {
		os.Exit(0)
	}
	code := m.Run()
	cluster.stop()
	os.Exit(code)
}

func (c *throwAway) start() (string, error) {
	c.once.Do(func() {
		if c.dsn = os.Getenv("NEWSWIRE_TEST_POSTGRES"); c.dsn == "" {
			c.dsn, c.err = c.launch()
		}
	})
	return c.dsn, c.err
}

func (c *throwAway) launch() (string, error) {
	initdb, err := program("initdb")
	if err != nil {
		return "", err
	}
	postgres, err := program("postgres")
	if err != nil {
		return "", err
	}
	if c.dir, err = os.MkdirTemp("", "newswire-pg-"); err != nil {
		return "", err
	}
	attr, err := c.asUser()
	if err != nil {
		return "", err
	}
	data := filepath.Join(c.dir, "data")
	cmd := exec.Command(initdb, "-D", data, "-U", "newswire", "-A", "trust", "-E", "UTF8", "--no-sync")
	cmd.SysProcAttr, cmd.Dir = attr, c.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("initdb: %w: %s", err, out)
	}
	c.server = exec.Command(postgres, "-D", data, "-k", c.dir, "-c", "listen_addresses=", "-c", "max_connections=100")
	c.server.SysProcAttr, c.server.Dir = attr, c.dir
	if err := c.server.Start(); err != nil {
		return "", err
	}
	dsn := "postgres://newswire@/postgres?host=" + url.QueryEscape(c.dir)
	return dsn, await(dsn)
}

// await waits until the server answers.
func await(dsn string) (err error) {
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if err = db.Ping(); err == nil {
			return nil
		}
	}
	return err
}

// asUser returns how to run a program that refuses to run as root.
func (c *throwAway) asUser() (*syscall.SysProcAttr, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.Atoi(u.Uid)
		gid, err2 := strconv.Atoi(u.Gid)
		if err := errors.Join(err1, err2, os.Chown(c.dir, uid, gid)); err != nil {
			return nil, err
		}
		return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
	}
	return nil, errors.New("it does not run as root, and there is no user postgres or nobody")
}

func (c *throwAway) stop() {
	if c.server != nil && c.server.Process != nil {
		_ = c.server.Process.Signal(syscall.SIGINT) // fast shutdown
		_ = c.server.Wait()
	}
	if c.dir != "" {
		os.RemoveAll(c.dir)
	}
}

func program(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil && !strings.Contains(path, "pg_wrapper") {
		return path, nil
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if len(found) == 0 {
		return "", fmt.Errorf("%s is not installed", name)
	}
	return found[len(found)-1], nil
}
