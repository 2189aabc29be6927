package publish

import (
	"slices"

	"newswire/internal/newsroom"
)

// inWordsOf returns an entry as it stands in the words of another source's entry with the
// same link. What readers know it by stays: id, place and the date it was
// published. Every source that carries it is named.
func inWordsOf(e, voice newsroom.Entry) newsroom.Entry {
	out := voice
	out.Key, out.ID, out.FirstSeen, out.Sort, out.Published = e.Key, e.ID, e.FirstSeen, e.Sort, e.Published
	if e.TextHash != voice.TextHash { // it reads otherwise since then
		out.Changed, out.Updated = later(voice.Changed, voice.FirstSeen), later(voice.Updated, voice.FirstSeen)
	}
	out.AlsoIn = slices.Concat(e.AlsoIn, voice.AlsoIn, []string{e.Source})
	slices.Sort(out.AlsoIn)
	out.AlsoIn = slices.DeleteFunc(slices.Compact(out.AlsoIn), func(slug string) bool { return slug == voice.Source })
	return out
}

// heard returns an entry by its key, in the words of another where it stands
// in those.
func heard(entries map[int64]newsroom.Entry, key, voice int64) (newsroom.Entry, bool) {
	e, ok := entries[key]
	if speaker, known := entries[voice]; ok && known {
		e = inWordsOf(e, speaker)
	}
	return e, ok
}
