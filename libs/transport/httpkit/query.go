package httpkit

import (
	"cmp"
	"errors"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/optional"
)

// maxListed is the largest number of values of a List.
const maxListed = 20

// List is a query parameter with several values: ?x=1,2 or ?x=1&x=2 or ?x[]=1&x[]=2. Empty values are left out.
type List []string

var errLongList = errors.New("must be at most 20 values")

// UnmarshalText adds the values of one occurrence, separated by commas.
func (l *List) UnmarshalText(b []byte) error {
	for value := range strings.SplitSeq(string(b), ",") {
		if value = strings.TrimSpace(value); value != "" && !slices.Contains(*l, value) {
			*l = append(*l, value)
		}
	}
	if len(*l) > maxListed {
		return errLongList
	}
	return nil
}

// element matches the end of a name that libraries write for the elements of an array: x[] or x[0].
var element = regexp.MustCompile(`\[[0-9]*\]$`)

// maxNamed is how many bytes of an unknown parameter's name an error repeats.
const maxNamed = 64

// parameters returns the values of the query parameters that the operation reads, by their names. Other parameters are
// refused, unless the operation ignores them.
func (rt *route) parameters(at *url.URL) (url.Values, error) {
	if at.RawQuery == "" {
		return nil, nil
	}
	given, err := url.ParseQuery(at.RawQuery)
	if err != nil && !rt.ignores {
		return nil, fault.Bad("query", "must be pairs name=value, joined by & and percent-encoded")
	}
	read := make(url.Values, len(given))
	for _, name := range slices.SortedFunc(maps.Keys(given), byElement) {
		plain := element.ReplaceAllLiteralString(name, "")
		switch {
		case slices.Contains(rt.query, plain):
			read[plain] = append(read[plain], given[name]...)
		case !rt.ignores:
			return nil, fault.Bad(strings.ToValidUTF8(name[:min(len(name), maxNamed)], ""), rt.unknownParameter())
		}
	}
	return read, nil
}

// byElement orders the names of parameters so that x[2] comes before x[10].
func byElement(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b)) }

func (rt *route) unknownParameter() string {
	if len(rt.query) == 0 {
		return "isn't a parameter: this operation has none in its query"
	}
	return "isn't a parameter of this operation, which has " + strings.Join(rt.query, ", ")
}

// Flag is a query parameter that is true, false or absent.
type Flag struct{ optional.Value[bool] }

var errNotFlag = errors.New("must be true or false")

// UnmarshalText reads the flag.
func (f *Flag) UnmarshalText(b []byte) error {
	v, err := strconv.ParseBool(string(b))
	if err != nil {
		return errNotFlag
	}
	f.Value = optional.Of(v)
	return nil
}
