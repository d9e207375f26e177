package search

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/mapping"
	bq "github.com/blevesearch/bleve/v2/search/query"
)

// library is bleve with an index on disk.
type library struct {
	folder string
	bleve.Index
}

func openBleve(b *testing.B) library {
	b.Helper()
	text := mapping.NewTextFieldMapping()
	text.Store, text.IncludeInAll, text.Analyzer = false, false, "en"
	created := mapping.NewNumericFieldMapping()
	created.Store, created.IncludeInAll = false, false
	row := mapping.NewDocumentStaticMapping()
	row.AddFieldMappingsAt("text", text)
	row.AddFieldMappingsAt("created", created)
	m := mapping.NewIndexMapping()
	m.DefaultMapping = row
	folder := filepath.Join(b.TempDir(), "bleve")
	index, err := bleve.New(folder, m)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = index.Close() })
	return library{folder, index}
}

func (l library) index(b *testing.B, c corpus, conversations int64) {
	before, begun := processorTime(b), time.Now()
	const size = 1_000
	for first := int64(0); first < conversations; first += size {
		batch := l.NewBatch()
		for n := first; n < min(first+size, conversations); n++ {
			if err := batch.Index(fmt.Sprint(n), map[string]any{
				"text": strings.Join(c.conversation(n), "\n"), "created": float64(n),
			}); err != nil {
				b.Fatal(err)
			}
		}
		if err := l.Batch(batch); err != nil {
			b.Fatal(err)
		}
	}
	report(b, time.Since(begun), processorTime(b)-before, conversations*c.messages)
	size64 := int64(0)
	if err := filepath.WalkDir(l.folder, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			size64 += info.Size()
		}
		return err
	}); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(perMillion(size64, conversations*c.messages), "MB-index/10⁶-messages")
}

// search returns how many rows have all words, and finds the newest of them.
func (l library) search(b *testing.B, search string) (total int64, exact bool) {
	b.Helper()
	var all []bq.Query
	if phrase, isPhrase := strings.CutPrefix(search, `"`); isPhrase {
		q := bleve.NewMatchPhraseQuery(strings.TrimSuffix(phrase, `"`))
		q.SetField("text")
		all = append(all, q)
	} else {
		words := strings.Fields(search)
		for i, word := range words {
			match := bleve.NewMatchQuery(word)
			match.SetField("text")
			if i == len(words)-1 && !strings.HasSuffix(search, " ") {
				prefix := bleve.NewPrefixQuery(word)
				prefix.SetField("text")
				all = append(all, bleve.NewDisjunctionQuery(match, prefix))
				continue
			}
			all = append(all, match)
		}
	}
	request := bleve.NewSearchRequestOptions(bleve.NewConjunctionQuery(all...), rows, 0, false)
	request.SortBy([]string{"-created"})
	answer, err := l.SearchInContext(b.Context(), request)
	if err != nil {
		b.Fatal(err)
	}
	return int64(answer.Total), true
}
