package contestant

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/oddscache/oddscache/test/bench/load"
)

// NewRedis starts a redis-server of the system on a Unix socket's neighbour, loopback TCP, as the others are asked,
// and fills it with the answers. It returns ErrMissing when there is no redis-server.
func NewRedis(ctx context.Context, responses Responses) (*Contestant, error) {
	c := &Contestant{Name: "Redis, go-redis"}
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, fmt.Errorf("redis-server (Debian package redis-server): %w", ErrMissing)
	}
	dir, err := os.MkdirTemp("", "oddscache-redis-")
	if err != nil {
		return nil, fmt.Errorf("making a folder for redis: %w", err)
	}
	c.stop = append(c.stop, func() error { return os.RemoveAll(dir) })
	port, err := freePort()
	if err != nil {
		return started(c, err)
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), path, "--bind", "127.0.0.1", "--port", strconv.Itoa(port),
		"--save", "", "--appendonly", "no", "--dir", dir, "--logfile", filepath.Join(dir, "redis.log"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return started(c, fmt.Errorf("starting %s: %w", path, err))
	}
	c.PIDs = func() []int { return []int{cmd.Process.Pid} }
	c.stop = append(c.stop, func() error {
		err := cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait() // however it ends
		return err
	})
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:" + strconv.Itoa(port)})
	c.stop = append(c.stop, client.Close)
	if err := fillRedis(ctx, client, responses); err != nil {
		return started(c, err)
	}
	events := len(responses[Full])
	c.Calls = map[Shape]load.Call{
		Full:   redisGet(client, Full, events),
		Market: redisGet(client, Market, events),
		Batch:  redisBatch(client, events),
	}
	return c, nil
}

func redisKey(shape Shape, i int) string { return string(shape) + ":" + strconv.Itoa(i) }

// redisGet is one GET.
func redisGet(client *redis.Client, shape Shape, events int) load.Call {
	keys := make([]string, events)
	for i := range keys {
		keys[i] = redisKey(shape, i)
	}
	return func(ctx context.Context, i int) (int, error) {
		b, err := client.Get(ctx, keys[i%events]).Bytes()
		return len(b), err
	}
}

// redisBatch is one MGET.
func redisBatch(client *redis.Client, events int) load.Call {
	return func(ctx context.Context, i int) (int, error) {
		keys := make([]string, BatchSize)
		for k := range keys {
			keys[k] = redisKey(Full, (i+k)%events)
		}
		all, err := client.MGet(ctx, keys...).Result()
		size := 0
		for _, v := range all {
			s, _ := v.(string)
			size += len(s)
		}
		return size, err
	}
}

// fillRedis waits for the server and stores the answers.
func fillRedis(ctx context.Context, client *redis.Client, responses Responses) error {
	var err error
	for range 200 {
		if err = client.Ping(ctx).Err(); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond) //nolint:forbidigo // a server that starts says nothing
	}
	if err != nil {
		return fmt.Errorf("waiting for redis: %w", err)
	}
	for _, shape := range []Shape{Full, Market} {
		for i, b := range responses[shape] {
			err = errors.Join(err, client.Set(ctx, redisKey(shape, i), b, 0).Err())
		}
	}
	if err != nil {
		return fmt.Errorf("storing answers in redis: %w", err)
	}
	return nil
}
