package feeds

import (
	"strings"
	"time"
)

// dateMonths holds the names of the months, lower case: English, German,
// French, Spanish, Italian, Portuguese, Dutch, Nordic, Polish, Russian, Turkish,
// Hungarian and Greek, whole and as feeds abbreviate them.
var dateMonths = dateMonthNames(
	"jan january januar jänner jän janvier janv enero ene gennaio gen janeiro januari styczeń stycznia sty января янв январь ocak január ιαν ιανουαρίου",
	"feb february februar février févr fév fevrier febrero febbraio fevereiro fev februari luty lutego lut февраля фев февраль şubat február φεβ φεβρουαρίου",
	"mar march märz mär mrz mars marzo março marco maart mrt marzec marca марта мар март mart március μάρ μαρ μάρτ μαρτίου",
	"apr april avril avr abril abr aprile kwiecień kwietnia kwi апреля апр апрель nisan április απρ απριλίου",
	"may mai mayo maggio mag maio mei maj maja мая май mayıs május μάι μαι μάϊ μαΐου",
	"jun june juni juin junio giugno giu junho czerwiec czerwca cze июня июн июнь haziran június ιούν ιουν ιουνίου",
	"jul july juli juillet juil julio luglio lug julho lipiec lipca lip июля июл июль temmuz július ιούλ ιουλ ιουλίου",
	"aug august août aout agosto ago augustus augusti sierpień sierpnia sie августа авг август ağustos augusztus αύγ αυγ αυγούστου",
	"sep sept september septembre septiembre setiembre set settembre setembro wrzesień września wrz сентября сен сентябрь eylül szeptember σεπ σεπτεμβρίου",
	"oct october oktober okt octobre octubre ottobre ott outubro out październik października paź октября окт октябрь ekim október οκτ οκτωβρίου",
	"nov november novembre noviembre novembro listopad listopada lis ноября ноя ноябрь kasım νοέ νοε νοεμβρίου",
	"dec december dezember dez décembre déc decembre diciembre dic dicembre dezembro des desember grudzień grudnia gru декабря дек декабрь aralık δεκ δεκεμβρίου",
)

func dateMonthNames(names ...string) map[string]time.Month {
	months := map[string]time.Month{}
	for i, list := range names {
		for name := range strings.FieldsSeq(list) {
			months[name] = time.Month(i + 1)
		}
	}
	return months
}

// dateWeekdays holds names of days that stand in dates without a comma behind.
var dateWeekdays = salvageSet("sun mon tue tues wed thu thur thurs fri sat sunday monday tuesday wednesday thursday" +
	" friday saturday so mo di mi do fr sa sonntag montag dienstag mittwoch donnerstag freitag samstag" +
	" dim lun mer jeu ven sam dimanche lundi mardi mercredi jeudi vendredi samedi dom mié jue vie sáb" +
	" domingo lunes martes miércoles jueves viernes sábado domenica lunedì martedì mercoledì giovedì venerdì sabato")

// dateZones holds abbreviations of zones and their offsets in minutes. What
// means different zones in different places (IST) or is unknown is UTC.
var dateZones = map[string]int{
	"z": 0, "ut": 0, "utc": 0, "gmt": 0, "wet": 0, "ist": 0,
	"bst": 60, "cet": 60, "met": 60, "west": 60, "cest": 120, "mest": 120, "eet": 120, "sast": 120,
	"eest": 180, "msk": 180, "pkt": 300, "hkt": 480, "sgt": 480, "awst": 480, "jst": 540, "kst": 540,
	"acst": 570, "aest": 600, "acdt": 630, "aedt": 660, "nzst": 720, "nzdt": 780,
	"nst": -210, "ndt": -150, "ast": -240, "adt": -180, "brt": -180, "art": -180,
	"est": -300, "edt": -240, "et": -300, "cst": -360, "cdt": -300, "ct": -360,
	"mst": -420, "mdt": -360, "mt": -420, "pst": -480, "pdt": -420, "pt": -480,
	"akst": -540, "akdt": -480, "hst": -600,
}
