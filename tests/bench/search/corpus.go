// Package search compares searches of Fivechat with those of bleve, a search library in Go, on the same texts and in
// one process. Searches of Fivechat go through the edge, with token, quotas, names and the rows of the answer; bleve is
// called as a library and returns numbers of rows. So the comparison is unfair to Fivechat by the cost of a request.
package search

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// corpus makes conversations of words that are as frequent as words of a language: the n-th most frequent one occurs in
// proportion to 1/n (Zipf's law). The same seed makes the same texts.
type corpus struct {
	messages int64 // in each conversation
	words    []string
}

const (
	vocabulary = 20_000 // words
	length     = 12     // words of a message
	zipf       = 1.07   // the exponent, a little over 1 as in spoken language
	imported   = 20_000 // conversations at most that have texts of their own
	repeated   = 1_000  // further ones have the texts of the first ones again
)

// newCorpus returns a corpus of conversations with some messages each.
func newCorpus(messages int64) corpus {
	const consonants, vowels = "bdfgklmnprstvz", "aeiou"
	r := rand.New(rand.NewPCG(1, 2))
	c := corpus{messages: messages}
	seen := map[string]bool{}
	for len(c.words) < vocabulary {
		var w strings.Builder
		for range 2 + r.IntN(2) {
			w.WriteByte(consonants[r.IntN(len(consonants))])
			w.WriteByte(vowels[r.IntN(len(vowels))])
			w.WriteByte(consonants[r.IntN(len(consonants))])
		}
		if !seen[w.String()] {
			seen[w.String()] = true
			c.words = append(c.words, w.String())
		}
	}
	return c
}

// conversation returns the messages of conversation n. Each conversation has a greeting with its number.
func (c corpus) conversation(n int64) []string {
	if n >= imported {
		n %= repeated
	}
	r := rand.New(rand.NewPCG(3, uint64(n)))
	z := rand.NewZipf(r, zipf, 1, vocabulary-1)
	all := make([]string, c.messages)
	for i := range all {
		var text strings.Builder
		if i == 0 {
			fmt.Fprintf(&text, "hello about order n%d:", n)
		}
		for range length {
			text.WriteByte(' ')
			text.WriteString(c.words[z.Uint64()])
		}
		all[i] = strings.TrimSpace(text.String())
	}
	return all
}

// query is a search and what it looks for.
type query struct{ name, search string }

// queries are the searches that are compared, in a corpus of so many conversations.
func (c corpus) queries(conversations int64) []query {
	rare := fmt.Sprint("n", min(conversations, imported)/2)
	return []query{
		{"one_row", rare},
		{"rare", c.words[15_000] + " "},
		{"some", c.words[300] + " "},
		{"all_rows", "hello "},
		{"all_and_one", "hello " + rare},
		{"all_and_rare", "hello " + c.words[15_000] + " "},
		{"two_common", c.words[0] + " " + c.words[1] + " "},
		{"prefix", c.words[300][:4]},
		{"phrase", `"hello about order"`},
	}
}
