package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"fivechat.dev/deploy/fivechat/environment"
	"fivechat.dev/deploy/fivechat/system"
	"fivechat.dev/libs/embedmongo"
	"fivechat.dev/libs/process/config"
)

// serving is how a store is served by itself.
type serving struct {
	embedmongo.Options
	redis    string // address of the stand-in for Redis, "" for none
	insecure bool   // without a password, also on TCP
}

// passwordFile is the file in the store's folder that keeps a generated password.
const passwordFile = "store-password"

const serveHelp = "Serve a store to any MongoDB client, and a stand-in for Redis beside it.\n" +
	"On TCP, clients authenticate as --user (SCRAM-SHA-256; Redis: AUTH) with FIVECHAT_STORE_PASSWORD\n" +
	"or the content of FIVECHAT_STORE_PASSWORD_FILE. If neither is set, a password is generated once\n" +
	"and stored in the file " + passwordFile + " of the folder. An address that is an absolute path\n" +
	"is a Unix socket, which only this user can reach: it needs no password.\n" +
	"The store of `fivechat run` is the folder store inside its data folder."

func serveCommand() *cobra.Command {
	var s serving
	c := &cobra.Command{
		Use:   "serve",
		Short: "Serve a store to any MongoDB client",
		Args:  cobra.NoArgs,
		Long:  serveHelp,
		RunE:  func(c *cobra.Command, _ []string) error { return s.run(c.Context(), c.OutOrStdout()) },
	}
	c.Flags().StringVar(&s.Addr, "listen", "127.0.0.1:27017",
		"TCP address to listen on, or path of a Unix socket (NAME.sock)")
	c.Flags().StringVar(&s.Dir, "data", "", "folder of the store (required)")
	c.Flags().StringVar(&s.redis, "redis", "",
		"address for a stand-in for Redis, which loses its data at a restart (default: none)")
	c.Flags().StringVar(&s.User, "user", "fivechat", "name that clients authenticate as")
	c.Flags().BoolVar(&s.insecure, "insecure", false,
		"need no password on TCP: every client that reaches the address can read and change everything (for tests)")
	require(c, "data")
	return c
}

func (s serving) run(ctx context.Context, out io.Writer) error {
	if err := system.PrivateFolder(s.Dir); err != nil {
		return err
	}
	note, err := s.setPassword()
	if err != nil {
		return err
	}
	if s.redis != "" {
		r, err := system.StartRedis(s.redis, s.Password)
		if err != nil {
			return err
		}
		defer func() { _ = r.Close() }()
		fmt.Fprintln(out, r.URL())
	}
	s.Logger = slog.Default()
	// The server is closed below, where the error of closing it is reported.
	server, err := embedmongo.Start(context.WithoutCancel(ctx), s.Options)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, server.URI())
	fmt.Fprintln(out, note)
	<-ctx.Done()
	return server.Close()
}

// setPassword finds the password, and says for the operator where it is from.
func (s *serving) setPassword() (note string, err error) {
	given, err := config.Load(environment.Store{})
	if err != nil {
		return "", err
	}
	onTCP := !filepath.IsAbs(s.Addr) || s.redis != "" && !filepath.IsAbs(s.redis)
	switch {
	case given.Password != "" && s.insecure:
		return "", errors.New("--insecure and FIVECHAT_STORE_PASSWORD exclude each other")
	case given.Password != "":
		s.Password = given.Password
		return "User " + s.User + "; the password is that of FIVECHAT_STORE_PASSWORD.", nil
	case s.insecure:
		return "Without a password: every client that reaches the address can read and change everything.", nil
	case !onTCP:
		return "Without a password: only this user can reach the sockets.", nil
	}
	path := filepath.Join(s.Dir, passwordFile)
	s.Password, err = keptPassword(path)
	return "User " + s.User + "; the password is in " + path + ".", err
}

// keptPassword reads the generated password of a file, or generates it.
func keptPassword(path string) (string, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		b = []byte(rand.Text() + "\n")
		err = os.WriteFile(path, b, 0o600)
	}
	if err != nil {
		return "", err
	}
	password := strings.TrimSpace(string(b))
	if password == "" {
		return "", fmt.Errorf("%s is empty: remove it, or write a password into it", path)
	}
	return password, nil
}
