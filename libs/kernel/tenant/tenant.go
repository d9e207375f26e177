// Package tenant holds the type that keeps tenants apart. A tenant is a website; every store method, key and query
// takes its ID as an explicit argument, so that one without a tenant does not compile.
package tenant

import (
	"encoding/binary"
	"fmt"
	"strconv"
)

// ID is a website's number. Its zero value is no tenant and is refused wherever an ID is used: outside this package
// an ID can only come from Parse, New or a store.
type ID struct{ n int64 }

// New makes an ID of a website's number, which must be positive and below 2^53 (JSON's exact integers).
func New(n int64) (ID, error) {
	if n <= 0 || n >= 1<<53 {
		return ID{}, fmt.Errorf("tenant: %d is not a website's number", n)
	}
	return ID{n}, nil
}

// Parse reads an ID from its decimal form.
func Parse(s string) (ID, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return ID{}, fmt.Errorf("tenant: %q is not a number", s)
	}
	return New(n)
}

// Int64 is the website's number; 0 for no tenant.
func (id ID) Int64() int64 { return id.n }

// IsZero says that this is no tenant.
func (id ID) IsZero() bool { return id.n == 0 }

// String is the decimal form.
func (id ID) String() string { return strconv.FormatInt(id.n, 10) }

// MarshalJSON writes the number.
func (id ID) MarshalJSON() ([]byte, error) { return strconv.AppendInt(nil, id.n, 10), nil }

// UnmarshalJSON reads the number.
func (id *ID) UnmarshalJSON(b []byte) error {
	v, err := Parse(string(b))
	*id = v
	return err
}

const bsonInt64 = 0x12

// MarshalBSONValue writes a BSON int64.
func (id ID) MarshalBSONValue() (byte, []byte, error) {
	return bsonInt64, binary.LittleEndian.AppendUint64(nil, uint64(id.n)), nil
}

// UnmarshalBSONValue reads a BSON int64.
func (id *ID) UnmarshalBSONValue(typ byte, data []byte) error {
	if typ != bsonInt64 || len(data) < 8 {
		return fmt.Errorf("tenant: BSON type 0x%02x is not an int64", typ)
	}
	id.n = int64(binary.LittleEndian.Uint64(data))
	return nil
}
