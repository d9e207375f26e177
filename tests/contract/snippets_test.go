package contract_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"fivechat.dev/tests/harness"
)

// runs says how a function of docs/api/identity.md is run: by a program, as a file with a text around it.
var runs = map[string]struct {
	program       []string
	file          string
	before, after string
}{
	"js": {
		[]string{"node"}, "token.cjs", "", "console.log(fivechatToken({id: 4711, email: 'v@c.example', name: 'Véra'}))",
	},
	"python": {
		[]string{"python3"},
		"token.py", "",
		"print(fivechat_token({'id': 4711, 'email': 'v@c.example', 'name': 'V\u00e9ra'}))",
	},
	"php": {
		[]string{"php"},
		"token.php", "<?php\n",
		"echo fivechatToken(['id' => 4711, 'email' => 'v@c.example', 'name' => 'Véra']);",
	},
	"ruby": {
		[]string{"ruby"},
		"token.rb", "",
		"puts fivechat_token({id: 4711, email: 'v@c.example', name: 'Véra'})",
	},
	"go": {
		[]string{"go", "run"},
		"token.go", "package main\n",
		"func main() { token, err := fivechatToken(\"4711\", \"v@c.example\", \"Véra\"); " +
			"if err != nil { panic(err) }; os.Stdout.WriteString(token) }",
	},
}

// TestBackendSnippetsSign runs the functions of docs/api/identity.md whose language is installed: each makes a token
// that verifies the visitor.
func TestBackendSnippetsSign(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join(harness.Root(t), "docs", "api", "identity.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "## Backends")
	section, _, _ = strings.Cut(section, "\n## ")
	w := harness.Running().Website(t, harness.Free)
	_, secret := w.Person(t, harness.Admin).NewIdentitySecret(t)
	blocks := regexp.MustCompile("(?s)```([a-z]+)\n(.*?)```").FindAllStringSubmatch(section, -1)
	if len(blocks) != len(runs) {
		t.Errorf("the page has %d functions, want %d", len(blocks), len(runs))
	}
	for _, b := range blocks {
		t.Run(b[1], func(t *testing.T) {
			t.Parallel()
			run, known := runs[b[1]]
			if !known {
				t.Fatalf("no way to run %s", b[1])
			}
			if _, err := exec.LookPath(run.program[0]); err != nil {
				t.Skipf("%s isn't installed", run.program[0])
			}
			file := filepath.Join(t.TempDir(), run.file)
			if err := os.WriteFile(file, []byte(run.before+b[2]+run.after+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), run.program[0], append(run.program[1:], file)...)
			cmd.Env = append(os.Environ(), "FIVECHAT_IDENTITY_SECRET="+secret, "PYTHONIOENCODING=utf-8")
			token, err := cmd.Output()
			if err != nil {
				t.Fatalf("%v: %v", cmd, err)
			}
			v := w.Visit(t, harness.Map{"identity": harness.Map{"token": strings.TrimSpace(string(token))}})
			const want = `{"email":"v@c.example","name":"Véra","userId":"4711","verified":true}`
			if got := v.Made.Object("visitor").Object("identity").String(); got != want {
				t.Errorf("the visitor is %s, want %s", got, want)
			}
		})
	}
}
