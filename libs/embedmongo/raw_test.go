package embedmongo_test

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"net"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
)

// rawConn speaks the wire protocol without a driver's help.
type rawConn struct {
	net.Conn
	t testing.TB
}

func dial(t testing.TB, addr string) *rawConn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	ok(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return &rawConn{c, t}
}

// message frames a body with a header.
func message(op uint32, body []byte) []byte {
	m := binary.LittleEndian.AppendUint32(nil, uint32(16+len(body)))
	m = append(m, 7, 0, 0, 0, 0, 0, 0, 0)
	return append(binary.LittleEndian.AppendUint32(m, op), body...)
}

// opMsg frames a command; the checksum is added when flags ask for one.
func opMsg(t testing.TB, flags uint32, cmd bson.D, sections ...byte) []byte {
	t.Helper()
	doc, err := bson.Marshal(cmd)
	ok(t, err)
	body := append(binary.LittleEndian.AppendUint32(nil, flags), 0)
	body = append(append(body, doc...), sections...)
	if flags&1 == 0 {
		return message(2013, body)
	}
	m := message(2013, append(body, 0, 0, 0, 0))
	sum := crc32.Checksum(m[:len(m)-4], crc32.MakeTable(crc32.Castagnoli))
	binary.LittleEndian.PutUint32(m[len(m)-4:], sum)
	return m
}

// reply reads one answer; the document starts at offset in its body.
func (c *rawConn) reply(offset int) bson.Raw {
	c.t.Helper()
	var head [16]byte
	_, err := io.ReadFull(c, head[:])
	ok(c.t, err)
	body := make([]byte, binary.LittleEndian.Uint32(head[:])-16)
	_, err = io.ReadFull(c, body)
	ok(c.t, err)
	return bson.Raw(body[offset:])
}

// run sends a command and returns its answer, or its error.
func (c *rawConn) run(pairs ...any) (bson.M, error) {
	c.t.Helper()
	_, err := c.Write(opMsg(c.t, 0, append(d(pairs...), bson.E{Key: "$db", Value: "test"})))
	ok(c.t, err)
	var out bson.M
	ok(c.t, bson.Unmarshal(c.reply(5), &out))
	if out["ok"] == 1.0 {
		return out, nil
	}
	e := mongo.CommandError{Code: out["code"].(int32), Message: out["errmsg"].(string)}
	labels, _ := out["errorLabels"].(bson.A)
	for _, l := range labels {
		e.Labels = append(e.Labels, l.(string))
	}
	return nil, e
}

func TestWire(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	c := dial(t, s.Addr())
	send := func(m []byte) {
		t.Helper()
		_, err := c.Write(m)
		ok(t, err)
	}
	is := func(r bson.Raw, field string) {
		t.Helper()
		if v, err := r.LookupErr(field); err != nil || v.Type == bson.TypeBoolean && !v.Boolean() {
			t.Fatalf("%s is missing in %v", field, r)
		}
	}
	hello := d("hello", 1, "$db", "admin")
	send(opMsg(t, 0, hello))
	is(c.reply(5), "isWritablePrimary")
	send(opMsg(t, 1, hello)) // with checksum
	is(c.reply(5), "isWritablePrimary")

	query, err := bson.Marshal(d("isMaster", 1))
	ok(t, err)
	body := append([]byte{0, 0, 0, 0}, "admin.$cmd\x00"...)
	body = append(append(body, 0, 0, 0, 0, 255, 255, 255, 255), query...)
	send(message(2004, body))
	is(c.reply(20), "ismaster")

	// An unacknowledged insert by document sequence has no reply.
	doc, err := bson.Marshal(d("_id", 1))
	ok(t, err)
	section := append([]byte("documents\x00"), doc...)
	section = append(binary.LittleEndian.AppendUint32([]byte{1}, uint32(4+len(section))), section...)
	send(opMsg(t, 2, d("insert", "c", "$db", "test", "writeConcern", d("w", 0)), section...))
	out, err := c.run("count", "c")
	ok(t, err)
	if out["n"] != int32(1) {
		t.Fatal(out)
	}
	_, err = c.run("insert", "c", "documents", bson.A{d("_id", 5, "x", bson.NewDecimal128(1, 2))})
	wantCode(t, err, 238)
	_, err = c.run("find", "c", "limit", 1, "limit", 2)
	wantCode(t, err, 40413)

	for name, bad := range map[string][]byte{
		"checksum": append(opMsg(t, 1, hello)[:40], opMsg(t, 1, d("hello", 2, "$db", "admin"))[40:]...),
		"opcode":   message(2002, make([]byte, 8)),
		"size":     {255, 255, 255, 127, 0, 0, 0, 0, 0, 0, 0, 0, 0xdd, 7, 0, 0},
		"flags":    opMsg(t, 1<<9, hello),
		"short":    message(2013, []byte{0, 0, 0, 0, 0, 255, 0, 0, 0, 0}),
	} {
		b := dial(t, s.Addr())
		_, err := b.Write(bad)
		ok(t, err)
		if n, _ := io.Copy(io.Discard, b); n != 0 {
			t.Errorf("%s: answered", name)
		}
	}
}
