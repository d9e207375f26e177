package sharding

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/wiremessage"
)

// maxMessage is the largest message that MongoDB accepts.
const maxMessage = 48_000_000

// greeting is the opcode OP_QUERY, which is only used to open a connection.
const greeting = 2004

// Proxy forwards connections to a store and reports the commands.
type Proxy struct {
	listener net.Listener
	store    string
	take     func(Command)
	mu       sync.Mutex
	err      error // the first message that could not be parsed
}

// Command is a client's command: the document, and the documents sent beside it in sequences.
type Command struct {
	Body bson.Raw
	Also map[string][]bson.Raw // by the member of Body that they stand for
}

// Listen starts a proxy of the store at an address. take is called with each command, concurrently.
func Listen(store string, take func(Command)) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	e := &Proxy{listener: l, store: store, take: take}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go e.carry(c)
		}
	}()
	return e, nil
}

// Addr is the address for clients.
func (e *Proxy) Addr() string { return e.listener.Addr().String() }

// Close accepts no more clients, and returns an error if a message could not be parsed.
func (e *Proxy) Close() error {
	err := e.listener.Close()
	e.mu.Lock()
	defer e.mu.Unlock()
	return errors.Join(err, e.err)
}

// carry forwards a client's connection until one side closes it.
func (e *Proxy) carry(client net.Conn) {
	defer client.Close()
	store, err := net.Dial("tcp", e.store)
	if err != nil {
		return
	}
	defer store.Close()
	go func() {
		_, _ = io.Copy(client, store)
		client.Close()
	}()
	for {
		m, err := message(client)
		if err != nil {
			return
		}
		if err := e.record(m); err != nil {
			e.mu.Lock()
			e.err = errors.Join(e.err, err)
			e.mu.Unlock()
			return
		}
		if _, err := store.Write(m); err != nil {
			return
		}
	}
}

func message(from io.Reader) ([]byte, error) {
	var length [4]byte
	if _, err := io.ReadFull(from, length[:]); err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint32(length[:])
	if n < uint32(len(length)) || n > maxMessage {
		return nil, fmt.Errorf("a message of %d bytes", n)
	}
	m := make([]byte, n)
	copy(m, length[:])
	_, err := io.ReadFull(from, m[len(length):])
	return m, err
}

func (e *Proxy) record(m []byte) error {
	_, _, _, opcode, rest, ok := wiremessage.ReadHeader(m)
	if !ok {
		return errors.New("message without a header")
	}
	if opcode == greeting { // opens a connection
		return nil
	}
	if opcode != wiremessage.OpMsg {
		return fmt.Errorf("message with the unknown opcode %v", opcode)
	}
	c, err := command(rest)
	if err != nil {
		return err
	}
	e.take(c)
	return nil
}

// command parses an OP_MSG without its header.
func command(m []byte) (Command, error) {
	c := Command{Also: map[string][]bson.Raw{}}
	flags, m, ok := wiremessage.ReadMsgFlags(m)
	if flags&wiremessage.ChecksumPresent != 0 {
		m = m[:len(m)-4]
	}
	for ok && len(m) > 0 {
		var kind wiremessage.SectionType
		if kind, m, ok = wiremessage.ReadMsgSectionType(m); !ok {
			break
		}
		if kind == wiremessage.SingleDocument {
			doc, rest, read := wiremessage.ReadMsgSectionSingleDocument(m)
			c.Body, m, ok = bson.Raw(doc), rest, read
			continue
		}
		name, docs, rest, read := wiremessage.ReadMsgSectionDocumentSequence(m)
		for _, d := range docs {
			c.Also[name] = append(c.Also[name], bson.Raw(d))
		}
		m, ok = rest, read
	}
	if !ok || c.Body == nil {
		return c, errors.New("truncated message")
	}
	return c, nil
}
