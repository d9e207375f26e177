package wire

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"runtime"
	"testing"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"fivechat.dev/libs/embedmongo/internal/mongoerr"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// d makes an ordered document from names and values.
func d(pairs ...any) bson.D {
	out := bson.D{}
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, bson.E{Key: pairs[i].(string), Value: pairs[i+1]})
	}
	return out
}

func document(t testing.TB, pairs ...any) []byte {
	t.Helper()
	b, err := bson.Marshal(d(pairs...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func frame(op uint32, body []byte) []byte {
	m := binary.LittleEndian.AppendUint32(nil, uint32(16+len(body)))
	m = append(m, 7, 0, 0, 0, 0, 0, 0, 0)
	return append(binary.LittleEndian.AppendUint32(m, op), body...)
}

func msg(flags uint32, command []byte, sections ...byte) []byte {
	body := append(binary.LittleEndian.AppendUint32(nil, flags), 0)
	body = append(append(body, command...), sections...)
	if flags&flagChecksum == 0 {
		return frame(opMsg, body)
	}
	m := frame(opMsg, append(body, 0, 0, 0, 0))
	binary.LittleEndian.PutUint32(m[len(m)-4:], crc32.Checksum(m[:len(m)-4], castagnoli))
	return m
}

func sequence(name string, docs ...[]byte) []byte {
	section := append([]byte(name), 0)
	for _, d := range docs {
		section = append(section, d...)
	}
	return append(binary.LittleEndian.AppendUint32([]byte{1}, uint32(4+len(section))), section...)
}

// FuzzMessage reads any bytes as a stream of messages: each is refused or
// understood, and what is understood can be answered.
func FuzzMessage(f *testing.F) {
	lsid := d("id", bson.Binary{Subtype: 4, Data: make([]byte, 16)})
	hello := document(f, "hello", 1, "$db", "admin")
	insert := document(f, "insert", "c", "ordered", true, "lsid", lsid, "txnNumber", int64(1), "$db", "test")
	query := append(
		[]byte("\x00\x00\x00\x00admin.$cmd\x00\x00\x00\x00\x00\xff\xff\xff\xff"),
		document(f, "isMaster", 1)...)
	for _, m := range [][]byte{
		msg(0, hello), msg(flagChecksum, hello), msg(1<<16, hello), frame(opQuery, query),
		msg(flagMoreToCome, insert, sequence("documents", document(f, "_id", 1), document(f, "_id", 2, "a", bson.A{
			"x", nil,
		}))...),
		msg(0, document(f, "find", "c", "filter", d("a", d("$gt", 1)), "sort", d("a", -1), "$db", "test")),
		msg(0, document(f, "update", "c", "$db", "test"),
			sequence("updates", document(f, "q", d(), "u", d("$set", d("a", 1.5))))...),
		append(msg(0, hello), msg(0, insert)...), frame(opMsg, nil), frame(2012, []byte{1, 2, 3}),
	} {
		f.Add(m)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, w := bufio.NewReaderSize(bytes.NewReader(data), 16), bufio.NewWriter(io.Discard)
		for {
			m, err := Read(r, MaxMessage)
			if err != nil {
				return
			}
			if m.Refusal == nil && m.Command == nil {
				t.Fatal("a message without a command was accepted")
			}
			_ = bsonraw.Validate(m.Command)
			for _, docs := range m.Sequences {
				for _, d := range docs {
					_ = bsonraw.Validate(d)
				}
			}
			if err := Reply(w, m, hello); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestSizes(t *testing.T) {
	t.Parallel()
	read := func(head []byte, rest int) (*Message, error) {
		return Read(
			bufio.NewReader(io.MultiReader(bytes.NewReader(head), io.LimitReader(zeros{}, int64(rest)))),
			MaxMessage,
		)
	}
	header := func(size uint32) []byte {
		h := frame(opMsg, nil)
		binary.LittleEndian.PutUint32(h, size)
		return h
	}
	for _, size := range []uint32{0, 15, MaxMessage + 1, 1<<31 - 1, 1<<32 - 1} {
		if _, err := read(header(size), 0); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("message of %d bytes: %v", size, err)
		}
	}

	// A header alone does not make the reader take the memory it announces.
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := read(header(MaxMessage), 1000); err == nil {
		t.Error(err)
	}
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > MaxMessage/4 {
		t.Errorf("%d bytes were allocated for a message that never arrived", grown)
	}

	// Documents that fill a message of exactly 48 MB.
	docs, left := [][]byte{}, MaxMessage-len(msg(0, document(t, "insert", "c"), sequence("documents")...))
	for left > 0 {
		n := min(left, bsonraw.MaxDocument)
		docs = append(docs, document(t, "x", bson.Binary{Data: make([]byte, n-len(document(t, "x", bson.Binary{})))}))
		left -= n
	}
	whole := msg(0, document(t, "insert", "c"), sequence("documents", docs...)...)
	m, err := Read(bufio.NewReader(bytes.NewReader(whole)), MaxMessage)
	if err != nil || m.Refusal != nil || len(whole) != MaxMessage || len(m.Sequences["documents"]) != 3 {
		t.Fatal(err, m, len(whole))
	}

	// A document too large for any command is answered, and the connection continues.
	big := document(t, "x", bson.Binary{Data: make([]byte, maxCommand)})
	r := bufio.NewReader(
		bytes.NewReader(
			append(
				msg(0, document(t, "insert", "c"), sequence("documents", big)...),
				msg(0, document(t, "hello", 1))...),
		),
	)
	if m, err = Read(r, MaxMessage); err != nil || !mongoerr.Is(m.Refusal, mongoerr.ObjectTooLarge) {
		t.Fatal(m, err)
	}
	if m, err = Read(r, MaxMessage); err != nil || m.Refusal != nil {
		t.Fatal(m, err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
