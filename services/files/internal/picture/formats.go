package picture

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
)

// kept is what is stored of a picture: parts of its file, in order.
type kept struct {
	parts       []*io.SectionReader
	orientation int  // of EXIF; 0 if there is none
	progressive bool // JPEG: all is decoded before any is shown
}

func (k *kept) add(content io.ReaderAt, from, length int64) {
	k.parts = append(k.parts, io.NewSectionReader(content, from, length))
}

func (k *kept) addBytes(b []byte) {
	k.parts = append(k.parts, io.NewSectionReader(bytes.NewReader(b), 0, int64(len(b))))
}

func (k *kept) size() (n int64) {
	for _, p := range k.parts {
		n += p.Size()
	}
	return n
}

func (k *kept) reader() io.Reader {
	readers := make([]io.Reader, len(k.parts))
	for i, p := range k.parts {
		readers[i] = p
	}
	return io.MultiReader(readers...)
}

// formats are the functions that read pictures, by their media types. Each checks the structure of the whole file, and
// keeps what shows the picture.
var formats = map[string]func(content io.ReaderAt, size int64) (kept, error){
	"image/jpeg": readJPEG,
	"image/png":  readPNG,
	"image/webp": readWebP,
	"image/gif":  readGIF,
}

var errBroken = errors.New("picture: the structure of the file is broken")

// maxParts bounds the segments or chunks of a file.
const maxParts = 100_000

// The markers of JPEG (ITU T.81, B.1.1.3).
const (
	markerSOI   = 0xd8
	markerEOI   = 0xd9
	markerSOS   = 0xda
	markerSOF2  = 0xc2
	markerAPP0  = 0xe0
	markerAPP1  = 0xe1
	markerAPP2  = 0xe2
	markerAdobe = 0xee
	markerAPPF  = 0xef
	markerCOM   = 0xfe
)

// readJPEG keeps the segments that show the picture, up to its end. Of the metadata it keeps the orientation alone, and
// the colour profile.
func readJPEG(content io.ReaderAt, size int64) (k kept, err error) {
	var head [4]byte
	if _, err := content.ReadAt(head[:2], 0); err != nil || head[0] != 0xff || head[1] != markerSOI {
		return k, errBroken
	}
	k.add(content, 0, 2)
	for at, n := int64(2), 0; n < maxParts; n++ {
		if _, err := content.ReadAt(head[:2], at); err != nil || head[0] != 0xff {
			return k, errBroken
		}
		marker := head[1]
		switch {
		case marker == 0xff: // padding
			at++
			continue
		case marker == markerEOI:
			k.add(content, at, 2)
			return k.oriented(), nil
		}
		if _, err := content.ReadAt(head[:], at); err != nil {
			return k, errBroken
		}
		length := 2 + int64(binary.BigEndian.Uint16(head[2:]))
		if length < 4 || at+length > size {
			return k, errBroken
		}
		if marker == markerAPP1 && k.orientation == 0 {
			k.orientation = orientationOf(io.NewSectionReader(content, at+4, length-4))
		}
		if marker == markerSOF2 {
			k.progressive = true
		}
		if marker == markerSOS {
			length += scanLength(io.NewSectionReader(content, at+length, size-at-length))
		}
		if keepsSegment(marker, io.NewSectionReader(content, at+4, length-4)) {
			k.add(content, at, length)
		}
		at += length
	}
	return k, errBroken
}

func keepsSegment(marker byte, data io.ReaderAt) bool {
	switch {
	case marker == markerAPP2: // also used for previews, which have metadata of their own
		var name [12]byte
		_, _ = data.ReadAt(name[:], 0) // a shorter segment isn't a profile
		return string(name[:]) == "ICC_PROFILE\x00"
	case marker == markerAPP0, marker == markerAdobe:
		return true
	default:
		return marker != markerCOM && (marker < markerAPP0 || marker > markerAPPF)
	}
}

// scanLength returns the length of the compressed data up to the next marker.
func scanLength(data io.Reader) (n int64) {
	in := bufio.NewReaderSize(data, 32<<10)
	for {
		skipped, err := in.ReadSlice(0xff)
		n += int64(len(skipped))
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil {
			return n
		}
		next, err := in.ReadByte()
		if err != nil {
			return n
		}
		if next == 0xff {
			_ = in.UnreadByte() // it was just read
			continue
		}
		if next != 0 && (next < 0xd0 || next > 0xd7) { // neither stuffing nor a restart
			return n - 1
		}
		n++
	}
}

// oriented puts the orientation in front, which viewers need.
func (k kept) oriented() kept {
	if k.orientation < 2 || k.orientation > 8 {
		return k
	}
	exif := []byte("\xff\xe1\x00\x22Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00" +
		"\x00\x00\x00\x00\x00\x00\x00")
	exif[29] = byte(k.orientation)
	k.parts = slices.Insert(k.parts, 1, io.NewSectionReader(bytes.NewReader(exif), 0, int64(len(exif))))
	return k
}

// pngKept are the chunks of PNG that show the picture, also an animated one.
var pngKept = []string{
	"IHDR", "PLTE", "IDAT", "IEND", "tRNS", "gAMA", "cHRM", "sRGB", "iCCP", "cICP", "sBIT", "bKGD", "pHYs",
	"acTL", "fcTL", "fdAT",
}

const pngSignature = "\x89PNG\r\n\x1a\n"

// readPNG keeps the chunks that show the picture, up to the last one.
func readPNG(content io.ReaderAt, size int64) (k kept, err error) {
	k.add(content, 0, int64(len(pngSignature)))
	at := int64(len(pngSignature))
	for range maxParts {
		var head [8]byte
		if _, err := content.ReadAt(head[:], at); err != nil {
			return k, errBroken
		}
		name, length := string(head[4:]), int64(binary.BigEndian.Uint32(head[:4]))+12
		if at+length > size {
			return k, errBroken
		}
		if slices.Contains(pngKept, name) {
			k.add(content, at, length)
		}
		if name == "IEND" {
			return k, nil
		}
		at += length
	}
	return k, errBroken
}

// The flags of WebP's chunk VP8X that say that metadata follow.
const webpMetadata = 0x08 | 0x04

// readWebP keeps the chunks that show the picture, up to the length that its header states.
func readWebP(content io.ReaderAt, size int64) (k kept, err error) {
	var head [12]byte
	if _, err := content.ReadAt(head[:], 0); err != nil {
		return k, errBroken
	}
	end := int64(binary.LittleEndian.Uint32(head[4:])) + 8
	if end > size {
		return k, errBroken
	}
	at := int64(len(head))
	for range maxParts {
		if at >= end {
			break
		}
		var chunk [8]byte
		if _, err := content.ReadAt(chunk[:], at); err != nil {
			return k, errBroken
		}
		length := int64(binary.LittleEndian.Uint32(chunk[4:]))
		length += 8 + length%2
		if at+length > end {
			return k, errBroken
		}
		switch name := string(chunk[:4]); name {
		case "VP8X":
			b := make([]byte, length)
			if _, err := content.ReadAt(b, at); err != nil || length < 18 {
				return k, errBroken
			}
			b[8] &^= webpMetadata
			k.addBytes(b)
		case "VP8 ", "VP8L", "ALPH", "ANIM", "ANMF", "ICCP":
			k.add(content, at, length)
		}
		at += length
	}
	binary.LittleEndian.PutUint32(head[4:], uint32(k.size()+4))
	k.parts = slices.Insert(k.parts, 0, io.NewSectionReader(bytes.NewReader(head[:]), 0, int64(len(head))))
	return k, nil
}

// readGIF keeps all: cameras don't write GIF.
func readGIF(content io.ReaderAt, size int64) (k kept, err error) {
	k.add(content, 0, size)
	return k, nil
}
