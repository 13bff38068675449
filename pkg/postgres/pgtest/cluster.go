package pgtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"reflect"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/oddscache/oddscache/pkg/postgres"
)

// Errors of using the package wrongly.
var (
	errNoMain  = errors.New("this package's TestMain does not call pgtest.Main, so nobody would end the server")
	errClosure = errors.New("migrate has to be a named function")
)

// shared is the test binary's cluster: testing offers no other place that lives as long as TestMain.
var shared lazyCluster //nolint:gochecknoglobals // see above

// lazyCluster starts its cluster when it is first needed.
type lazyCluster struct {
	mu      sync.Mutex // guards what follows, and is held while the server starts
	opened  bool
	tried   bool
	cluster *cluster
	err     error
}

// open allows get to work.
func (l *lazyCluster) open() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.opened = true
}

// get returns the cluster. A start that failed is not tried again: every test would wait for it.
func (l *lazyCluster) get(ctx context.Context) (*cluster, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.opened {
		return nil, errNoMain
	}
	if !l.tried {
		l.tried = true
		l.cluster, l.err = newCluster(ctx)
	}
	return l.cluster, l.err
}

// close ends the cluster, if there is one.
func (l *lazyCluster) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.opened = false
	if l.cluster == nil {
		return nil
	}
	return l.cluster.close()
}

// cluster is a server with templates and clones.
type cluster struct {
	base   *url.URL         // of any database; url replaces its path
	prefix string           // begins the names of all databases that this test binary makes
	server *postgres.Server // nil when the server was given
	admin  *pgxpool.Pool
	clones atomic.Int64

	mu        sync.Mutex // guards templates, and is held while one is prepared
	templates map[string]prepared
}

// prepared is the outcome of preparing a template.
type prepared struct {
	name string
	err  error
}

// newCluster connects to the server that the environment names, or starts one.
func newCluster(ctx context.Context) (*cluster, error) {
	c := &cluster{prefix: "oddscache_test_" + strings.ToLower(rand.Text()[:10]), templates: map[string]prepared{}}
	given := os.Getenv(envURL)
	if given == "" {
		connections := strconv.Itoa(max(100, 20*runtime.GOMAXPROCS(0)))
		server, err := postgres.Start(ctx, postgres.Options{
			Settings: map[string]string{"max_connections": connections},
		})
		if err != nil {
			return nil, err
		}
		c.server, given = server, server.URL("postgres")
	}
	err := c.connect(ctx, given)
	if err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

// connect opens the connections that make and drop databases. Errors do not carry the URL, which may hold a password.
func (c *cluster) connect(ctx context.Context, given string) error {
	base, err := url.Parse(given)
	if err != nil || base.Scheme == "" {
		return fmt.Errorf("reading %s: it has to be of the form postgres://user:password@host/database", envURL)
	}
	config, err := pgxpool.ParseConfig(given)
	if err != nil {
		return fmt.Errorf("reading %s: %w", envURL, err)
	}
	config.MaxConns = 2
	if c.admin, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return fmt.Errorf("connecting to the test server: %w", err)
	}
	c.base = base
	if err := c.admin.Ping(ctx); err != nil {
		return fmt.Errorf("connecting to the test server: %w", err)
	}
	return nil
}

// url returns the URL of one of the cluster's databases.
func (c *cluster) url(db string) string {
	u := *c.base
	u.Path = "/" + db
	return u.String()
}

// template returns the name of the database that migrate has prepared, and prepares it when this is the first time.
// A template that could not be prepared is not tried again.
func (c *cluster) template(ctx context.Context, migrate func(context.Context, string) error) (string, error) {
	key, err := functionName(migrate)
	if err != nil {
		return "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if p, ok := c.templates[key]; ok {
		return p.name, p.err
	}
	name := fmt.Sprintf("%s_template_%d", c.prefix, len(c.templates))
	err = c.create(ctx, name, "template0")
	if err == nil && migrate != nil {
		err = migrate(ctx, c.url(name))
	}
	c.templates[key] = prepared{name: name, err: err}
	return name, err
}

// literal matches the names that the compiler gives to function literals and to method values.
var literal = regexp.MustCompile(`\.func\d+(\.\d+)*$|-fm$|-range\d+$`)

// functionName returns what distinguishes one migrate from another.
func functionName(migrate func(context.Context, string) error) (string, error) {
	if migrate == nil {
		return "", nil
	}
	name := runtime.FuncForPC(reflect.ValueOf(migrate).Pointer()).Name()
	if literal.MatchString(name) {
		return "", fmt.Errorf("%w, not %s", errClosure, name)
	}
	return name, nil
}

// clone makes a database out of the template and returns its name.
func (c *cluster) clone(ctx context.Context, template string) (string, error) {
	name := fmt.Sprintf("%s_%d", c.prefix, c.clones.Add(1))
	return name, c.create(ctx, name, template)
}

// create makes a database.
func (c *cluster) create(ctx context.Context, name, template string) error {
	return c.exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize()+" TEMPLATE "+pgx.Identifier{template}.Sanitize())
}

// drop removes a database and cuts whoever is still connected.
func (c *cluster) drop(ctx context.Context, name string) error {
	return c.exec(ctx, "DROP DATABASE IF EXISTS "+pgx.Identifier{name}.Sanitize()+" WITH (FORCE)")
}

// exec runs a statement about databases.
func (c *cluster) exec(ctx context.Context, sql string) error {
	if _, err := c.admin.Exec(ctx, sql); err != nil {
		return fmt.Errorf("%s: %w", sql, err)
	}
	return nil
}

// close leaves a given server as it was found, and ends one that was started.
func (c *cluster) close() error {
	var err error
	if c.admin != nil {
		defer c.admin.Close()
	}
	if c.server != nil {
		return c.server.Stop()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), cloneWithin)
	defer cancel()
	for _, p := range c.templates {
		err = errors.Join(err, c.drop(ctx, p.name))
	}
	return err
}
