package httpkit

import (
	"errors"
	"strconv"
	"strings"
)

// MaxIDs is the largest number of objects in one request.
const MaxIDs = 100

// IDs is the query parameter ?ids=1,2,3, by which one service requests several objects of another.
type IDs[ID ~int64] []ID

var errNotIDs = errors.New("must be 1 to 100 positive whole numbers with commas between")

// UnmarshalText parses the list.
func (ids *IDs[ID]) UnmarshalText(b []byte) error {
	parts := strings.Split(string(b), ",")
	if len(parts) > MaxIDs {
		return errNotIDs
	}
	for _, part := range parts {
		n, err := strconv.ParseInt(part, 10, 64)
		if err != nil || n <= 0 || n >= 1<<53 {
			return errNotIDs
		}
		*ids = append(*ids, ID(n))
	}
	return nil
}

// String returns the list as UnmarshalText parses it.
func (ids IDs[ID]) String() string {
	texts := make([]string, len(ids))
	for i, n := range ids {
		texts[i] = strconv.FormatInt(int64(n), 10)
	}
	return strings.Join(texts, ",")
}
