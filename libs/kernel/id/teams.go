package id

import "errors"

var errTeams = errors.New("must be numbers of teams or none, with commas between")

// ParseTeams reads numbers of teams and the word none, which is nil. The error says what is right.
func ParseTeams(texts []string) (teams []*Team, err error) {
	for _, text := range texts {
		n, isNumber := parseNumber(text)
		switch {
		case text == "none":
			teams = append(teams, nil)
		case !isNumber:
			return nil, errTeams
		default:
			team := Team(n)
			teams = append(teams, &team)
		}
	}
	return teams, nil
}
