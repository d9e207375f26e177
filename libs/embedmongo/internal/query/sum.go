package query

import (
	"math"
	"math/bits"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// sum adds numbers as MongoDB does: integers exactly, and doubles with the rounding errors of each addition added at
// the end (Neumaier 1974, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen").
type sum struct {
	high    int64 // of the integers' exact sum, in two's complement
	low     uint64
	doubles bool // at least one number was a double
	longs   bool // at least one number was an int64
	total   float64
	errors  float64
}

func (s *sum) add(v bsoncore.Value) {
	if v.Type == bsoncore.TypeDouble {
		s.doubles = true
		s.addDouble(v.Double())
		return
	}
	n, _ := bsonraw.Int64(v)
	s.longs = s.longs || v.Type == bsoncore.TypeInt64
	var carry uint64
	s.low, carry = bits.Add64(s.low, uint64(n), 0)
	s.high += n>>63 + int64(carry)
}

func (s *sum) addDouble(f float64) {
	next := s.total + f
	if math.Abs(s.total) >= math.Abs(f) {
		s.errors += (s.total - next) + f
	} else {
		s.errors += (f - next) + s.total
	}
	s.total = next
}

// result is an int32 or int64 as long as all numbers are and the sum fits, else a double.
func (s *sum) result() bsoncore.Value {
	if fits := s.high == int64(s.low)>>63; fits && !s.doubles {
		if s.longs {
			return bsonraw.Int64Value(int64(s.low))
		}
		return shrink(int64(s.low))
	}
	return bsonraw.DoubleValue(s.float())
}

// float is the sum as a double.
func (s *sum) float() float64 {
	all := *s
	// The integers' sum in parts that a double holds exactly.
	all.addDouble(float64(s.high) * 0x1p64)
	all.addDouble(float64(s.low>>32) * 0x1p32)
	all.addDouble(float64(s.low & math.MaxUint32))
	if math.IsInf(all.total, 0) || math.IsNaN(all.total) {
		return all.total
	}
	return all.total + all.errors
}
