package searchquery

import (
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/searchterms"
)

// MaxChecked is how many rows with the words of a phrase are checked for the phrase, the first of the list.
const MaxChecked = 200

const checkedPage = 100 // rows of one read

// ByPhrases returns a window of the rows that has confirms, of those that list finds by the words. list reads rows by
// cursor. If more rows than MaxChecked have the words, Above is set, and the next page continues behind those.
func ByPhrases[T any](
	w paging.Following, list func(paging.Following) (paging.Slice[T], error), has func(T) (bool, error),
) (paging.Slice[T], error) {
	inOrder := w.ByCursor() || w.Follows()
	candidates, first := w, 0
	if !inOrder {
		candidates.Cursor, first = w.Order.Start(), int((w.Number()-1)*w.Size())
	}
	candidates.Limit = checkedPage
	var found paging.Slice[T]
	for checked := 0; checked < MaxChecked; {
		some, err := list(candidates)
		if err != nil {
			return found, err
		}
		for _, row := range some.Rows {
			confirmed, err := has(row)
			if err != nil {
				return found, err
			}
			if confirmed {
				found.Rows = append(found.Rows, row)
			}
		}
		checked += len(some.Rows)
		candidates.Cursor, found.Next, found.More = some.Next, some.Next, some.More
		if !some.More || inOrder && len(found.Rows) > int(w.Size()) {
			break
		}
	}
	found.Total, found.Above = int64(len(found.Rows)), found.More
	found.Rows = found.Rows[min(first, len(found.Rows)):]
	if len(found.Rows) > int(w.Size()) {
		found = found.First(int(w.Size()))
	}
	return found, nil
}

// Missing follows which phrases have been found in the texts of a row.
type Missing map[string]bool

// NewMissing returns all phrases of the query.
func (q Query) NewMissing() Missing {
	m := make(Missing, len(q.Phrases))
	for _, p := range q.Phrases {
		m[p] = true
	}
	return m
}

// Read removes the phrases that a text has, and reports whether none is left.
func (m Missing) Read(text string) bool {
	for phrase := range m {
		if searchterms.ContainsPhrase(text, phrase) {
			delete(m, phrase)
		}
	}
	return len(m) == 0
}

// ReadPages reads the texts of a row's messages until none is missing, and reports whether that is so. page returns the
// messages after one, and whether others follow; of returns the number of a message and its text.
func ReadPages[N, M any](m Missing, page func(after N) ([]M, bool, error), of func(M) (N, string)) (bool, error) {
	var after N
	for {
		messages, more, err := page(after)
		if err != nil {
			return false, err
		}
		for _, one := range messages {
			var text string
			if after, text = of(one); m.Read(text) {
				return true, nil
			}
		}
		if !more || len(messages) == 0 {
			return false, nil
		}
	}
}
