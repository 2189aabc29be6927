package feeds

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// The years that are taken for dates of entries. A date before the first feed
// reader, or centuries ahead, is a program's zero or overflow.
const (
	dateFirstYear = 1990
	dateLastYear  = 2199
)

// ParseDate reads a date as feeds write it: RFC 3339 and other forms of ISO
// 8601, RFC 822 and its successors, ctime, JavaScript's, numeric forms, seconds
// since 1970, month names in a dozen languages and abbreviated zones. A time
// without a zone, or in one that is unknown or ambiguous, is UTC; a date
// without a time is midnight. The result is in UTC.
//
// Not ok is what is no date, is not in the calendar, or is not plausible: such
// a date counts as not declared. Dates in the future are returned as they are.
func ParseDate(s string) (time.Time, bool) {
	s = strings.TrimSpace(s)
	if len(s) < 4 || len(s) > 100 {
		return time.Time{}, false
	}
	t, ok := dateFast(s)
	if !ok {
		t, ok = dateSlow(s)
	}
	if !ok {
		return time.Time{}, false
	}
	t = t.UTC()
	if y := t.Year(); y < dateFirstYear || y > dateLastYear {
		return time.Time{}, false
	}
	return t, true
}

// dateFast reads the two forms that nearly all feeds use.
func dateFast(s string) (time.Time, bool) {
	if s[0] >= '0' && s[0] <= '9' {
		if len(s) < 20 || s[4] != '-' || s[10] != 'T' {
			return time.Time{}, false
		}
		t, err := time.Parse(time.RFC3339, s)
		_, offset := t.Zone()
		return t, err == nil && offset >= -12*3600 && offset <= 14*3600
	}
	if len(s) < 29 || s[3] != ',' {
		return time.Time{}, false
	}
	layout := time.RFC1123Z
	if strings.HasSuffix(s, " GMT") {
		layout = "Mon, 02 Jan 2006 15:04:05 GMT"
	}
	t, err := time.Parse(layout, s)
	return t, err == nil
}

// A dateReader reads a date word by word.
type dateReader struct {
	rest string // lower case
	prev byte   // the kind of the last token: 'n'umber, 't'ime, 'z'one, 'w'ord, ' ' none

	numbers []string // of the date, in order
	seps    string   // the byte after each of them
	month   time.Month
	clock   time.Duration
	timed   bool
	half    int // 1 am, 2 pm
	offset  int // seconds east of UTC
	weekday bool
	asian   bool
}

var dateDots = strings.NewReplacer("a.m.", "am", "p.m.", "pm")

func dateSlow(s string) (time.Time, bool) {
	if t, ok := dateEpoch(s); ok {
		return t, true
	}
	r := &dateReader{rest: dateDots.Replace(strings.ToLower(s)), prev: ' '}
	for r.rest != "" {
		if !r.token() {
			return time.Time{}, false
		}
	}
	return r.date()
}

// dateEpoch reads seconds or milliseconds since 1970, and compact ISO dates.
func dateEpoch(s string) (time.Time, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return time.Time{}, false
	}
	switch len(s) {
	case 8:
		t, err := time.Parse("20060102", s)
		return t, err == nil
	case 9, 10:
		return time.Unix(n, 0), true
	case 13:
		return time.UnixMilli(n), true
	case 14:
		t, err := time.Parse("20060102150405", s)
		return t, err == nil
	}
	return time.Time{}, false
}

func (r *dateReader) token() bool {
	c := r.rest[0]
	switch {
	case c >= '0' && c <= '9':
		return r.number()
	case (c == '+' || c == '-') && r.timed && r.prev != 'n' && len(r.rest) > 1 && dateDigit(r.rest[1]):
		return r.zone()
	case c == '(':
		i := strings.IndexByte(r.rest, ')')
		if i < 0 {
			return false
		}
		r.rest = r.rest[i+1:]
		return true
	case c < utf8.RuneSelf && !(c >= 'a' && c <= 'z'):
		if c == ' ' && r.prev == 'n' {
			r.prev = ' '
		}
		r.rest = r.rest[1:]
		return strings.IndexByte(" \t\r\n,.-/:+", c) >= 0
	}
	return r.word()
}

func dateDigit(c byte) bool { return c >= '0' && c <= '9' }

// digits takes the digits that the rest begins with.
func (r *dateReader) digits() string {
	i := 0
	for i < len(r.rest) && dateDigit(r.rest[i]) {
		i++
	}
	d := r.rest[:i]
	r.rest = r.rest[i:]
	return d
}

func (r *dateReader) number() bool {
	d := r.digits()
	if len(r.rest) > 1 && r.rest[0] == ':' && dateDigit(r.rest[1]) && !r.timed {
		return r.time(d)
	}
	if len(d) == 6 && r.prev == 'w' && len(r.numbers) == 1 && len(r.numbers[0]) == 8 && !r.timed {
		// 20060102T150405
		r.rest = d[2:4] + ":" + d[4:] + r.rest
		d = d[:2]
		r.rest = ":" + r.rest
		return r.time(d)
	}
	if len(r.numbers) == 3 {
		return false
	}
	r.numbers = append(r.numbers, d)
	sep := byte(' ')
	if r.rest != "" {
		sep = r.rest[0]
	}
	r.seps += string(rune(sep & 0x7F))
	r.prev = 'n'
	return true
}

// time reads the time whose hour was d.
func (r *dateReader) time(d string) bool {
	h, _ := strconv.Atoi(d)
	r.rest = r.rest[1:]
	m, err := strconv.Atoi(r.digits())
	if err != nil || len(d) > 2 || h > 24 || m > 59 {
		return false
	}
	r.clock = time.Duration(h)*time.Hour + time.Duration(m)*time.Minute
	if len(r.rest) > 1 && r.rest[0] == ':' && dateDigit(r.rest[1]) {
		r.rest = r.rest[1:]
		sec, err := strconv.Atoi(r.digits())
		if err != nil || sec > 60 {
			return false
		}
		r.clock += time.Duration(sec) * time.Second
		if len(r.rest) > 1 && r.rest[0] == ':' && dateDigit(r.rest[1]) {
			return false
		}
		if len(r.rest) > 1 && (r.rest[0] == '.' || r.rest[0] == ',') && dateDigit(r.rest[1]) {
			r.rest = r.rest[1:]
			f, _ := strconv.ParseFloat("0."+r.digits(), 64)
			r.clock += time.Duration(f * float64(time.Second)).Truncate(time.Microsecond)
		}
	}
	if h == 24 && r.clock > 24*time.Hour {
		return false
	}
	r.timed, r.prev = true, 't'
	return true
}

// zone reads a numeric offset.
func (r *dateReader) zone() bool {
	sign := 1
	if r.rest[0] == '-' {
		sign = -1
	}
	r.rest = r.rest[1:]
	d := r.digits()
	minutes := "0"
	switch {
	case len(d) <= 2 && len(r.rest) > 1 && r.rest[0] == ':':
		r.rest = r.rest[1:]
		minutes = r.digits()
	case len(d) == 3 || len(d) == 4:
		d, minutes = d[:len(d)-2], d[len(d)-2:]
	case len(d) > 4:
		return false
	}
	h, err1 := strconv.Atoi(d)
	m, err2 := strconv.Atoi(minutes)
	if err1 != nil || err2 != nil || h > 23 || m > 59 {
		return false
	}
	if len(r.rest) > 2 && r.rest[0] == ':' && dateDigit(r.rest[1]) {
		r.rest = r.rest[1:]
		r.digits() // seconds of an offset
	}
	r.prev = 'z'
	r.offset = sign * (h*3600 + m*60)
	if h > 14 || sign < 0 && h > 12 {
		r.offset = 0 // no such zone
	}
	return true
}

func (r *dateReader) word() bool {
	i := strings.IndexFunc(r.rest, func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsMark(c) })
	if i < 0 {
		i = len(r.rest)
	}
	if i == 0 {
		_, n := utf8.DecodeRuneInString(r.rest)
		space := unicode.IsSpace([]rune(r.rest[:n])[0])
		r.rest = r.rest[n:]
		return space
	}
	w := r.rest[:i]
	r.rest = r.rest[i:]
	first := r.prev == ' ' && len(r.numbers) == 0 && !r.timed && !r.weekday
	if first && strings.HasPrefix(strings.TrimPrefix(strings.TrimPrefix(r.rest, "."), " "), ",") {
		r.weekday = true
		return true
	}
	return r.known(w)
}

// known takes a word that means something in a date.
func (r *dateReader) known(w string) bool {
	prev := r.prev
	r.prev = 'w'
	if m, ok := dateMonths[w]; ok && r.month == 0 {
		r.month = m
		return true
	}
	if dateWeekdays[w] && !r.weekday {
		r.weekday = true
		return true
	}
	if offset, ok := dateZones[w]; ok && r.timed {
		r.prev, r.offset = 'z', offset*60
		return true
	}
	switch w {
	case "am", "pm":
		r.half = 1
		if w == "pm" {
			r.half = 2
		}
		r.prev = 't'
		return r.timed
	case "t", "at", "de", "of", "um", "uhr", "à", "st", "nd", "rd", "th", "م":
		if prev == 't' {
			r.prev = 't'
		}
		return true
	case "년", "월", "일", "年", "月", "日":
		r.asian = r.asian || w == "년"
		return true
	}
	// Region/City: a zone whose offset we do not know.
	if r.timed && strings.HasPrefix(r.rest, "/") {
		r.rest = r.rest[1:]
		i := strings.IndexFunc(r.rest, func(c rune) bool { return c != '_' && c != '/' && !unicode.IsLetter(c) })
		if i < 0 {
			i = len(r.rest)
		}
		r.offset = dateZones[r.rest[:i]] * 60
		r.rest = r.rest[i:]
		r.prev = 'z'
		return true
	}
	return len(w) == 1 && r.timed && w < "z" && w >= "a" // a military zone: read as UTC
}

// date puts together what was read.
func (r *dateReader) date() (time.Time, bool) {
	y, m, d, ok := r.calendar()
	if !ok || m < 1 || m > 12 || d < 1 || y < 1 {
		return time.Time{}, false
	}
	clock := r.clock
	if hour := clock / time.Hour; r.half > 0 && hour <= 12 {
		if hour == 12 {
			clock -= 12 * time.Hour
		}
		if r.half == 2 {
			clock += 12 * time.Hour
		}
	}
	day := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	if day.Day() != d {
		return time.Time{}, false // the 31st of February
	}
	if r.asian && r.offset == 0 && r.timed {
		r.offset = 9 * 3600
	}
	return day.Add(clock - time.Duration(r.offset)*time.Second), true
}

// calendar finds out which number is what.
func (r *dateReader) calendar() (y, m, d int, ok bool) {
	n := make([]int, len(r.numbers))
	for i, s := range r.numbers {
		v, err := strconv.Atoi(s)
		if err != nil || len(s) > 8 {
			return 0, 0, 0, false
		}
		n[i] = v
	}
	if r.month != 0 {
		return r.named(n)
	}
	switch {
	case len(n) == 1 && len(r.numbers[0]) == 8:
		return n[0] / 10000, n[0] / 100 % 100, n[0] % 100, true
	case len(n) == 1 && len(r.numbers[0]) == 4 && !r.timed:
		return n[0], 1, 1, true
	case len(n) == 2 && len(r.numbers[0]) == 4 && len(r.numbers[1]) == 3:
		t := time.Date(n[0], 1, n[1], 0, 0, 0, 0, time.UTC)
		return t.Year(), int(t.Month()), t.Day(), n[1] <= 366
	case len(n) == 2 && len(r.numbers[0]) == 4:
		return n[0], n[1], 1, true
	case len(n) != 3:
		return 0, 0, 0, false
	case len(r.numbers[0]) == 4:
		if len(r.numbers[2]) == 3 {
			n[2] /= 10 // a digit too many
		}
		return n[0], n[1], n[2], true
	case len(r.numbers[2]) != 4 && r.seps[0] == '-' && len(r.numbers[0]) == 2:
		return dateCentury(n[0], r.numbers[0]), n[1], n[2], true
	}
	y = dateCentury(n[2], r.numbers[2])
	if n[1] > 12 || r.seps[0] == '/' && r.half > 0 && n[0] <= 12 {
		return y, n[0], n[1], true // month first
	}
	return y, n[1], n[0], true
}

// named is calendar for a date whose month has a name.
func (r *dateReader) named(n []int) (y, m, d int, ok bool) {
	m = int(r.month)
	switch len(n) {
	case 1:
		if len(r.numbers[0]) == 4 {
			return n[0], m, 1, true
		}
	case 2:
		if len(r.numbers[0]) == 4 || n[0] > 31 {
			return dateCentury(n[0], r.numbers[0]), m, n[1], true
		}
		return dateCentury(n[1], r.numbers[1]), m, n[0], true
	}
	return 0, 0, 0, false
}

// dateCentury completes a year of two digits.
func dateCentury(y int, digits string) int {
	switch {
	case len(digits) > 2:
		return y
	case y < 69:
		return y + 2000
	}
	return y + 1900
}
