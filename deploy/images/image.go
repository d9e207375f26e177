package main

import (
	"archive/tar"
	"bytes"
	"io"
	"os"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// user is the uid and gid of the programs: that of "nonroot" by the convention of images without a user list.
const user = "65532:65532"

// assemble puts a program and its bill of materials into an image. Nothing in it depends on when or where it is made.
func assemble(program, n, arch, version, revision string) (v1.Image, error) {
	code, err := os.ReadFile(program)
	if err != nil {
		return nil, err
	}
	bill, err := billOf(program, n, version)
	if err != nil {
		return nil, err
	}
	layer, err := layerOf(file{"app", 0o755, code}, file{"app.spdx.json", 0o644, bill})
	if err != nil {
		return nil, err
	}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err = mutate.Append(image, mutate.Addendum{Layer: layer, MediaType: types.OCILayer})
	if err != nil {
		return nil, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", arch
	config.Config = v1.Config{
		Entrypoint: []string{"/app"}, User: user, WorkingDir: "/",
		Labels: map[string]string{
			"org.opencontainers.image.title": "fivechat " + n, "org.opencontainers.image.version": version,
			"org.opencontainers.image.revision": revision, "org.opencontainers.image.licenses": "Apache-2.0",
		},
	}
	return mutate.ConfigFile(image, config)
}

type file struct {
	name    string
	mode    int64
	content []byte
}

// layerOf packs files, owned by root so that the program can't change itself.
func layerOf(files ...file) (v1.Layer, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		header := &tar.Header{
			Name:    f.name,
			Mode:    f.mode,
			Size:    int64(len(f.content)),
			ModTime: time.Unix(0, 0),
			Format:  tar.FormatPAX,
		}
		if err := w.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := w.Write(f.content); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil }
	return tarball.LayerFromOpener(open, tarball.WithMediaType(types.OCILayer))
}
