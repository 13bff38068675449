package evidence

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/registry"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// Answer is what the decoder made of a recorded answer.
type Answer struct {
	Bookmaker odds.Bookmaker
	File      string
	Detail    bookmaker.Detail
	Err       error // why the answer as a whole is refused
}

// Event is a folder of recorded answers.
type Event struct {
	Folder  string
	Answers []Answer // in the bookmakers' order of precedence
}

// Answer finds the first usable answer of a bookmaker.
func (e Event) Answer(b odds.Bookmaker) (Answer, bool) {
	for _, a := range e.Answers {
		if a.Bookmaker == b && a.Err == nil {
			return a, true
		}
	}
	return Answer{}, false
}

// Decode reads one answer of a bookmaker, whichever event it is about.
func Decode(table *mapping.Table, name odds.Bookmaker, body []byte) (bookmaker.Detail, error) {
	b, known := registry.Lookup(name)
	if !known {
		return bookmaker.Detail{}, fmt.Errorf("no decoder for bookmaker %q", name)
	}
	now := time.Now()
	return b.DefaultSite(table).ReadDetail(body, bookmaker.Target{}, now, now)
}

// ReadRecorded reads every folder below root that holds answers, which are files named after their bookmaker, such as
// betpawa-v4.json. Other files are passed over.
func ReadRecorded(root string, table *mapping.Table) ([]Event, error) {
	folders, err := os.ReadDir(root)
	if err != nil {
		return nil, fmt.Errorf("listing recorded events: %w", err)
	}
	var events []Event
	for _, folder := range folders {
		if !folder.IsDir() {
			continue
		}
		event := Event{Folder: folder.Name()}
		for _, b := range registry.Names() {
			files, err := filepath.Glob(filepath.Join(root, folder.Name(), string(b)+"*.json"))
			if err != nil {
				return nil, fmt.Errorf("listing %s: %w", folder.Name(), err)
			}
			for _, file := range files {
				body, err := os.ReadFile(file)
				if errors.Is(err, fs.ErrNotExist) {
					continue
				}
				if err != nil {
					return nil, fmt.Errorf("reading a recorded answer: %w", err)
				}
				detail, err := Decode(table, b, body)
				event.Answers = append(event.Answers, Answer{
					Bookmaker: b, File: strings.TrimSuffix(filepath.Base(file), ".json"), Detail: detail, Err: err,
				})
			}
		}
		if len(event.Answers) > 0 {
			events = append(events, event)
		}
	}
	return events, nil
}
