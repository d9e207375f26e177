package mix

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"fivechat.dev/deploy/fivechat/importer"
	"fivechat.dev/libs/client"
	"fivechat.dev/libs/client/api"
)

// Target is the website of a running system that a town is settled on. Its plan is PRO.
type Target struct {
	URL, Token string // the token has READ_WRITE
	Bound      int    // connections at most
}

// Size is how much there is in the beginning.
type Size struct{ Conversations, Chats, Tickets int }

// settlers make what there is in the beginning, side by side.
const settlers = 4

// maxText is how many characters of a turn are used in a title, a message, or a search.
const maxText = 200

// Settle makes a town: imports dialogues of a file, or ones of our own where file is "", until there are as many as wanted;
// opens chats; makes tickets.
func Settle(ctx context.Context, at Target, file string, size Size) (*Town, error) {
	door, err := NewDoor(at.URL, at.Bound)
	if err != nil {
		return nil, err
	}
	t := &Town{door: door, token: at.Token, cursors: map[string]string{"cursor": "", "conversations": "", "messages": ""}}
	said, err := read(file)
	if err != nil {
		return nil, err
	}
	t.texts = said.texts()
	if err := imported(ctx, at, said, size.Conversations); err != nil {
		return nil, err
	}
	agent, err := client.New(at.URL, client.Token(at.Token))
	if err != nil {
		return nil, err
	}
	site, err := agent.GetWebsite(ctx)
	if err != nil {
		return nil, err
	}
	t.client = site.Body.ClientToken
	if err := t.list(ctx, agent); err != nil {
		return nil, err
	}
	settings := Operation{Method: "GET", Path: "/widgets/{client}"}
	seen, err := t.Sample(&settings)
	if err != nil || seen.Status != 200 {
		return nil, fmt.Errorf("the widget's settings: %d %w", seen.Status, err)
	}
	for _, h := range seen.Header {
		if h[0] == "Etag" {
			t.etag = h[1]
		}
	}
	return t, t.people(ctx, size)
}

// imported sends dialogues to the website.
func imported(ctx context.Context, at Target, said dialogues, n int) error {
	from, to := io.Pipe()
	go func() { to.CloseWithError(said.write(to, n)) }()
	var bad error
	r, err := importer.Run(ctx, importer.Options{URL: at.URL, Token: at.Token, Input: from, Progress: func(int) {}, BadLine: func(line int, why error) { bad = fmt.Errorf("dialogue %d: %w", line, why) }})
	_ = from.Close() // whoever writes ends with it
	if err = errors.Join(err, bad); err == nil && r.Imported+r.Existing != n {
		err = fmt.Errorf("%d of %d dialogues were imported", r.Imported+r.Existing, n)
	}
	return err
}

// list learns which conversations there are.
func (t *Town) list(ctx context.Context, agent *client.Client) error {
	limit, at := api.Limit(100), api.Cursor("")
	for len(t.conversations) < most {
		page, err := agent.ListConversations(ctx, &api.ListConversationsParams{Limit: &limit, Cursor: &at})
		if err != nil {
			return err
		}
		for _, c := range page.Body.Data {
			t.conversations = append(t.conversations, c.Token)
		}
		if !page.Body.HasNextPage {
			break
		}
		at = page.Body.NextCursor.MustGet()
	}
	if len(t.conversations) == 0 {
		return errors.New("there are no conversations")
	}
	t.pages = max(len(t.conversations)/50, 1)
	return nil
}

// people makes chats and tickets by the operations that make them.
func (t *Town) people(ctx context.Context, size Size) error {
	visitor, _ := Find("visitor/session,visitor/open")
	desk, _ := Find("desk/create")
	several := func(n int, o *Operation) error {
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(settlers)
		for range n {
			group.Go(func() error {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				if status, err := t.Ask(o, time.Now()); err != nil || status != o.Status {
					return fmt.Errorf("%s: %d %w", o.Name, status, err)
				}
				return nil
			})
		}
		return group.Wait()
	}
	for _, made := range []struct {
		n int
		o Operation
	}{{size.Chats, visitor[0].Operations[0]}, {size.Chats, visitor[1].Operations[0]}, {size.Tickets, desk[0].Operations[0]}} {
		if err := several(made.n, &made.o); err != nil {
			return err
		}
	}
	return nil
}

var dueOf = regexp.MustCompile(`"content":"(\d{19}) `)

// Listen opens the streams of n visitors and comes back when all are open. heard is called, by several goroutines, with
// how long each message took from when it was due. The streams end with ctx, and wait waits for that; its error is of the
// first that ended before.
func (t *Town) Listen(ctx context.Context, n int, heard func(time.Duration)) (wait func() error, err error) {
	var all errgroup.Group
	var open sync.WaitGroup
	for i := range min(n, len(t.chats)) {
		c, err := client.New(t.door.url, client.Visitor(t.chats[i].token, t.chats[i].secret))
		if err != nil {
			return nil, err
		}
		open.Add(1)
		once := sync.OnceFunc(open.Done)
		all.Go(func() error {
			defer once()
			for e, err := range c.StreamOwnEvents(ctx, "") {
				if ctx.Err() != nil {
					return nil //nolint:nilerr // it is the end that was wanted
				}
				if err != nil {
					return err
				}
				once()
				if due := dueOf.FindSubmatch(e.Data); due != nil && e.Name == "message.created" {
					at, err := strconv.ParseInt(string(due[1]), 10, 64)
					if err != nil {
						return err
					}
					heard(time.Since(time.Unix(0, at)))
				}
			}
			return nil
		})
	}
	open.Wait()
	return all.Wait, nil
}

// quoted is a text as it stands inside a JSON string, cut to what is used of it.
func quoted(text string) string {
	if letters := []rune(text); len(letters) > maxText {
		text = string(letters[:maxText])
	}
	b, _ := json.Marshal(text) // a string is always encoded
	return string(b[1 : len(b)-1])
}
