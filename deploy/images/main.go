// Command images builds the container images. Each has one static program, its bill of materials and no base image, and
// runs as user 65532. The command needs no Docker daemon, and its images of a commit are byte for byte reproducible.
//
// It is written by hand because the usual tools start from a base image out of a public registry; the image format
// itself is go-containerregistry's.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// packages are the images' programs, by the image's name.
var packages = map[string]string{
	"accounts":      "./services/accounts/cmd",
	"conversations": "./services/conversations/cmd",
	"files":         "./services/files/cmd",
	"mail":          "./services/mail/cmd",
	"statistics":    "./services/statistics/cmd",
	"tickets":       "./services/tickets/cmd",
	"visitors":      "./services/visitors/cmd",
	"webhooks":      "./services/webhooks/cmd",
	"widgets":       "./services/widgets/cmd",
	"workspace":     "./services/workspace/cmd",
	"api-gateway":   "./api-gateway/cmd",
	"fivechat":      "./deploy/fivechat",
}

// options say what is made and where it goes.
type options struct {
	to       string // a registry and a prefix, REGISTRY/PREFIX; pushed there where it is set
	dir      string // else archives are written here, as `docker load` and `ctr images import` take them
	insecure bool   // speak plain HTTP to the registry
	version  string
	revision string
	arch     []string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var o options
	arch := flag.String("arch", runtime.GOARCH, "architectures, separated by commas; archives hold the first")
	flag.StringVar(&o.to, "to", "", "push to this registry and prefix, like registry.example/fivechat")
	flag.StringVar(&o.dir, "dir", "bin/images", "without --to: the folder of the archives")
	flag.BoolVar(&o.insecure, "insecure", false, "speak plain HTTP to the registry")
	flag.StringVar(&o.version, "version", "dev", "the version: the images' tag, and what the programs say of themselves")
	flag.StringVar(&o.revision, "revision", "", "the commit, for the label")
	flag.Parse()
	o.arch = strings.Split(*arch, ",")
	if err := run(ctx, o, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "images:", err)
		os.Exit(1)
	}
}

// run builds the named images, or all. NAME=PACKAGE adds an image of another package.
func run(ctx context.Context, o options, names []string) error {
	if len(names) == 0 {
		names = slices.Sorted(maps.Keys(packages))
	}
	work, err := os.MkdirTemp("", "images")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }() // leftover temporary files have no effect
	for _, n := range names {
		n, pkg, named := strings.Cut(n, "=")
		if !named {
			pkg = packages[n]
		}
		if pkg == "" {
			return fmt.Errorf("no image %q: there are %s", n, strings.Join(slices.Sorted(maps.Keys(packages)), ", "))
		}
		if err := one(ctx, o, work, n, pkg); err != nil {
			return fmt.Errorf("%s: %w", n, err)
		}
	}
	return nil
}

// one builds the image of a name for each architecture, and pushes or archives it.
func one(ctx context.Context, o options, work, n, pkg string) error {
	var images []v1.Image
	for _, arch := range o.arch {
		program := filepath.Join(work, n+"-"+arch)
		if err := compile(ctx, o, pkg, arch, program); err != nil {
			return err
		}
		image, err := assemble(program, n, arch, o.version, o.revision)
		if err != nil {
			return err
		}
		images = append(images, image)
	}
	if o.to == "" {
		return archive(o, n, images[0])
	}
	return push(ctx, o, n, images)
}

func compile(ctx context.Context, o options, pkg, arch, out string) error {
	flags := "-s -w -X fivechat.dev/libs/observe/telemetry.version=" + o.version
	c := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", flags, "-o", out, pkg)
	c.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch)
	if said, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s: %w\n%s", pkg, err, said)
	}
	return nil
}

func archive(o options, n string, image v1.Image) error {
	if err := os.MkdirAll(o.dir, 0o755); err != nil {
		return err
	}
	tag, err := name.NewTag("fivechat/" + n + ":" + o.version)
	if err != nil {
		return err
	}
	path := filepath.Join(o.dir, n+".tar")
	return errors.Join(tarball.WriteToFile(path, tag, image), tell(path, image))
}

func push(ctx context.Context, o options, n string, images []v1.Image) error {
	var how []name.Option
	if o.insecure {
		how = append(how, name.Insecure)
	}
	tag, err := name.NewTag(o.to+"/"+n+":"+o.version, how...)
	if err != nil {
		return err
	}
	if len(images) == 1 {
		return errors.Join(remote.Write(tag, images[0], remote.WithContext(ctx)), tell(tag.String(), images[0]))
	}
	var all []mutate.IndexAddendum
	for i, image := range images {
		platform := v1.Platform{OS: "linux", Architecture: o.arch[i]}
		all = append(all, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: &platform}})
	}
	index := mutate.AppendManifests(empty.Index, all...)
	return errors.Join(remote.WriteIndex(tag, index, remote.WithContext(ctx)), tell(tag.String(), index))
}

// tell prints where an image is and its digest.
func tell(where string, image interface{ Digest() (v1.Hash, error) }) error {
	digest, err := image.Digest()
	if err == nil {
		fmt.Println(where, digest)
	}
	return err
}
