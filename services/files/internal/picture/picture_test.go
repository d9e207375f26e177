package picture_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"strings"
	"testing"

	"fivechat.dev/services/files"
	"fivechat.dev/services/files/internal/picture"
)

// halves is a picture whose left half is red and whose right half is blue.
func halves(w, h int) *image.NRGBA {
	p := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			p.Set(x, y, color.NRGBA{R: 255, A: 255})
			if x >= w/2 {
				p.Set(x, y, color.NRGBA{B: 255, A: 255})
			}
		}
	}
	return p
}

func encoded(t *testing.T, encode func(io.Writer) error) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := encode(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func asJPEG(t *testing.T, p image.Image) []byte {
	t.Helper()
	return encoded(t, func(w io.Writer) error { return jpeg.Encode(w, p, nil) })
}

func asPNG(t *testing.T, p image.Image) []byte {
	t.Helper()
	return encoded(t, func(w io.Writer) error { return png.Encode(w, p) })
}

// withEXIF returns a JPEG with an orientation, and a place in what follows it.
func withEXIF(jpg []byte, orientation byte) []byte {
	tiff := []byte("MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00" + string(orientation) +
		"\x00\x00\x00\x00\x00\x00GPS 52.5,13.4")
	segment := append([]byte("Exif\x00\x00"), tiff...)
	head := []byte{0xff, 0xd8, 0xff, 0xe1, 0, 0}
	binary.BigEndian.PutUint16(head[4:], uint16(len(segment)+2))
	return append(append(head, segment...), jpg[2:]...)
}

// pngChunk returns a chunk of PNG.
func pngChunk(name, data string) string {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	b = append(b, name+data...)
	return string(binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE([]byte(name+data))))
}

func examine(t *testing.T, content []byte) (files.Examined, []byte) {
	t.Helper()
	found, err := picture.New().Examine(t.Context(), bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	stored, err := io.ReadAll(found.Content)
	if err != nil || int64(len(stored)) != found.Size || int64(len(found.Thumbnail)) != found.ThumbnailSize {
		t.Fatalf("%d bytes are stored of %+v: %v", len(stored), found.Facts, err)
	}
	return found, stored
}

// decodedThumbnail returns the thumbnail as a picture.
func decodedThumbnail(t *testing.T, e files.Examined) image.Image {
	t.Helper()
	p, _, err := image.Decode(bytes.NewReader(e.Thumbnail))
	if err != nil {
		t.Fatalf("the thumbnail of %d bytes: %v", len(e.Thumbnail), err)
	}
	return p
}

func TestPicturesAreExamined(t *testing.T) {
	t.Parallel()
	wide := halves(1280, 320)
	for name, c := range map[string]struct {
		content []byte
		typ     string
	}{
		"JPEG": {asJPEG(t, wide), "image/jpeg"},
		"PNG":  {asPNG(t, wide), "image/png"},
		"GIF":  {encoded(t, func(w io.Writer) error { return gif.Encode(w, wide, nil) }), "image/gif"},
	} {
		found, stored := examine(t, c.content)
		if found.Type != c.typ || found.Width != 1280 || found.Height != 320 {
			t.Errorf("%s: %+v", name, found.Facts)
		}
		if !bytes.Equal(stored, c.content) {
			t.Errorf("%s: %d of %d bytes are stored", name, len(stored), len(c.content))
		}
		if p := decodedThumbnail(t, found); p.Bounds().Dx() != 640 || p.Bounds().Dy() != 160 {
			t.Errorf("%s: the thumbnail is %v", name, p.Bounds())
		}
	}
	glass := image.NewNRGBA(image.Rect(0, 0, 4, 4))
	found, _ := examine(t, asPNG(t, glass))
	if _, _, _, alpha := decodedThumbnail(t, found).At(1, 1).RGBA(); alpha != 0 {
		t.Error("the thumbnail of a transparent picture isn't transparent")
	}
}

func TestOtherContentsHaveTheirTypes(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{
		"%PDF-1.7\n":                      "application/pdf",
		"<html><script>alert(1)</script>": "text/html",
		`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`: "image/svg+xml",
		"Hello":            "text/plain",
		"\x00\x01\x02\x03": "application/octet-stream",
	} {
		found, stored := examine(t, []byte(content))
		if found.Type != want || string(stored) != content || found.Thumbnail != nil || found.Width != 0 {
			t.Errorf("%q: %+v", content, found.Facts)
		}
	}
}

// TestOrientationIsApplied checks for each orientation where the red left half is in the thumbnail.
func TestOrientationIsApplied(t *testing.T) {
	t.Parallel()
	jpg := asJPEG(t, halves(64, 32))
	for orientation, red := range map[byte]image.Point{
		1: {4, 16}, 2: {60, 16}, 3: {60, 16}, 4: {4, 16}, 5: {16, 4}, 6: {16, 4}, 7: {16, 60}, 8: {16, 60},
	} {
		found, stored := examine(t, withEXIF(jpg, orientation))
		turned := orientation >= 5
		if turned != (found.Width == 32) {
			t.Errorf("orientation %d: %+v", orientation, found.Facts)
		}
		if r, _, b, _ := decodedThumbnail(t, found).At(red.X, red.Y).RGBA(); r < b {
			t.Errorf("orientation %d: at %v is the blue half", orientation, red)
		}
		if strings.Contains(string(stored), "GPS") {
			t.Errorf("orientation %d: the place is stored", orientation)
		}
		if again, _ := examine(t, stored); again.Width != found.Width {
			t.Errorf("orientation %d: what is stored is seen with a width of %d", orientation, again.Width)
		}
	}
}

func TestMetadataAndWhatFollowsAreRemoved(t *testing.T) {
	t.Parallel()
	small := halves(16, 16)
	jpg, pic := asJPEG(t, small), asPNG(t, small)
	withText := string(pic[:33]) + pngChunk("tEXt", "secret\x00place") + pngChunk("eXIf", "secret") + string(pic[33:])
	comment := string(jpg[:2]) + "\xff\xfe\x00\x08secret" + string(jpg[2:])
	for name, content := range map[string]string{
		"a comment in JPEG":    comment,
		"chunks of PNG":        withText,
		"HTML behind a JPEG":   string(jpg) + "<script>secret</script>",
		"an archive behind it": string(pic) + "PK\x03\x04secret",
	} {
		found, stored := examine(t, []byte(content))
		if strings.Contains(string(stored), "secret") || found.Width != 16 {
			t.Errorf("%s: %+v stores %q", name, found.Facts, stored)
		}
		if _, _, err := image.Decode(bytes.NewReader(stored)); err != nil {
			t.Errorf("%s: what is stored is no picture: %v", name, err)
		}
	}
}

func TestWebPKeepsItsPictureOnly(t *testing.T) {
	t.Parallel()
	// A lossless picture of 1 pixel (VP8L), as the specification of WebP has it.
	pixel := "VP8L\x0d\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00"
	body := "WEBP" + "VP8X\x0a\x00\x00\x00\x0c\x00\x00\x00\x00\x00\x00\x00\x00\x00" + pixel +
		"EXIF\x06\x00\x00\x00secretXMP \x06\x00\x00\x00secret"
	content := "RIFF" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(body)))) + body
	found, stored := examine(t, []byte(content))
	if found.Type != "image/webp" || strings.Contains(string(stored), "secret") || stored[20] != 0 {
		t.Errorf("%+v stores %q", found.Facts, stored)
	}
	if length := binary.LittleEndian.Uint32(stored[4:]); int(length) != len(stored)-8 {
		t.Errorf("the header states %d of %d bytes", length, len(stored))
	}
}

// TestBombsHaveNoThumbnail checks that small files with many pixels aren't decoded.
func TestBombsHaveNoThumbnail(t *testing.T) {
	t.Parallel()
	head := "\x89PNG\r\n\x1a\n"
	bomb := func(w, h uint32) []byte {
		size := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)
		return []byte(head + pngChunk("IHDR", string(size)+"\x08\x06\x00\x00\x00") + pngChunk("IDAT", "x") +
			pngChunk("IEND", ""))
	}
	found, _ := examine(t, bomb(30_000, 30_000))
	if found.Type != "image/png" || found.Width != 30_000 || found.Thumbnail != nil {
		t.Errorf("900 million pixels: %+v", found.Facts)
	}
	for _, side := range []uint32{0, 1 << 15, 1 << 20} {
		if found, _ := examine(t, bomb(side+1, 1)); side > 0 && found.Type != "application/octet-stream" {
			t.Errorf("a side of %d: %+v", side+1, found.Facts)
		}
	}
}

func TestBrokenPicturesArePlainFiles(t *testing.T) {
	t.Parallel()
	jpg, pic := asJPEG(t, halves(16, 16)), asPNG(t, halves(16, 16))
	for name, content := range map[string][]byte{
		"half a JPEG":             jpg[:len(jpg)/2],
		"half a PNG":              pic[:len(pic)/2],
		"the beginning of a JPEG": []byte("\xff\xd8\xff\xe0<script>alert(1)</script>"),
		"the beginning of a PNG":  []byte("\x89PNG\r\n\x1a\n<script>alert(1)</script>"),
		"WebP without content":    []byte("RIFF\x00\x00\x00\x00WEBPVP8 "),
		"GIF without content":     []byte("GIF89a"),
	} {
		found, stored := examine(t, content)
		if found.Type != "application/octet-stream" || found.Thumbnail != nil || !bytes.Equal(stored, content) {
			t.Errorf("%s: %+v", name, found.Facts)
		}
	}
}

// FuzzExamine checks that no content makes Examine fail or panic, and that what is stored isn't longer than what was
// received, except for the orientation.
func FuzzExamine(f *testing.F) {
	var jpg, pic bytes.Buffer
	_ = jpeg.Encode(&jpg, halves(8, 8), nil) // a buffer accepts every write
	_ = png.Encode(&pic, halves(8, 8))
	for _, seed := range [][]byte{
		withEXIF(jpg.Bytes(), 6), pic.Bytes(), []byte("GIF89a"), []byte("RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00"),
	} {
		f.Add(seed)
	}
	examiner := picture.New()
	f.Fuzz(func(t *testing.T, content []byte) {
		found, err := examiner.Examine(t.Context(), bytes.NewReader(content), int64(len(content)))
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, found.Content)
		if err != nil || n != found.Size || n > int64(len(content))+40 {
			t.Fatalf("%d bytes of %d are stored: %v", n, len(content), err)
		}
	})
}
