package config_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"fivechat.dev/libs/process/config"
)

func TestFollow(t *testing.T) {
	t.Parallel()
	a, b := filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b")
	write := func(path, content string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(a, "1")
	write(b, "1")
	first, err := config.Read(a, b)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var used, failed []string
		note := func(list *[]string, what string) {
			mu.Lock()
			defer mu.Unlock()
			*list = append(*list, what)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			config.Follow(ctx, first, func(f config.Files) error {
				if string(f[0]) == "bad" {
					return errors.New("bad")
				}
				note(&used, string(f[0])+string(f[1]))
				return nil
			}, func(err error) { note(&failed, err.Error()) }, a, b)
		}()
		look := func(what string, wantUsed, wantFailed int, last string) {
			t.Helper()
			time.Sleep(5 * time.Second)
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			if len(used) != wantUsed || len(failed) != wantFailed || len(used) > 0 && used[len(used)-1] != last {
				t.Errorf("%s: used %v, failed %v", what, used, failed)
			}
		}
		look("unchanged", 0, 0, "")
		write(b, "2")
		look("one changed", 1, 0, "12")
		write(a, "bad")
		look("one that cannot be used", 1, 1, "12")
		if err := os.Remove(a); err != nil {
			t.Fatal(err)
		}
		look("one that is not there", 1, 2, "12")
		write(a, "3")
		look("good again", 2, 2, "32")
		cancel()
		<-done
	})
}
