package store

import (
	"strconv"
	"strings"
	"sync"
)

// Lists of values come in few sizes, so that there are few statements to
// prepare: parts of up to maxList values, each filled up to a power of two.
const maxList = 256

// Placeholders of the list in a query.
const listMark = "(…)"

// texts keeps the texts of queries with lists: textKey → string.
type texts struct{ made sync.Map }

type textKey struct {
	query         string
	rows, columns int
	first         int
}

// inList calls f for each part of the list with the query, in which (…) has
// become a list of placeholders behind those of args, and its arguments. The
// last value is repeated to fill a list up: use it only with IN.
func inList[T any](s *Store, query string, args []any, list []T, f func(query string, args []any) error) error {
	for len(list) > 0 {
		part := list[:min(len(list), maxList)]
		list = list[len(part):]
		size := 1
		for size < len(part) {
			size *= 2
		}
		full := make([]any, 0, len(args)+size)
		full = append(full, args...)
		for i := range size {
			full = append(full, part[min(i, len(part)-1)])
		}
		if err := f(s.texts.of(textKey{query, 1, size, len(args) + 1}), full); err != nil {
			return err
		}
	}
	return nil
}

// valueRows calls f for parts of the rows with the query, in which (…) has become
// as many rows of placeholders, and their values.
func valueRows(s *Store, query string, columns int, values []any, f func(query string, args []any) error) error {
	for len(values) > 0 {
		size := maxList / 8
		for size*columns > len(values) {
			size /= 2
		}
		if err := f(s.texts.of(textKey{query, size, columns, 1}), values[:size*columns]); err != nil {
			return err
		}
		values = values[size*columns:]
	}
	return nil
}

func (x *texts) of(key textKey) string {
	if t, ok := x.made.Load(key); ok {
		return t.(string)
	}
	var b strings.Builder
	for r := range key.rows {
		if r > 0 {
			b.WriteString(", ")
		}
		b.WriteByte('(')
		for c := range key.columns {
			if c > 0 {
				b.WriteString(", ")
			}
			b.WriteByte('$')
			b.WriteString(strconv.Itoa(key.first + r*key.columns + c))
		}
		b.WriteByte(')')
	}
	t := strings.Replace(key.query, listMark, b.String(), 1)
	x.made.Store(key, t)
	return t
}
