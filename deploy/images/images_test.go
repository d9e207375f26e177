package main

import (
	"archive/tar"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// mostBytes is the largest that an image may be, as it goes over the line.
const mostBytes = 40 << 20

// fake makes the image of a small program of this module: this test's own.
func fake(t *testing.T) v1.Image {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	image, err := assemble(program, "accounts", "amd64", "1.2.3", "abc")
	if err != nil {
		t.Fatal(err)
	}
	return image
}

func digest(t *testing.T, image v1.Image) v1.Hash {
	t.Helper()
	d, err := image.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestImage(t *testing.T) {
	t.Parallel()
	image := fake(t)
	if a, b := digest(t, image), digest(t, fake(t)); a != b {
		t.Errorf("two builds are not one: %s and %s", a, b)
	}
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if c := config.Config; c.User != "65532:65532" || !slices.Equal(c.Entrypoint, []string{"/app"}) ||
		config.Architecture != "amd64" || c.Labels["org.opencontainers.image.version"] != "1.2.3" ||
		c.Labels["org.opencontainers.image.revision"] != "abc" {
		t.Errorf("config: %+v", config)
	}
	files := content(t, image)
	if names := slices.Sorted(maps.Keys(files)); !slices.Equal(names, []string{"app", "app.spdx.json"}) {
		t.Errorf("the image holds %v", names)
	}
}

// TestBill: each module of the program is in its bill of materials, by a name that scanners know.
func TestBill(t *testing.T) {
	t.Parallel()
	var b bill
	if err := json.Unmarshal(content(t, fake(t))["app.spdx.json"], &b); err != nil {
		t.Fatal(err)
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]string{}
	for _, p := range b.Packages {
		listed[p.Name] = p.Version
	}
	for _, m := range info.Deps {
		if listed[m.Path] != m.Version {
			t.Errorf("%s %s is listed as %q", m.Path, m.Version, listed[m.Path])
		}
	}
	if b.Version != "SPDX-2.3" || len(b.Relations) != len(b.Packages)-1 || b.Namespace == "" {
		t.Errorf("%s with %d relations of %d packages in %q", b.Version, len(b.Relations), len(b.Packages), b.Namespace)
	}
	if _, err := billOf(os.DevNull, "x", "1"); err == nil {
		t.Error("what is no program has a bill")
	}
}

// TestRun makes the largest image as `make images` does, twice, which is the same image.
func TestRun(t *testing.T) {
	t.Chdir("../..")
	o := options{version: "1.2.3", arch: []string{"amd64"}}
	made := func() v1.Image {
		o.dir = t.TempDir()
		if err := run(t.Context(), o, []string{"fivechat"}); err != nil {
			t.Fatal(err)
		}
		image, err := tarball.ImageFromPath(filepath.Join(o.dir, "fivechat.tar"), nil)
		if err != nil {
			t.Fatal(err)
		}
		return image
	}
	image := made()
	if a, b := digest(t, image), digest(t, made()); a != b {
		t.Errorf("two builds are not one: %s and %s", a, b)
	}
	layers, err := image.Layers()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range layers {
		if size, err := l.Size(); err != nil || size > mostBytes {
			t.Errorf("a layer of %d bytes, %v", size, err)
		}
	}
	if err := run(t.Context(), o, []string{"nothing"}); err == nil {
		t.Error("an image that does not exist is made")
	}
}

func content(t *testing.T, image v1.Image) map[string][]byte {
	t.Helper()
	layers, err := image.Layers()
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, l := range layers {
		r, err := l.Uncompressed()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		for in := tar.NewReader(r); ; {
			h, err := in.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if files[h.Name], err = io.ReadAll(in); err != nil {
				t.Fatal(err)
			}
		}
	}
	return files
}
