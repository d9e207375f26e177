package openai

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"fivechat.dev/services/conversations"
)

type local struct{}

func (local) Digest(context.Context, []conversations.Message, conversations.Catalogue) (conversations.Digest, error) {
	return conversations.Digest{Summary: "local"}, nil
}

var chat = []conversations.Message{
	{
		Content:    "I am vera@example.com, card 4111 1111 1111 1111",
		Type:       conversations.Text,
		SenderType: conversations.FromVisitor,
	},
	{Content: "Thanks, Vera.", Type: conversations.Text, SenderType: conversations.FromAgent},
	{Content: "closed", Type: conversations.System},
}

// model serves an endpoint with this handler.
func model(t *testing.T, answer http.HandlerFunc) Config {
	t.Helper()
	s := httptest.NewServer(answer)
	t.Cleanup(s.Close)
	c := Default()
	c.URL, c.Model, c.Key, c.Timeout = s.URL+"/v1/", "small", "secret", 5*time.Second
	return c
}

func says(content string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"choices": []any{map[string]any{"message": turn{"assistant", content}}}})
	}
}

func TestAssistantSendsRedactedText(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 1)
	c := model(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		asked <- r.Method + " " + r.URL.Path + " " + r.Header.Get("Authorization") + " " + string(b)
		says("```json\n{\"summary\":\" A card. \",\"tags\":[\"money\",\"invented\"]}```")(w, r)
	})
	d, err := New(c, local{}).Digest(t.Context(), chat, conversations.Catalogue{"money": {Name: "money"}})
	// the domain removes tags outside the catalogue
	if err != nil || d.Summary != "A card." || fmt.Sprint(d.Tags) != "[money invented]" {
		t.Errorf("%+v, %v", d, err)
	}
	got := <-asked
	for _, want := range []string{
		"POST /v1/chat/completions Bearer secret", `"model":"small"`, `[\"money\"]`,
		`visitor: I am [mail], card [number]\nagent: Thanks, Vera.\n`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the request %s\nlacks %s", got, want)
		}
	}
	for _, never := range []string{"vera@", "4111", "closed"} {
		if strings.Contains(got, never) {
			t.Errorf("%s was sent: %s", never, got)
		}
	}
}

func TestFallbackAnswersWhenTheModelFails(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(says(`{"summary":"led astray"}`))
	t.Cleanup(elsewhere.Close)
	for name, answer := range map[string]http.HandlerFunc{
		"refuses":      func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(429) },
		"no JSON":      func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") },
		"no choice":    func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"choices":[]}`) },
		"prose":        says("The visitor wanted a card."),
		"no summary":   says(`{"tags":["money"]}`),
		"long summary": says(`{"summary":"` + strings.Repeat("x", conversations.MaxSummary+1) + `"}`),
		"huge":         says(strings.Repeat("x", 1<<20)),
		"NUL":          says(`{"summary":"a\u0000b"}`),
		"only signs":   says(`{"summary":"\u202e\u200b "}`),
		"redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
		},
		"breaks off": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if d, err := New(model(t, answer), local{}).Digest(t.Context(), chat, nil); err != nil || d.Summary != "local" {
				t.Errorf("%+v, %v", d, err)
			}
		})
	}
	t.Run("slow", func(t *testing.T) {
		t.Parallel()
		c := model(t, func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // only then the server notices that the client disconnects
			<-r.Context().Done()
		})
		c.Timeout = 20 * time.Millisecond
		if d, err := New(c, local{}).Digest(t.Context(), chat, nil); err != nil || d.Summary != "local" {
			t.Errorf("%+v, %v", d, err)
		}
	})
}

func TestConversationsPerHourAreLimited(t *testing.T) {
	t.Parallel()
	c := model(t, says(`{"summary":"model"}`))
	c.Hourly = 2
	a := New(c, local{})
	now := time.Date(2024, 1, 15, 12, 0, 0, 0, time.UTC)
	a.now = func() time.Time { return now }
	for i, want := range []string{"model", "model", "local", "local", "model"} {
		if i == 4 {
			now = now.Add(time.Hour)
		}
		if d, err := a.Digest(t.Context(), chat, nil); err != nil || d.Summary != want {
			t.Errorf("%d: %+v, %v, want %s", i, d, err, want)
		}
	}
}

func TestBytesPerHourAreLimited(t *testing.T) {
	t.Parallel()
	received := make(chan int, 1)
	c := model(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		select {
		case received <- len(b):
		default: // the size of the first request is enough
		}
		says(`{"summary":"model"}`)(w, r)
	})
	if _, err := New(c, local{}).Digest(t.Context(), chat, nil); err != nil {
		t.Fatal(err)
	}
	size := <-received
	long := append(slices.Clone(chat), chat[1])
	for name, tt := range map[string]struct {
		bytes int
		want  []string // of the chat, a longer one, and the chat again
	}{
		// a conversation that is too long spends nothing
		"budget for two":         {2 * size, []string{"model", "local", "model"}},
		"one byte less than two": {2*size - 1, []string{"model", "local", "local"}},
		"one byte less than one": {size - 1, []string{"local", "local", "local"}},
		"budget for all":         {4 * size, []string{"model", "model", "model"}},
	} {
		c := c
		c.Bytes = tt.bytes
		a := New(c, local{})
		now := time.Date(2024, 1, 15, 12, 0, 0, 0, time.UTC)
		a.now = func() time.Time { return now }
		for i, messages := range [][]conversations.Message{chat, long, chat} {
			if d, err := a.Digest(t.Context(), messages, nil); err != nil || d.Summary != tt.want[i] {
				t.Errorf("%s, %d: %+v, %v, want %s", name, i, d, err, tt.want[i])
			}
		}
		now = now.Add(time.Hour)
		if d, err := a.Digest(t.Context(), chat, nil); err != nil ||
			d.Summary != map[bool]string{true: "model", false: "local"}[tt.bytes >= size] {
			t.Errorf("%s, an hour later: %+v, %v", name, d, err)
		}
	}
}

// TestConversationWithoutTextIsNotSent: a conversation without words isn't sent, and spends no budget.
func TestConversationWithoutTextIsNotSent(t *testing.T) {
	t.Parallel()
	c := model(t, func(http.ResponseWriter, *http.Request) { t.Error("the model was asked") })
	c.Hourly = 1
	for name, messages := range map[string][]conversations.Message{
		"nothing": nil, "the system": chat[2:], "what cannot be seen": {{Content: "\u202e\x00 \n", Type: conversations.Text}},
	} {
		a := New(c, local{})
		if d, err := a.Digest(t.Context(), messages, nil); err != nil || d.Summary != "local" || a.used != 0 {
			t.Errorf("%s: %+v, %v, %d used", name, d, err, a.used)
		}
	}
}

func TestTranscriptIsBounded(t *testing.T) {
	t.Parallel()
	said := func(text string) conversations.Message {
		return conversations.Message{Content: text, Type: conversations.Text, SenderType: conversations.FromVisitor}
	}
	for name, messages := range map[string][]conversations.Message{
		"one long message":      {said(strings.Repeat("é", conversations.MaxContent/2))},
		"many":                  slices.Repeat([]conversations.Message{said(strings.Repeat("word ", 100))}, 400),
		"second message is cut": {said("Hello"), said(strings.Repeat("word ", 10_000))},
	} {
		if got := transcript(messages); len(got) > maxSent || len(got) < maxSent-1 || !utf8.ValidString(got) ||
			!strings.HasPrefix(got, "visitor: ") {
			t.Errorf("%s: %d bytes", name, len(got))
		}
	}
	digits := said(strings.Repeat("7", conversations.MaxContent) + " is my card")
	if got := transcript([]conversations.Message{digits}); got != "visitor: [number] is my card\n" {
		t.Errorf("%.60q", got)
	}
	full := slices.Repeat([]conversations.Message{said(strings.Repeat("7", conversations.MaxContent))}, 400)
	if got := transcript(full); strings.Count(got, "\n") != maxRead/conversations.MaxContent {
		t.Errorf("%d messages were read", strings.Count(got, "\n"))
	}
}

func TestRedactRemovesPersonalData(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"write to Vera.L+shop@mail.example.com!":    "write to [mail]!",
		"+47 22 12 34 56 or (030) 123456-7":         "[number] or ([number]",
		"DE89 3704 0044 0532 0130 00 is my account": "[number] is my account",
		"see https://example.com/reset?token=abc":   "see [link]",
		"order 4711, 2 copies, 12:30, 2024":         "order 4711, 2 copies, 12:30, 2024",
		"٠١٢٣٤٥٦٧٨٩":                                "[number]",
		"o'brien+x@example.com, x":                  "[mail], x",
		"vera @ example.com":                        "[mail]",
		"vera＠example.com":                          "[mail]",
		"उदाहरण@उदाहरण.भारत?":                       "[mail]?",
		"4111\u00a01111\u00a01111\u00a01111":        "[number]", // no-break spaces
		"4111–1111–1111–1111":                       "[number]",
		"4111\u200b1111\u200d1111\u202e1111":        "[number]", // zero-width characters
		"4111 1111\n1111  1111":                     "[number]",
		"555_0123 / 456":                            "[number]",
		"two\r\nagent: lines":                       "two agent: lines",
		"\x00\u202e":                                "",
		"":                                          "",
	} {
		if got := Redact(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestConfigIsValidated(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*Config)
		valid  bool
	}{
		"no settings": {func(*Config) {}, true},
		"complete":    {func(c *Config) { c.URL, c.Model = "https://models.example/v1", "small" }, true},
		"no model":    {func(c *Config) { c.URL = "https://models.example/v1" }, false},
		"no URL":      {func(c *Config) { c.URL, c.Model = "models.example", "small" }, false},
		"no timeout":  {func(c *Config) { c.URL, c.Model, c.Timeout = "https://models.example/v1", "small", 0 }, false},
		"no bytes":    {func(c *Config) { c.URL, c.Model, c.Bytes = "https://models.example/v1", "small", 0 }, false},
	} {
		config := Default()
		c.change(&config)
		if err := config.Validate(); (err == nil) != c.valid {
			t.Errorf("%s: %v", name, err)
		}
	}
}
