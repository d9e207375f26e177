package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"fivechat.dev/deploy/fivechat/system"
)

// binary is this command, built once.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "fivechat")
	if err == nil {
		binary = filepath.Join(dir, "fivechat")
		var out []byte
		if out, err = exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
			err = fmt.Errorf("%w: %s", err, out)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// fivechat runs the command to its end.
func fivechat(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	c := exec.CommandContext(t.Context(), binary, args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "MONGODB_URI=", "REDIS_URL=", "FIVECHAT_OPERATOR_URL=", "FIVECHAT_OPERATOR_KEY=")
	out, err := c.CombinedOutput()
	return string(out), err
}

func must(t *testing.T, dir string, args ...string) string {
	t.Helper()
	out, err := fivechat(t, dir, args...)
	if err != nil {
		t.Fatalf("fivechat %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(out)
}

// running is a system in a process of its own.
type running struct {
	cmd  *exec.Cmd
	out  *bytes.Buffer
	demo system.Demo
}

// start runs the demo in dir/data and waits until it has said all it says.
func start(t *testing.T, dir string, flags ...string) *running {
	t.Helper()
	return startWith(t, dir, nil, flags...)
}

// startWith is start with more in the environment.
func startWith(t *testing.T, dir string, env []string, flags ...string) *running {
	t.Helper()
	args := append([]string{"run", "--demo", "--listen", "127.0.0.1:0"}, flags...)
	r := &running{cmd: exec.Command(binary, args...), out: &bytes.Buffer{}}
	r.cmd.Dir, r.cmd.Stderr = dir, os.Stderr
	r.cmd.Env = append(append(os.Environ(), "MONGODB_URI=", "REDIS_URL=", "FIVECHAT_ADMIN_ADDR="), env...)
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.cmd.Process.Kill() })
	b := make([]byte, 4096)
	for !strings.Contains(r.out.String(), "Stop with Ctrl-C.") {
		n, err := out.Read(b)
		r.out.Write(b[:n])
		if err != nil {
			t.Fatalf("it ended: %v\n%s", err, r.out)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "data", "demo.json"))
	if err == nil {
		err = json.Unmarshal(text, &r.demo)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// totals gives conversations, messages and visitors as the statistics have them.
func (r *running) totals(t *testing.T) (conversations, messages, visitors int) {
	t.Helper()
	var s struct{ TotalConversations, TotalMessages, TotalVisitors int }
	if code := r.get(t, "/statistics/current", r.demo.Websites[0].Tokens["READ"], &s); code != 200 {
		t.Fatal(code)
	}
	return s.TotalConversations, s.TotalMessages, s.TotalVisitors
}

func (r *running) get(t *testing.T, path, token string, into any) int {
	t.Helper()
	req, _ := http.NewRequestWithContext(t.Context(), "GET", r.demo.URL+path, nil)
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if into != nil {
		if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
			t.Fatal(err)
		}
	}
	return resp.StatusCode
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-deadline:
			t.Fatalf("never: %s", what)
		case <-tick.C:
		}
	}
}

func TestDemoIsMadeOnceAndKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := start(t, dir)
	if len(first.demo.Websites) != 2 || first.demo.Websites[0].Plan != "PRO" || first.demo.Websites[1].Plan != "FREE" ||
		first.demo.OperatorKey == "" {
		t.Fatalf("%+v", first.demo)
	}
	for _, w := range first.demo.Websites {
		if !strings.Contains(first.out.String(), w.ClientToken) {
			t.Errorf("website %d is not printed", w.ID)
		}
		for _, level := range []string{"READ", "WRITE", "READ_WRITE"} {
			if !strings.Contains(first.out.String(), w.Tokens[level]) {
				t.Errorf("the %s token of website %d is not printed", level, w.ID)
			}
		}
	}
	if info, err := os.Stat(filepath.Join(dir, "data", "demo.json")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("demo.json: %v %v", info.Mode(), err)
	}
	if out, err := fivechat(t, dir, "run", "--listen", "127.0.0.1:0"); err == nil ||
		!strings.Contains(out, "in use by another process") {
		t.Errorf("a second system on one folder: %v %s", err, out)
	}
	if err := first.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := first.cmd.Wait(); err != nil {
		t.Errorf("SIGTERM: %v", err)
	}
	if strings.Contains(first.out.String(), "/status") {
		t.Errorf("without being asked to, it says how it stands: %s", first.out)
	}
	second := start(t, dir, "--admin-listen", "127.0.0.1:0")
	if at := regexp.MustCompile(`http://127\.0\.0\.1:\d+/status`).FindString(second.out.String()); at == "" {
		t.Errorf("it does not say where it says how it stands: %s", second.out)
	} else if resp, err := http.Get(at); err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("%s: %v %v", at, resp, err)
	} else {
		_ = resp.Body.Close()
	}
	for i, w := range second.demo.Websites {
		if before := first.demo.Websites[i]; before.Tokens["READ"] != w.Tokens["READ"] || before.ID != w.ID ||
			before.ClientToken != w.ClientToken {
			t.Errorf("after a restart: %+v", w)
		}
		if code := second.get(t, "/conversations", w.Tokens["READ"], nil); code != 200 {
			t.Errorf("website %d: %d", w.ID, code)
		}
	}
	if out := must(t, dir, "env"); !strings.Contains(out, "URL="+second.demo.URL+" ") ||
		!strings.Contains(out, "READ="+second.demo.Websites[0].Tokens["READ"]+" ") {
		t.Errorf("env: %s", out)
	}
}

// ask sends a body and reads the answer, which must be one of success.
func (r *running) ask(t *testing.T, method, path string, header http.Header, body string, into any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, r.demo.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = header.Clone()
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	said, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode < 300 {
		err = json.Unmarshal(said, into)
	}
	if err != nil || resp.StatusCode >= 300 {
		t.Fatalf("%s %s: %d %s %v", method, path, resp.StatusCode, said, err)
	}
}

// TestAssistant: the model that the environment names summarizes what is closed; one without a name is refused.
func TestAssistant(t *testing.T) {
	t.Parallel()
	model := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"choices":[{"message":{"content":"{\"summary\":\"A parcel is late.\"}"}}]}`)
	}))
	t.Cleanup(model.Close)
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, binary, "run", "--listen", "127.0.0.1:0")
	c.Dir, c.Env = dir, append(os.Environ(), "FIVECHAT_ASSISTANT_URL="+model.URL)
	if out, err := c.CombinedOutput(); err == nil ||
		!strings.Contains(string(out), "FIVECHAT_ASSISTANT_MODEL is not set") {
		t.Fatalf("without a model: %v %s", err, out)
	}
	r := startWith(t, dir, []string{"FIVECHAT_ASSISTANT_URL=" + model.URL, "FIVECHAT_ASSISTANT_MODEL=small"})
	w := r.demo.Websites[0]
	var visitor struct{ VisitorToken, VisitorSecret string }
	var opened struct{ Conversation struct{ Token string } }
	r.ask(t, "POST", "/visitor/sessions", http.Header{}, `{"clientToken":"`+w.ClientToken+`"}`, &visitor)
	credentials := http.Header{"X-Visitor-Id": {visitor.VisitorToken}, "X-Visitor-Secret": {visitor.VisitorSecret}}
	r.ask(t, "POST", "/visitor/conversations", credentials, `{"content":"Where is my parcel?"}`, &opened)
	r.ask(t, "PATCH", "/conversations/"+opened.Conversation.Token,
		http.Header{"Authorization": {"Bearer " + w.Tokens["READ_WRITE"]}}, `{"status":"CLOSED"}`, &struct{}{})
	eventually(t, "the model's summary", func() bool {
		var got struct{ Conversation struct{ Summary string } }
		r.get(t, "/conversations/"+opened.Conversation.Token, w.Tokens["READ"], &got)
		return got.Conversation.Summary == "A parcel is late."
	})
}

func TestOperatorCommands(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if out, err := fivechat(t, dir, "website", "list"); err == nil || !strings.Contains(out, "no running system in data") {
		t.Errorf("nothing runs: %v %s", err, out)
	}
	r := start(t, dir)
	made := must(t, dir, "website", "create", "--name", "Shop", "--url", "https://shop.example", "--plan", "PRO",
		"--client-token", "from-before")
	if made != "website 3\nclientToken from-before" {
		t.Errorf("website create: %q", made)
	}
	if out := must(t, dir, "website", "list"); strings.Count(out, "\n") != 3 ||
		!strings.Contains(out, "https://shop.example") {
		t.Errorf("website list: %s", out)
	}
	if out := must(t, dir, "user", "create", "--website", "3", "--name", "Eve",
		"--email", "eve@shop.example"); !strings.HasPrefix(out, "user ") {
		t.Errorf("user create: %s", out)
	}
	token := must(t, dir, "token", "create", "--website", "3", "--level", "READ_WRITE", "--expires-in", "1h")
	if code := r.get(t, "/users", token, nil); code != 200 {
		t.Errorf("a new token: %d", code)
	}
	list := must(t, dir, "token", "list", "--website", "3")
	if strings.Contains(list, token) || !strings.Contains(list, "READ_WRITE") {
		t.Errorf("token list: %s", list)
	}
	id := strings.Fields(strings.Split(list, "\n")[1])[0]
	must(t, dir, "token", "revoke", "--website", "3", id)
	eventually(t, "the revoked token is refused", func() bool { return r.get(t, "/users", token, nil) == 401 })
	identity := must(t, dir, "identity-secret", "create", "--website", "3")
	secrets := must(t, dir, "identity-secret", "list", "--website", "3")
	if !strings.HasPrefix(identity, "isec_") || strings.Contains(secrets, identity) ||
		!strings.Contains(secrets, identity[:9]) {
		t.Errorf("identity secret %s, listed: %s", identity, secrets)
	}
	must(t, dir, "identity-secret", "remove", "--website", "3", strings.Fields(strings.Split(secrets, "\n")[1])[0])
	for _, wrong := range [][]string{
		{"identity-secret", "remove", "--website", "3", "99"},
		{"website", "create", "--name", "Shop"},
		{"website", "create", "--name", "Shop", "--url", "nowhere"},
		{"website", "create", "--name", "X", "--url", "https://x.example", "--client-token", "from-before"},
		{"token", "create", "--website", "3", "--level", "ALL"},
		{"token", "revoke", "--website", "2", id},
		{"token", "revoke", "--website", "3", "x"},
		{"user", "create", "--website", "99", "--name", "a", "--email", "a@b.example"},
		{"no-such"},
		{"website", "set", "3"},
		{"website", "set", "3", "--quota", "read"},
		{"website", "set", "3", "--quota", "read=60"},
		{"website", "set", "3", "--quota", "all=1/1"},
		{"website", "erase", "3"},
		{"website", "show", "99"},
		{"website", "export", "99"},
		{"user", "delete", "--website", "3", "1"},
		{"user", "set", "--website", "3", "1"},
		{"visitor", "erase", "--website", "3", "vis_x"},
		{"visitor", "erase", "--website", "3", "--yes", "vis_x"},
		{"token", "rotate", "--website", "3", "99"},
	} {
		if out, err := fivechat(t, dir, wrong...); err == nil || !strings.HasPrefix(out, "fivechat: ") {
			t.Errorf("fivechat %v: %v %s", wrong, err, out)
		}
	}
}

// TestWebsitesLife takes a website through all that an operator does with one.
func TestWebsitesLife(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := start(t, dir)
	shop := r.demo.Websites[0]
	if out := must(t, dir, "website", "set", "1", "--name", "Harbour", "--quota", "read=600/60",
		"--quota", "import=5/3600"); !strings.Contains(out, "read=600/60") || !strings.Contains(out, "Harbour") {
		t.Errorf("website set: %s", out)
	}
	if out := must(t, dir, "website", "set", "1", "--quota", "import="); strings.Contains(out, "import") ||
		out != must(t, dir, "website", "show", "1") {
		t.Errorf("website set: %s", out)
	}
	user := strings.TrimPrefix(must(t, dir, "user", "create", "--website", "1", "--name", "Eve",
		"--email", "eve@shop.example"), "user ")
	must(t, dir, "user", "set", "--website", "1", user, "--name", "Eva")
	if out := must(t, dir, "user", "list", "--website", "1"); !strings.Contains(out, "Eva") ||
		!strings.Contains(out, "Ada Moreno") {
		t.Errorf("user list: %s", out)
	}
	must(t, dir, "user", "delete", "--website", "1", "--yes", user)

	must(t, dir, "token", "create", "--website", "1", "--name", "ci")
	id := strings.Fields(strings.Split(must(t, dir, "token", "list", "--website", "1"), "\n")[1])[0]
	if code := r.get(t, "/users", must(t, dir, "token", "rotate", "--website", "1", "--overlap", "1m", id),
		nil); code != 200 {
		t.Errorf("a token's successor: %d", code)
	}

	visitor := r.visitor(t, shop.ClientToken)
	must(t, dir, "visitor", "export", "--website", "1", "--out", "visitor.jsonl", visitor)
	if text, err := os.ReadFile(filepath.Join(dir, "visitor.jsonl")); err != nil ||
		!strings.Contains(string(text), visitor) || !strings.HasSuffix(string(text), `{"kind":"end","rows":1}`+"\n") {
		t.Errorf("visitor export: %v %s", err, text)
	}
	if out := must(t, dir, "visitor", "erase", "--website", "1", "--yes", visitor); !strings.HasSuffix(out, "erased") {
		t.Errorf("visitor erase: %s", out)
	}
	if out := must(t, dir, "website", "export", "1"); strings.Contains(out, visitor) ||
		!strings.HasPrefix(out, `{"kind":"website","id":1,`) {
		t.Errorf("website export: %s", out)
	}
	if out := must(t, dir, "statistics", "recount", "--website", "1", "--repair"); out != "all counters are right" {
		t.Errorf("statistics recount: %s", out)
	}
	if out, err := fivechat(t, dir, "statistics", "recount", "--website", "99"); err == nil ||
		!strings.Contains(out, "website not found") {
		t.Errorf("statistics recount of none: %v %s", err, out)
	}
	log := must(t, dir, "audit", "--website", "1", "--since", "1h", "--limit", "100")
	for _, action := range []string{
		"website.update", "user.create", "user.update", "user.delete", "token.rotate",
		"visitor.export", "visitor.erase", "website.export", "statistics.repair",
	} {
		if !strings.Contains(log, action) {
			t.Errorf("the audit log has no %s: %s", action, log)
		}
	}
	must(t, dir, "website", "erase", "1", "--yes")
	if out, err := fivechat(t, dir, "website", "show", "1"); err == nil || !strings.Contains(out, "website not found") {
		t.Errorf("website show: %s", out)
	}
}

// visitor makes one and gives their token.
func (r *running) visitor(t *testing.T, clientToken string) string {
	t.Helper()
	resp, err := http.Post(r.demo.URL+"/visitor/sessions", "application/json",
		strings.NewReader(`{"clientToken":"`+clientToken+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var made struct{ VisitorToken string }
	if err := json.NewDecoder(resp.Body).Decode(&made); err != nil || made.VisitorToken == "" {
		t.Fatal(made, err)
	}
	return made.VisitorToken
}

// TestImportStatesWhatItDid checks the exit status, the output and the report for files without, with some, and with
// only bad lines.
func TestImportStatesWhatItDid(t *testing.T) {
	t.Parallel()
	const good, bad = `{"id":"a","turns":[{"from":"visitor","text":"x"}]}`, `{"id":"b","turns":[]}`
	for name, c := range map[string]struct {
		lines          string
		status         int
		output, report string
	}{
		"all":  {good + "\n" + good, 0, "would import 2, already there 0, bad lines 0\n", ""},
		"some": {good + "\n" + bad, 2, "would import 1, already there 0, bad lines 1\n", `{"line":2,"reason":"has no turns`},
		"none": {bad, 1, "would import 0, already there 0, bad lines 1\n", `{"line":1,"reason":"has no turns`},
	} {
		dir := t.TempDir()
		report := filepath.Join(dir, "report.jsonl")
		importing := exec.CommandContext(t.Context(), binary, "import", "--dry-run", "--report", report, "-")
		importing.Stdin = strings.NewReader(c.lines)
		out, err := importing.Output()
		if status := importing.ProcessState.ExitCode(); status != c.status || string(out) != c.output {
			t.Errorf("%s: status %d, want %d; %s %v", name, status, c.status, out, err)
		}
		if written, err := os.ReadFile(report); err != nil || !strings.HasPrefix(string(written), c.report) ||
			(c.report == "") != (len(written) == 0) {
			t.Errorf("%s: the report is %q %v", name, written, err)
		}
	}
}

// TestImportSurvivesKill ends the system without warning in mid-import. What was acknowledged is there, and importing
// again ends in exactly the file's totals.
func TestImportSurvivesKill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const rows, turns = 3000, 6
	var file bytes.Buffer
	for i := range rows {
		fmt.Fprintf(&file, `{"id":"row/%d","topics":["Topic_%d"],"turns":[`, i, i%7)
		for j := range turns {
			if j > 0 {
				file.WriteByte(',')
			}
			fmt.Fprintf(&file, `{"from":%q,"text":"turn %d of row %d"}`, []string{"visitor", "agent"}[j%2], j, i)
		}
		file.WriteString("]}\n")
	}
	path := filepath.Join(dir, "rows.jsonl")
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	r := start(t, dir)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	importing := exec.CommandContext(ctx, binary, "import", "--url", r.demo.URL,
		"--token", r.demo.Websites[0].Tokens["WRITE"], path)
	if err := importing.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "some rows are there", func() bool { c, _, _ := r.totals(t); return c > 0 })
	if err := r.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = r.cmd.Wait()
	_ = importing.Wait()

	r = start(t, dir)
	token := r.demo.Websites[0].Tokens["WRITE"]
	if out := must(t, dir, "import", "--url", r.demo.URL, "--token", token, path); strings.Contains(out, "imported 0,") ||
		!strings.Contains(out, "bad lines 0") {
		t.Errorf("the second run had nothing, or too much, to do: %s", out)
	}
	eventually(t, "the totals are the file's", func() bool {
		c, m, v := r.totals(t)
		if c > rows || m > rows*turns || v > rows {
			t.Fatalf("more than the file has: %d %d %d", c, m, v)
		}
		return c == rows && m == rows*turns && v == rows
	})
	if out := must(t, dir, "import", "--url", r.demo.URL, "--token", token, path); !strings.Contains(out,
		fmt.Sprintf("imported 0, already there %d, bad lines 0", rows)) {
		t.Errorf("the third run: %s", out)
	}
	var list struct{ Total int }
	if r.get(t, "/conversations?limit=1", r.demo.Websites[0].Tokens["READ"], &list); list.Total != rows {
		t.Errorf("listed %d", list.Total)
	}
}

// TestWalk: a system is tested from end to end, and an unreachable address is reported.
func TestWalk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := start(t, dir)
	out := must(t, dir, "walk", "--url", r.demo.URL)
	for _, said := range []string{
		"a visitor has asked: conv_", "an agent has answered", "ticket ",
		"the statistics have counted it", "is being erased",
	} {
		if !strings.Contains(out, said) {
			t.Errorf("walk does not say %q:\n%s", said, out)
		}
	}
	if out, err := fivechat(t, dir, "walk", "--url", "http://127.0.0.1:1", "--within", "2s"); err == nil ||
		!strings.Contains(out, "a visit: ") || !strings.Contains(out, "is being erased") {
		t.Errorf("nobody answers: %v %s", err, out)
	}
}
