package id

import (
	"errors"
	"strconv"
)

var errTeams = errors.New("must be numbers of teams or none, with commas between")

// ParseTeams reads numbers of teams and the word none, which is nil. The error says what is right.
func ParseTeams(texts []string) (teams []*Team, err error) {
	for _, text := range texts {
		n, err := strconv.ParseInt(text, 10, 64)
		switch {
		case text == "none":
			teams = append(teams, nil)
		case err != nil || n <= 0 || n >= 1<<53 || strconv.FormatInt(n, 10) != text:
			return nil, errTeams
		default:
			team := Team(n)
			teams = append(teams, &team)
		}
	}
	return teams, nil
}
