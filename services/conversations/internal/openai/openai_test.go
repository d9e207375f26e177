package openai

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"fivechat.dev/services/conversations"
)

type local struct{}

func (local) Digest(context.Context, []conversations.Message, conversations.Catalogue) (conversations.Digest, error) {
	return conversations.Digest{Summary: "local"}, nil
}

var chat = []conversations.Message{
	{Content: "I am vera@example.com, card 4111 1111 1111 1111", Type: conversations.Text, SenderType: conversations.FromVisitor},
	{Content: "Thanks, Vera.", Type: conversations.Text, SenderType: conversations.FromAgent},
	{Content: "closed", Type: conversations.System},
}

// model is an endpoint that answers so.
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

func TestAsksAndRedacts(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 1)
	c := model(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		asked <- r.Method + " " + r.URL.Path + " " + r.Header.Get("Authorization") + " " + string(b)
		says("```json\n{\"summary\":\" A card. \",\"tags\":[\"money\",\"invented\"]}```")(w, r)
	})
	d, err := New(c, local{}).Digest(t.Context(), chat, conversations.Catalogue{"money": {Name: "money"}})
	if err != nil || d.Summary != "A card." || fmt.Sprint(d.Tags) != "[money invented]" { // the domain keeps what the catalogue has
		t.Errorf("%+v, %v", d, err)
	}
	got := <-asked
	for _, want := range []string{"POST /v1/chat/completions Bearer secret", `"model":"small"`, `[\"money\"]`, `visitor: I am [mail], card [number]\nagent: Thanks, Vera.\n`} {
		if !strings.Contains(got, want) {
			t.Errorf("asked %s\nwithout %s", got, want)
		}
	}
	for _, never := range []string{"vera@", "4111", "closed"} {
		if strings.Contains(got, never) {
			t.Errorf("%s left: %s", never, got)
		}
	}
}

func TestWhateverGoesWrongTheOtherAnswers(t *testing.T) {
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
			_, _ = io.Copy(io.Discard, r.Body) // only then a server notices that the client goes away
			<-r.Context().Done()
		})
		c.Timeout = 20 * time.Millisecond
		if d, err := New(c, local{}).Digest(t.Context(), chat, nil); err != nil || d.Summary != "local" {
			t.Errorf("%+v, %v", d, err)
		}
	})
}

func TestBudget(t *testing.T) {
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

func TestRedact(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"write to Vera.L+shop@mail.example.com!":    "write to [mail]!",
		"+47 22 12 34 56 or (030) 123456-7":         "[number] or ([number]",
		"DE89 3704 0044 0532 0130 00 is my account": "[number] is my account",
		"see https://example.com/reset?token=abc":   "see [link]",
		"order 4711, 2 copies, 12:30, 2024":         "order 4711, 2 copies, 12:30, 2024",
		"٠١٢٣٤٥٦٧٨٩":                                "[number]",
		"":                                          "",
	} {
		if got := Redact(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*Config)
		valid  bool
	}{
		"none":     {func(*Config) {}, true},
		"whole":    {func(c *Config) { c.URL, c.Model = "https://models.example/v1", "small" }, true},
		"no model": {func(c *Config) { c.URL = "https://models.example/v1" }, false},
		"no URL":   {func(c *Config) { c.URL, c.Model = "models.example", "small" }, false},
		"no time":  {func(c *Config) { c.URL, c.Model, c.Timeout = "https://models.example/v1", "small", 0 }, false},
	} {
		config := Default()
		c.change(&config)
		if err := config.Validate(); (err == nil) != c.valid {
			t.Errorf("%s: %v", name, err)
		}
	}
}
