// Package wire reads and writes MongoDB wire protocol messages: OP_MSG, and
// OP_QUERY for the handshake only.
package wire

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"fivechat.dev/libs/embedmongo/internal/mongoerr"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// MaxMessage is the largest message a client may send.
const MaxMessage = 48000000

// maxCommand leaves room for a 16 MB document inside a command.
const maxCommand = bsonraw.MaxDocument + 16<<10

// bodyStep is what a message may announce before any of it has arrived.
const bodyStep = 256 << 10

const (
	opReply = 1
	opQuery = 2004
	opMsg   = 2013

	flagChecksum   = 1 << 0
	flagMoreToCome = 1 << 1
	requiredFlags  = 0xffff // a receiver must refuse unknown bits among these
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Message is one request.
type Message struct {
	ID        int32
	Command   bsoncore.Document
	Sequences map[string][]bsoncore.Document
	// NoReply is set when the client does not want an answer.
	NoReply bool
	// Legacy marks an OP_QUERY handshake, answered with OP_REPLY.
	Legacy bool
	// Refusal is the answer to a message that was understood but holds a
	// document of impossible size.
	Refusal error
}

// Read reads the next message, of at most so many bytes. An error means that
// the stream is unusable.
func Read(r *bufio.Reader, most uint32) (*Message, error) {
	var head [16]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	size := binary.LittleEndian.Uint32(head[:])
	if size < 16 || size > most {
		return nil, fmt.Errorf("message of %d bytes refused", size)
	}
	body, err := readBody(r, int(size)-16)
	if err != nil {
		return nil, err
	}
	m := &Message{ID: int32(binary.LittleEndian.Uint32(head[4:]))}
	switch op := binary.LittleEndian.Uint32(head[12:]); op {
	case opMsg:
		err = m.readMsg(head[:], body)
	case opQuery:
		err = m.readQuery(body)
	default:
		err = fmt.Errorf("opcode %d is not supported", op)
	}
	if mongoerr.Is(err, mongoerr.ObjectTooLarge) {
		m.Refusal, err = err, nil
	}
	return m, err
}

// readBody takes memory as bytes arrive, not as a header announces them.
func readBody(r io.Reader, size int) ([]byte, error) {
	body := make([]byte, min(size, bodyStep))
	for have := 0; ; {
		n, err := io.ReadFull(r, body[have:])
		if have += n; err != nil {
			return nil, err
		}
		if have == size {
			return body, nil
		}
		grown := make([]byte, min(size, 4*have))
		copy(grown, body)
		body = grown
	}
}

func (m *Message) readMsg(head, body []byte) error {
	if len(body) < 4 {
		return fmt.Errorf("truncated message")
	}
	flags := binary.LittleEndian.Uint32(body)
	if flags&requiredFlags&^(flagChecksum|flagMoreToCome) != 0 {
		return fmt.Errorf("unknown message flags %#x", flags)
	}
	m.NoReply = flags&flagMoreToCome != 0
	if flags&flagChecksum != 0 {
		n := len(body) - 4
		if n < 4 {
			return fmt.Errorf("truncated message")
		}
		sum := crc32.Update(crc32.Checksum(head, castagnoli), castagnoli, body[:n])
		if sum != binary.LittleEndian.Uint32(body[n:]) {
			return fmt.Errorf("message checksum does not match")
		}
		body = body[:n]
	}
	for rest := body[4:]; len(rest) > 0; {
		kind := rest[0]
		var err error
		switch kind {
		case 0:
			if m.Command != nil {
				return fmt.Errorf("message has two bodies")
			}
			m.Command, rest, err = readDocument(rest[1:])
		case 1:
			rest, err = m.readSequence(rest[1:])
		default:
			err = fmt.Errorf("unknown section kind %d", kind)
		}
		if err != nil {
			return err
		}
	}
	if m.Command == nil {
		return fmt.Errorf("message has no body")
	}
	return nil
}

func (m *Message) readSequence(b []byte) ([]byte, error) {
	size, _, ok := bsoncore.ReadLength(b)
	if !ok || size < 5 || int(size) > len(b) {
		return nil, fmt.Errorf("malformed document sequence")
	}
	name, docs, ok := bsoncore.ReadKey(b[4:size])
	if !ok {
		return nil, fmt.Errorf("malformed document sequence")
	}
	if _, twice := m.Sequences[name]; twice {
		return nil, fmt.Errorf("document sequence %q is there twice", name)
	}
	list := []bsoncore.Document{}
	for len(docs) > 0 {
		var d bsoncore.Document
		var err error
		if d, docs, err = readDocument(docs); err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	if m.Sequences == nil {
		m.Sequences = map[string][]bsoncore.Document{}
	}
	m.Sequences[name] = list
	return b[size:], nil
}

func readDocument(b []byte) (bsoncore.Document, []byte, error) {
	size, _, ok := bsoncore.ReadLength(b)
	if !ok || size < 5 || int(size) > len(b) {
		return nil, nil, fmt.Errorf("malformed document")
	}
	if size > maxCommand {
		return nil, nil, mongoerr.New(
			mongoerr.ObjectTooLarge,
			"BSONObj size: %d is invalid. Size must be between 0 and %d",
			size,
			maxCommand,
		)
	}
	return bsoncore.Document(b[:size:size]), b[size:], nil
}

func (m *Message) readQuery(body []byte) error {
	if len(body) < 4 {
		return fmt.Errorf("truncated message")
	}
	_, rest, ok := bsoncore.ReadKey(body[4:])
	if !ok || len(rest) < 8 {
		return fmt.Errorf("malformed query")
	}
	doc, _, err := readDocument(rest[8:])
	m.Command, m.Legacy = doc, true
	return err
}

// Reply writes the answer to a message.
func Reply(w *bufio.Writer, to *Message, doc bsoncore.Document) error {
	var head []byte
	if to.Legacy {
		head = header(opReply, to.ID, 20+len(doc))
		head = binary.LittleEndian.AppendUint32(head, 8) // await capable
		head = append(head, make([]byte, 12)...)         // cursor and position
		head = binary.LittleEndian.AppendUint32(head, 1)
	} else {
		head = header(opMsg, to.ID, 5+len(doc))
		head = append(head, 0, 0, 0, 0, 0)
	}
	if _, err := w.Write(head); err != nil {
		return err
	}
	if _, err := w.Write(doc); err != nil {
		return err
	}
	return w.Flush()
}

func header(op, to int32, size int) []byte {
	h := binary.LittleEndian.AppendUint32(make([]byte, 0, 40), uint32(16+size))
	h = binary.LittleEndian.AppendUint32(h, uint32(to)+1<<30)
	h = binary.LittleEndian.AppendUint32(h, uint32(to))
	return binary.LittleEndian.AppendUint32(h, uint32(op))
}
