// Package picture finds out what a content is, from its bytes alone. Of a picture it also finds the size as people see
// it, removes what the camera noted (the place, the device, previews), and makes a thumbnail.
//
// Begin with Examiner. A content that begins like a picture and isn't one is a plain download: so is whatever follows
// the end of a picture, because it isn't kept. The pixels of a large picture aren't decoded, because a small file can
// have billions of them (decompression bomb): then there is no thumbnail.
package picture

import (
	"bytes"
	"context"
	"image"
	_ "image/gif" // registers the format
	"image/jpeg"
	"image/png"
	"io"
	"strings"

	"github.com/gabriel-vasile/mimetype"
	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp" // registers the format
	"golang.org/x/sync/semaphore"

	"fivechat.dev/services/files"
)

// The bounds of decoding.
const (
	maxDecoded = 192 << 20 // bytes of all pictures that are decoded at the same time
	maxSide    = 1 << 15   // pixels of a side of a picture
	thumbSide  = 640       // pixels of the longer side of a thumbnail, at most
	quality    = 82        // of thumbnails in JPEG
)

// unknown is the type of contents that aren't known, or aren't what they begin with.
const unknown = "application/octet-stream"

// Examiner implements files.Examiner.
type Examiner struct{ decoding *semaphore.Weighted }

// New returns an Examiner.
func New() *Examiner { return &Examiner{semaphore.NewWeighted(maxDecoded)} }

// Examine implements files.Examiner.
func (e *Examiner) Examine(ctx context.Context, content io.ReaderAt, size int64) (files.Examined, error) {
	whole := func() *io.SectionReader { return io.NewSectionReader(content, 0, size) }
	detected, err := mimetype.DetectReader(whole())
	if err != nil {
		return files.Examined{}, err
	}
	plain := files.Examined{Facts: files.Facts{Type: mediaType(detected), Size: size}, Content: whole()}
	read, isPicture := formats[plain.Type]
	if !isPicture {
		return plain, nil
	}
	plain.Type = unknown
	kept, err := read(content, size)
	if err != nil {
		return plain, nil //nolint:nilerr // it only begins like a picture
	}
	config, _, err := image.DecodeConfig(whole())
	if err != nil || config.Width < 1 || config.Height < 1 || config.Width > maxSide || config.Height > maxSide {
		return plain, nil //nolint:nilerr // as above
	}
	turned := kept.orientation >= 5
	found := files.Examined{Content: kept.reader(), Facts: files.Facts{
		Type:   mediaType(detected),
		Size:   kept.size(),
		Width:  int64(config.Width),
		Height: int64(config.Height),
	}}
	if turned {
		found.Width, found.Height = found.Height, found.Width
	}
	found.Thumbnail, err = e.thumbnail(ctx, whole(), config, kept)
	found.ThumbnailSize = int64(len(found.Thumbnail))
	return found, err
}

// mediaType returns a detected type without parameters.
func mediaType(m *mimetype.MIME) string {
	name, _, _ := strings.Cut(m.String(), ";")
	return name
}

// decodedBytes returns about how many bytes decoding a picture takes.
func decodedBytes(c image.Config, k kept) int64 {
	perPixel := int64(4)
	if k.progressive { // its coefficients are held as well
		perPixel = 16
	}
	return int64(c.Width)*int64(c.Height)*perPixel + 1<<20
}

// thumbnail returns a smaller picture, the right way up, or nil if the picture can't be decoded or has too many pixels.
func (e *Examiner) thumbnail(ctx context.Context, from io.Reader, c image.Config, k kept) ([]byte, error) {
	room := decodedBytes(c, k)
	if room > maxDecoded {
		return nil, nil
	}
	if err := e.decoding.Acquire(ctx, room); err != nil {
		return nil, err
	}
	defer e.decoding.Release(room)
	decoded, _, err := image.Decode(from)
	if err != nil {
		return nil, nil //nolint:nilerr // a broken picture is shown by its name
	}
	small := image.NewNRGBA(fitted(decoded.Bounds()))
	draw.BiLinear.Scale(small, small.Bounds(), decoded, decoded.Bounds(), draw.Src, nil)
	return encode(upright(small, k.orientation))
}

// encode returns the file of a thumbnail: JPEG, or PNG if some of it is transparent.
func encode(p *image.NRGBA) ([]byte, error) {
	var out bytes.Buffer
	if p.Opaque() {
		err := jpeg.Encode(&out, p, &jpeg.Options{Quality: quality})
		return out.Bytes(), err
	}
	err := png.Encode(&out, p)
	return out.Bytes(), err
}

// fitted returns the bounds of a thumbnail.
func fitted(of image.Rectangle) image.Rectangle {
	w, h := of.Dx(), of.Dy()
	if longer := max(w, h); longer > thumbSide {
		w, h = max(w*thumbSide/longer, 1), max(h*thumbSide/longer, 1)
	}
	return image.Rect(0, 0, w, h)
}

// upright turns and mirrors a picture by its EXIF orientation, 1 to 8.
func upright(p *image.NRGBA, orientation int) *image.NRGBA {
	if orientation < 2 || orientation > 8 {
		return p
	}
	w, h := p.Bounds().Dx(), p.Bounds().Dy()
	bounds := p.Bounds()
	if orientation >= 5 {
		bounds = image.Rect(0, 0, h, w)
	}
	out := image.NewNRGBA(bounds)
	for y := range h {
		for x := range w {
			toX, toY := x, y
			switch orientation {
			case 2:
				toX = w - 1 - x
			case 3:
				toX, toY = w-1-x, h-1-y
			case 4:
				toY = h - 1 - y
			case 5:
				toX, toY = y, x
			case 6:
				toX, toY = h-1-y, x
			case 7:
				toX, toY = h-1-y, w-1-x
			case 8:
				toX, toY = y, w-1-x
			}
			out.SetNRGBA(toX, toY, p.NRGBAAt(x, y))
		}
	}
	return out
}
