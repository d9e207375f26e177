package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fivechat.dev/deploy/observability/rules"
)

// TestCommitted: what is committed is what is made.
func TestCommitted(t *testing.T) {
	t.Parallel()
	made := t.TempDir()
	if err := run(made, runbooksAt); err != nil {
		t.Fatal(err)
	}
	found := 0
	err := filepath.WalkDir(made, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(made, path)
		if err != nil {
			return err
		}
		want, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		found++
		if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is stale (%v): make generate", name, err)
		}
		return nil
	})
	if err != nil || found < 7 {
		t.Errorf("%d files are made: %v", found, err)
	}
}

// TestDashboards: every panel says what it shows, in which unit, and asks something; and every way leads somewhere.
func TestDashboards(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("grafana/*.json")
	if err != nil {
		t.Fatal(err)
	}
	uids, text := map[string]bool{}, ""
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text += string(content)
		var d struct {
			UID, Title string
			Panels     []struct {
				Title, Description, Type string
				FieldConfig              struct{ Defaults struct{ Unit string } }
				Targets                  []struct{ Expr string }
				GridPos                  struct{ X, W int }
			}
		}
		if err := json.Unmarshal(content, &d); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if d.UID+".json" != filepath.Base(file) || uids[d.UID] {
			t.Errorf("%s has the uid %q", file, d.UID)
		}
		uids[d.UID] = true
		for i, p := range d.Panels {
			if p.Type == "row" {
				if !strings.Contains(p.Title, "?") || i == len(d.Panels)-1 || d.Panels[i+1].Type == "row" {
					t.Errorf("%s: the row %q asks nothing, or nothing answers it", d.Title, p.Title)
				}
				continue
			}
			if p.Title == "" || p.Description == "" || len(p.Targets) == 0 ||
				(p.FieldConfig.Defaults.Unit == "" && p.Type != "logs") {
				t.Errorf("%s: %q lacks something", d.Title, p.Title)
			}
			if p.GridPos.X+p.GridPos.W > 24 {
				t.Errorf("%s: %q is too wide", d.Title, p.Title)
			}
		}
	}
	for _, a := range rules.Alerts() {
		if !uids[a.Shown] {
			t.Errorf("%s leads to the dashboard %q", a.Name, a.Shown)
		}
	}
	for _, piece := range strings.Split(text, `/d/`)[1:] {
		if uid, _, _ := strings.Cut(piece, "?"); !uids[uid] {
			t.Errorf("a panel leads to the dashboard %q", uid)
		}
	}
}
