package picture

import (
	"bytes"
	"encoding/binary"
	"io"
)

// maxEXIF is how many bytes of EXIF are searched for the orientation, which is near its beginning.
const maxEXIF = 64 << 10

const (
	orientationTag = 0x0112
	shortType      = 3
)

// orientationOf returns the orientation in EXIF data (TIFF 6.0), or 0 if there is none. It is read by hand because it
// is one entry of the first directory, and libraries read all of them.
func orientationOf(data io.Reader) int {
	b, err := io.ReadAll(io.LimitReader(data, maxEXIF))
	if err != nil {
		return 0
	}
	b = bytes.TrimPrefix(b, []byte("Exif\x00\x00"))
	if len(b) < 8 {
		return 0
	}
	var order binary.ByteOrder = binary.LittleEndian
	switch string(b[:4]) {
	case "II*\x00":
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 0
	}
	first := int64(order.Uint32(b[4:]))
	if first+2 > int64(len(b)) {
		return 0
	}
	entries := b[first+2:]
	for range order.Uint16(b[first:]) {
		if len(entries) < 12 {
			return 0
		}
		if order.Uint16(entries) == orientationTag && order.Uint16(entries[2:]) == shortType {
			return int(order.Uint16(entries[8:]))
		}
		entries = entries[12:]
	}
	return 0
}
