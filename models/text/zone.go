package text

import (
	_ "embed" // the list
	"errors"
	"strings"
	"sync"
)

// UTC is the one zone that is not a place.
const UTC = "UTC"

// ErrZone is the error of an unknown time zone.
var ErrZone = errors.New("is not the name of an IANA time zone of a place, or UTC")

// placeList has the names of IANA zones that are places, one a line. A test looks
// for each of them in Go's data and in Postgres's.
//
//go:embed zones.txt
var placeList string

// otherNames are names of countries and of UTC that the time zone database has for
// old systems.
var otherNames = map[string]string{
	"UTC": UTC, "Etc/UTC": UTC,
	"Brazil/Acre": "America/Rio_Branco", "Brazil/DeNoronha": "America/Noronha", "Brazil/East": "America/Sao_Paulo", "Brazil/West": "America/Manaus",
	"Canada/Atlantic": "America/Halifax", "Canada/Central": "America/Winnipeg", "Canada/Eastern": "America/Toronto", "Canada/Mountain": "America/Edmonton",
	"Canada/Newfoundland": "America/St_Johns", "Canada/Pacific": "America/Vancouver", "Canada/Saskatchewan": "America/Regina", "Canada/Yukon": "America/Whitehorse",
	"Chile/Continental": "America/Santiago", "Chile/EasterIsland": "Pacific/Easter", "Cuba": "America/Havana", "Egypt": "Africa/Cairo", "Eire": "Europe/Dublin",
	"GB": "Europe/London", "GB-Eire": "Europe/London", "Hongkong": "Asia/Hong_Kong", "Iceland": "Atlantic/Reykjavik", "Iran": "Asia/Tehran", "Israel": "Asia/Jerusalem",
	"Jamaica": "America/Jamaica", "Japan": "Asia/Tokyo", "Kwajalein": "Pacific/Kwajalein", "Libya": "Africa/Tripoli", "Mexico/BajaNorte": "America/Tijuana",
	"Mexico/BajaSur": "America/Mazatlan", "Mexico/General": "America/Mexico_City", "NZ": "Pacific/Auckland", "NZ-CHAT": "Pacific/Chatham", "Navajo": "America/Denver",
	"PRC": "Asia/Shanghai", "Poland": "Europe/Warsaw", "Portugal": "Europe/Lisbon", "ROC": "Asia/Taipei", "ROK": "Asia/Seoul", "Singapore": "Asia/Singapore",
	"Turkey": "Europe/Istanbul", "US/Alaska": "America/Anchorage", "US/Aleutian": "America/Adak", "US/Arizona": "America/Phoenix", "US/Central": "America/Chicago",
	"US/East-Indiana": "America/Indiana/Indianapolis", "US/Eastern": "America/New_York", "US/Hawaii": "Pacific/Honolulu", "US/Indiana-Starke": "America/Indiana/Knox",
	"US/Michigan": "America/Detroit", "US/Mountain": "America/Denver", "US/Pacific": "America/Los_Angeles", "US/Samoa": "Pacific/Pago_Pago", "W-SU": "Europe/Moscow",
}

var zones = sync.OnceValue(func() map[string]string {
	known := map[string]string{}
	for place := range strings.FieldsSeq(placeList) {
		known[strings.ToLower(place)] = place
	}
	for name, zone := range otherNames {
		known[strings.ToLower(name)] = zone
	}
	return known
})

// Zone returns a time zone's name as the time zone database writes it: a place, or UTC. Case is
// ignored; the old name of a country's zone becomes that of its place.
func Zone(s string) (string, error) {
	if zone, ok := zones()[strings.ToLower(strings.TrimSpace(s))]; ok {
		return zone, nil
	}
	return s, ErrZone
}

// Zones returns the names that Zone can return.
func Zones() []string { return append(strings.Fields(placeList), UTC) }
