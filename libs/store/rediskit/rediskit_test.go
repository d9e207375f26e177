package rediskit_test

import (
	"bufio"
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"fivechat.dev/libs/store/rediskit"
)

// muted is a Redis that confirms a subscription and then sends nothing, like a connection that broke unnoticed.
func muted(t *testing.T) (url string, connected <-chan struct{}) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	confirmed := make(chan struct{}, 16)
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go mute(conn, confirmed)
		}
	}()
	return "redis://" + ln.Addr().String() + "?protocol=2", confirmed
}

func mute(conn net.Conn, confirmed chan<- struct{}) {
	defer conn.Close()
	for s := bufio.NewScanner(conn); s.Scan(); {
		switch strings.ToLower(s.Text()) {
		case "hello", "client":
			conn.Write([]byte("-ERR unknown command\r\n"))
		case "subscribe":
			conn.Write([]byte("*3\r\n$9\r\nsubscribe\r\n$15\r\nfivechat:forget\r\n:1\r\n"))
			confirmed <- struct{}{}
		}
	}
}

func TestOnForgetReconnectsASilentConnection(t *testing.T) {
	t.Parallel()
	url, connected := muted(t)
	c, err := rediskit.Connect(rediskit.Config{URL: url}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	ctx, cancel := context.WithCancel(t.Context())
	drops, done := make(chan string, 16), make(chan error, 1)
	go func() { done <- c.OnForget(ctx, func(cache, key string) { drops <- cache + key }) }()
	limit := time.After(30 * time.Second)
	for range 2 { // the second subscription replaces the silent connection
		select {
		case <-connected:
		case <-limit:
			t.Fatal("OnForget doesn't subscribe")
		}
		select {
		case d := <-drops:
			if d != "" {
				t.Errorf("OnForget dropped %q, not everything", d)
			}
		case <-limit:
			t.Fatal("OnForget drops nothing after subscribing")
		}
	}
	cancel()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-limit:
		t.Fatal("OnForget doesn't stop")
	}
}
