package importer_test

import (
	"fmt"
	"strings"
	"testing"

	"fivechat.dev/deploy/fivechat/importer"
)

func exported(token string, messages ...string) string {
	text := fmt.Sprintf(`{"kind":"conversation","id":1,"token":%q,"tags":["a"]}`, token) + "\n"
	for _, m := range messages {
		from, content, _ := strings.Cut(m, ":")
		text += fmt.Sprintf(`{"kind":"message","id":2,"senderType":%q,"content":%q}`, from, content) + "\n"
	}
	return text
}

func TestAnExportIsImported(t *testing.T) {
	t.Parallel()
	const end = `{"kind":"end","rows":9}` + "\n"
	big := "VISITOR:" + strings.Repeat("x", 1<<20)
	head := `{"kind":"website","id":1}` + "\n" + `{"kind":"tag","name":"a"}` + "\n"
	for name, c := range map[string]struct {
		input string
		keys  string
		want  importer.Result
		fails string
	}{
		"whole": {
			input: head + exported("c1", "VISITOR:hello", "USER:hi") + exported("c2", "USER:hi") +
				`{"kind":"ticket","id":"1"}` + "\n" + end,
			keys: "c1 c2",
			want: importer.Result{Imported: 2},
		},
		"system messages are not imported": {
			input: head + exported("c1", "SYSTEM:joined") + exported("c2", "SYSTEM:joined", "USER:hi") + end,
			keys:  "c2",
			want:  importer.Result{Imported: 1},
		},
		"torn": {
			input: head + exported("c1", "VISITOR:hello") + exported("c2", "VISITOR:hello"),
			keys:  "c1",
			want:  importer.Result{Imported: 1},
			fails: "incomplete",
		},
		"a bad line": {
			input: exported("c1", "USER:hi") + `{"kind":` + "\n" + end,
			keys:  "c1",
			want:  importer.Result{Imported: 1, Bad: 1},
		},
		"too long": {
			input: exported("c1", big, big, big, big, big) + exported("c2", "USER:hi") + end,
			keys:  "c2",
			want:  importer.Result{Imported: 1, Bad: 1},
		},
		"a message without a conversation": {
			input: `{"kind":"message","senderType":"USER","content":"x"}` + "\n" + end,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t)
			r, bad, err := run(t, s, c.input)
			if r != c.want || (err == nil) != (c.fails == "") || err != nil && !strings.Contains(err.Error(), c.fails) {
				t.Errorf("%+v %v %v", r, bad, err)
			}
			for _, key := range strings.Fields(c.keys) {
				if !s.keys[key] {
					t.Errorf("%s is not there", key)
				}
			}
			if len(s.keys) != len(strings.Fields(c.keys)) {
				t.Errorf("there are %v, want %s", s.keys, c.keys)
			}
		})
	}
}
