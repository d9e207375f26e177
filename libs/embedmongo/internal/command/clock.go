package command

import (
	"sync/atomic"
	"time"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// clock is the cluster's time: seconds since 1970 in the upper half, and a number that counts the operations within a
// second in the lower one.
type clock struct{ last atomic.Uint64 }

// now is the time of the last operation.
func (c *clock) now() uint64 {
	if at := c.last.Load(); at != 0 {
		return at
	}
	return c.tick()
}

// tick is the time of a new operation, later than all before.
func (c *clock) tick() uint64 {
	for {
		last := c.last.Load()
		next := max(last+1, uint64(time.Now().Unix())<<32+1)
		if c.last.CompareAndSwap(last, next) {
			return next
		}
	}
}

// unsigned is the signature of a time that no key has signed.
var unsigned = bsonraw.NewBuilder().
	Value("hash", bsoncore.Value{Type: bsoncore.TypeBinary, Data: bsoncore.AppendBinary(nil, 0, make([]byte, 20))}).
	Int64("keyId", 0).Build()

// appendTimes adds the times by which drivers order operations: the cluster's, and the operation's own.
func (r *request) appendTimes(b *bsonraw.Builder, at uint64) {
	if !r.conn.mayRun(handler{}) {
		return
	}
	var data [8]byte
	stamp := bsoncore.Value{
		Type: bsoncore.TypeTimestamp,
		Data: bsoncore.AppendTimestamp(data[:0], uint32(at>>32), uint32(at)),
	}
	start := b.Begin(bsoncore.TypeEmbeddedDocument, "$clusterTime")
	b.Value("clusterTime", stamp).Doc("signature", unsigned).End(start)
	b.Value("operationTime", stamp)
}
