package id

import (
	"errors"
	"slices"
	"strconv"
)

// Assignees selects objects by their assignee. The zero value selects all of them.
type Assignees struct {
	Users []User
	None  bool // those without an assignee, beside those of Users
}

var (
	errAssignees = errors.New("must be positive whole numbers, none or me, with commas between")
	errNotPerson = errors.New("must not have me: a program isn't a user of the website")
)

// ParseAssignees reads numbers of users and the words none and me. me is the user that the caller is, or 0 for a
// program. The error says what is right.
func ParseAssignees(texts []string, me User) (Assignees, error) {
	var a Assignees
	for _, text := range texts {
		n, isNumber := parseNumber(text)
		switch {
		case text == "none":
			a.None = true
		case text == "me" && me == 0:
			return Assignees{}, errNotPerson
		case text == "me":
			a.Users = append(a.Users, me)
		case !isNumber:
			return Assignees{}, errAssignees
		default:
			a.Users = append(a.Users, User(n))
		}
	}
	return a, nil
}

// parseNumber reads the number of an object as the API writes it: a positive whole number that JSON represents exactly.
func parseNumber(text string) (int64, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil && n > 0 && n < 1<<53 && strconv.FormatInt(n, 10) == text
}

// All reports whether there is no condition.
func (a Assignees) All() bool { return !a.None && len(a.Users) == 0 }

// Has reports whether objects that are assigned to a user, or to none if user is nil, are selected.
func (a Assignees) Has(user *User) bool {
	switch {
	case a.All():
		return true
	case user == nil:
		return a.None
	default:
		return slices.Contains(a.Users, *user)
	}
}

// Values returns the values that the field of the assignee may have: numbers, and nil for none.
func (a Assignees) Values() []*User {
	values := make([]*User, 0, len(a.Users)+1)
	for i := range a.Users {
		values = append(values, &a.Users[i])
	}
	if a.None {
		values = append(values, nil)
	}
	return values
}
