package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

func TestDatabase(t *testing.T) {
	t.Parallel()
	from, into := t.TempDir(), t.TempDir()
	if err := makeDatabase(from, into); err == nil {
		t.Error("a folder without reports yields a database")
	}
	for name, report := range map[string]string{
		"GO-2030-0002": `{"id":"GO-2030-0002","modified":"2030-01-02T00:00:00Z","affected":[
			{"package":{"name":"a.example/x"},"ranges":[{"events":[{"introduced":"0"},{"fixed":"1.2.3"}]}]},
			{"package":{"name":"stdlib"},"ranges":[]}]}`,
		"GO-2030-0001": `{"id":"GO-2030-0001","modified":"2030-01-01T00:00:00Z","aliases":["CVE-1"],"affected":[
			{"package":{"name":"a.example/x"}}]}`,
	} {
		if err := os.WriteFile(filepath.Join(from, name+".json"), []byte(report), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := makeDatabase(from, into); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(into, "index", "modules.json"))
	if err != nil {
		t.Fatal(err)
	}
	var modules []module
	if err := json.Unmarshal(content, &modules); err != nil {
		t.Fatal(err)
	}
	if len(modules) != 2 || modules[0].Path != "a.example/x" || len(modules[0].Vulns) != 2 ||
		modules[0].Vulns[1].Fixed != "1.2.3" || modules[1].Path != "stdlib" {
		t.Errorf("%s", content)
	}
	if _, err := os.Stat(filepath.Join(into, "ID", "GO-2030-0001.json")); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(filepath.Join(from, "GO-2030-0003.json"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := makeDatabase(from, into); err == nil {
		t.Error("a broken report is accepted")
	}
}
