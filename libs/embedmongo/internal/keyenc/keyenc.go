// Package keyenc encodes BSON values as byte strings whose order is MongoDB's
// value order. An encoded value is never a prefix of another one, so encodings
// can be concatenated into compound keys, and inverting their bits reverses
// their order.
package keyenc

import (
	"encoding/binary"
	"math"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// Class is the type bracket a value is ordered in; comparisons such as $gt
// never leave it. It is the first byte of an encoding.
type Class byte

// The classes in MongoDB's order. Zero and one stay free for terminators.
const (
	MinKey     Class = 2
	EmptyArray Class = 8 // an index entry for []; no value has this class
	Null       Class = 10
	Number     Class = 20
	String     Class = 30
	Object     Class = 40
	Array      Class = 50
	Binary     Class = 60
	ObjectID   Class = 70
	Boolean    Class = 80
	Date       Class = 90
	Timestamp  Class = 100
	Regex      Class = 110
	DBPointer  Class = 115
	Code       Class = 120
	MaxKey     Class = 250
)

// ClassOf is the class of a BSON type; the zero type (a missing value) is Null.
func ClassOf(t bsoncore.Type) Class {
	switch t {
	case bsoncore.TypeInt32, bsoncore.TypeInt64, bsoncore.TypeDouble:
		return Number
	case bsoncore.TypeString, bsoncore.TypeSymbol:
		return String
	case bsoncore.TypeEmbeddedDocument:
		return Object
	case bsoncore.TypeArray:
		return Array
	case bsoncore.TypeBinary:
		return Binary
	case bsoncore.TypeObjectID:
		return ObjectID
	case bsoncore.TypeBoolean:
		return Boolean
	case bsoncore.TypeDateTime:
		return Date
	case bsoncore.TypeTimestamp:
		return Timestamp
	case bsoncore.TypeRegex:
		return Regex
	case bsoncore.TypeDBPointer:
		return DBPointer
	case bsoncore.TypeJavaScript:
		return Code
	case bsoncore.TypeMinKey:
		return MinKey
	case bsoncore.TypeMaxKey:
		return MaxKey
	}
	return Null
}

// Append adds the ascending encoding of v to dst.
func Append(dst []byte, v bsoncore.Value) []byte {
	c := ClassOf(v.Type)
	dst = append(dst, byte(c))
	switch c {
	case Number:
		return appendNumber(dst, v)
	case String, Code:
		return appendText(dst, bsonraw.String(v))
	case Object:
		return appendObject(dst, v.Data)
	case Array:
		it := bsonraw.NewIter(v.Data)
		for it.Next() {
			dst = Append(dst, it.Value)
		}
		return append(dst, 0)
	case Binary:
		sub, data := v.Binary()
		dst = binary.BigEndian.AppendUint32(dst, uint32(len(data)))
		return append(append(dst, sub), data...)
	case ObjectID, Boolean:
		return append(dst, v.Data...)
	case Date:
		return binary.BigEndian.AppendUint64(dst, uint64(v.DateTime())^1<<63)
	case Timestamp:
		t, i := v.Timestamp()
		return binary.BigEndian.AppendUint64(dst, uint64(t)<<32|uint64(i))
	case Regex:
		p, o := v.Regex()
		return appendText(appendText(dst, []byte(p)), []byte(o))
	}
	return dst
}

// AppendField adds the encoding of v, reversed for a descending field.
func AppendField(dst []byte, v bsoncore.Value, descending bool) []byte {
	start := len(dst)
	dst = Append(dst, v)
	if descending {
		Invert(dst[start:])
	}
	return dst
}

// Invert reverses the order of an encoding in place.
func Invert(b []byte) {
	for i := range b {
		b[i] = ^b[i]
	}
}

// Successor is the smallest key greater than every key that starts with b; nil
// when there is none.
func Successor(b []byte) []byte {
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] != 0xff {
			out := append([]byte(nil), b[:i+1]...)
			out[i]++
			return out
		}
	}
	return nil
}

// NegativeInfinity is the encoding of the least number but NaN.
func NegativeInfinity() []byte {
	return appendFloat([]byte{byte(Number)}, math.Inf(-1))
}

func appendObject(dst, doc []byte) []byte {
	it := bsonraw.NewIter(doc)
	for it.Next() {
		// MongoDB compares an element's type before its name.
		dst = append(dst, byte(ClassOf(it.Value.Type)))
		dst = appendText(dst, it.Key)
		dst = Append(dst, it.Value)
	}
	return append(dst, 0)
}

func appendText(dst, text []byte) []byte {
	for _, c := range text {
		dst = append(dst, c)
		if c == 0 {
			dst = append(dst, 0xff)
		}
	}
	return append(dst, 0, 1)
}

// Beyond this magnitude a double no longer distinguishes neighbouring integers.
const exact = 1 << 53

func appendNumber(dst []byte, v bsoncore.Value) []byte {
	if v.Type == bsoncore.TypeDouble {
		return appendFloat(dst, v.Double())
	}
	n, _ := bsonraw.Int64(v)
	f := float64(n)
	dst = appendBits(dst, f)
	if math.Abs(f) < exact {
		return dst
	}
	var residual int64
	if f == 1<<63 {
		residual = n - math.MaxInt64 - 1
	} else {
		residual = n - int64(f)
	}
	return binary.BigEndian.AppendUint16(dst, uint16(residual+1<<15))
}

func appendFloat(dst []byte, f float64) []byte {
	dst = appendBits(dst, f)
	if math.Abs(f) >= exact {
		dst = binary.BigEndian.AppendUint16(dst, 1<<15)
	}
	return dst
}

func appendBits(dst []byte, f float64) []byte {
	if math.IsNaN(f) {
		return binary.BigEndian.AppendUint64(dst, 0)
	}
	if f == 0 {
		f = 0 // negative zero equals zero
	}
	bits := math.Float64bits(f)
	if bits>>63 == 1 {
		bits = ^bits
	} else {
		bits |= 1 << 63
	}
	return binary.BigEndian.AppendUint64(dst, bits)
}
