// Package publictoken checks the format of the public tokens of visitors, conversations and widgets. These tokens name
// things; they aren't secrets. Services make their own tokens. This package accepts more than they make, so that
// tokens of the hosted API remain valid.
package publictoken

import "regexp"

var form = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)

// Form is the description of the format in error messages.
const Form = "1 to 128 characters of A-Z a-z 0-9 _ -"

// WellFormed reports whether s may be a public token. Such a text is safe as a segment of a path.
func WellFormed(s string) bool { return form.MatchString(s) }
