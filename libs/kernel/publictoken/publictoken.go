// Package publictoken knows the form of the tokens that name visitors, conversations and widgets in public. They are no
// secrets. The services make their own; this package accepts more than they make, so that tokens of the hosted API can be
// asked for.
package publictoken

import "regexp"

var form = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)

// Form says in words what WellFormed accepts.
const Form = "1 to 128 characters of A-Z a-z 0-9 _ -"

// WellFormed reports whether s may be a public token. Such a text is safe as a segment of a path.
func WellFormed(s string) bool { return form.MatchString(s) }
