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

// Target is the website of a running system to populate. Its plan must be PRO.
type Target struct {
	URL, Token string // the token has READ_WRITE
	Bound      int    // maximal number of connections
}

// Size is the number of objects at the start.
type Size struct{ Conversations, Chats, Tickets int }

// creators create the objects at the start concurrently.
const creators = 4

// maxText is how many characters of a turn are used in a title, a message, or a search.
const maxText = 200

// Populate returns a site. It imports dialogues of a file (or built-in ones if file is "") up to the wanted number,
// opens chats and creates tickets.
func Populate(ctx context.Context, at Target, file string, size Size) (*Site, error) {
	server, err := NewClient(at.URL, at.Bound)
	if err != nil {
		return nil, err
	}
	t := &Site{server: server, token: at.Token, cursors: map[string]string{
		"cursor": "", "conversations": "",
		"messages": "",
	}}
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

// imported imports dialogues into the website.
func imported(ctx context.Context, at Target, said dialogues, n int) error {
	from, to := io.Pipe()
	go func() { to.CloseWithError(said.write(to, n)) }()
	var bad error
	r, err := importer.Run(ctx, importer.Options{
		URL: at.URL, Token: at.Token, Input: from, Progress: func(int) {},
		BadLine: func(line int, why error) {
			bad = fmt.Errorf("dialogue %d: %w", line, why)
		},
	})
	_ = from.Close() // it also ends the writer
	if err = errors.Join(err, bad); err == nil && r.Imported+r.Existing != n {
		err = fmt.Errorf("%d of %d dialogues were imported", r.Imported+r.Existing, n)
	}
	return err
}

// list learns the existing conversations.
func (t *Site) list(ctx context.Context, agent *client.Client) error {
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
		return errors.New("the website has no conversations")
	}
	t.pages = max(len(t.conversations)/50, 1)
	return nil
}

// people creates chats and tickets with the operations that create them.
func (t *Site) people(ctx context.Context, size Size) error {
	visitor, _ := Find("visitor/session,visitor/open")
	desk, _ := Find("desk/create")
	several := func(n int, o *Operation) error {
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(creators)
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
	}{
		{size.Chats, visitor[0].Operations[0]},
		{size.Chats, visitor[1].Operations[0]},
		{size.Tickets, desk[0].Operations[0]},
	} {
		if err := several(made.n, &made.o); err != nil {
			return err
		}
	}
	return nil
}

var dueOf = regexp.MustCompile(`"content":"(\d{19}) `)

// Listen opens the streams of n visitors and returns when all are open. received is called, concurrently, with how long
// each message took from when it was due. The streams end with ctx, and wait waits for that; it returns the first error
// of a stream that ended earlier.
func (t *Site) Listen(ctx context.Context, n int, received func(time.Duration)) (wait func() error, err error) {
	var all errgroup.Group
	var open sync.WaitGroup
	for i := range min(n, len(t.chats)) {
		c, err := client.New(t.server.url, client.Visitor(t.chats[i].token, t.chats[i].secret))
		if err != nil {
			return nil, err
		}
		open.Add(1)
		once := sync.OnceFunc(open.Done)
		all.Go(func() error {
			defer once()
			for e, err := range c.StreamOwnEvents(ctx, "") {
				if ctx.Err() != nil {
					return nil //nolint:nilerr // the expected end
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
					received(time.Since(time.Unix(0, at)))
				}
			}
			return nil
		})
	}
	open.Wait()
	return all.Wait, nil
}

// quoted is a text escaped for a JSON string, cut to the used length.
func quoted(text string) string {
	if letters := []rune(text); len(letters) > maxText {
		text = string(letters[:maxText])
	}
	b, _ := json.Marshal(text) // a string can always be encoded
	return string(b[1 : len(b)-1])
}
