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

func TestAnExportKeepsPeopleTimesAndState(t *testing.T) {
	t.Parallel()
	const input = `{"kind":"website","id":1}
{"kind":"user","id":5,"email":"una@shop.example"}
{"kind":"visitor","id":8,"token":"vis_1","name":"Vera","context":"{\"cart\":3}",` +
		`"identity":{"userId":"u1","email":"v@x.example"}}
{"kind":"visitor_note","id":1}
{"kind":"conversation","id":3,"token":"conv_1","visitorId":8,"assigneeId":5,"status":"CLOSED",` +
		`"closedAt":"2025-01-04T00:00:00Z","tags":["a"],"rating":5,"feedback":"f","ratedAt":"2025-01-03T00:00:00Z",` +
		`"summary":"s"}
{"kind":"message","id":1,"senderType":"VISITOR","content":"x","userId":null,"createdAt":"2025-01-01T00:00:00Z"}
{"kind":"message","id":2,"senderType":"USER","content":"y","userId":5,"createdAt":"2025-01-02T00:00:00Z"}
{"kind":"ticket","id":"one"}
{"kind":"end","rows":8}
`
	const want = `{"key":"conv_1","topics":["a"],"visitor":{"key":"vis_1","name":"Vera","context":{"cart":3,` +
		`"userId":"u1","email":"v@x.example"}},"status":"CLOSED","closedAt":"2025-01-04T00:00:00Z",` +
		`"assignee":"una@shop.example","rating":{"stars":5,"feedback":"f",` +
		`"at":"2025-01-03T00:00:00Z"},"summary":"s","turns":[` +
		`{"from":"visitor","text":"x","at":"2025-01-01T00:00:00Z"},` +
		`{"from":"agent","text":"y","at":"2025-01-02T00:00:00Z","agent":"una@shop.example"}]}`
	s := serve(t)
	o := options(s, input)
	left := map[string]int{}
	o.Left = func(kind string) { left[kind]++ }
	if r, err := importer.Run(t.Context(), o); err != nil || r.Imported != 1 {
		t.Fatalf("%+v %v", r, err)
	}
	if !sameJSON(t, s.rows[0], []byte(want)) {
		t.Errorf("sent %s\nwant %s", s.rows[0], want)
	}
	if fmt.Sprint(left) != "map[ticket:1 visitor_note:1 website:1]" {
		t.Errorf("left out: %v", left)
	}
}
