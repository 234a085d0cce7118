package citations

// unit is a unit of measurement: a value in it times the factor, plus the offset, is the value in the unit
// of its dimension that all others are brought to.
type unit struct {
	dimension      string
	factor, offset float64
}

const (
	day  = 86400.0
	year = 365.25 * day
)

// units are the units by the names that the lexicons use. Currencies are dimensions of their own.
var units = map[string]unit{
	"km": {"length", 1000, 0}, "m": {"length", 1, 0}, "dm": {"length", 0.1, 0}, "cm": {"length", 0.01, 0},
	"mm": {"length", 1e-3, 0}, "um": {"length", 1e-6, 0}, "nm": {"length", 1e-9, 0}, "mi": {"length", 1609.344, 0},
	"ft": {"length", 0.3048, 0}, "in": {"length", 0.0254, 0}, "yd": {"length", 0.9144, 0}, "nmi": {"length", 1852, 0},
	"ly": {"length", 9.4607e15, 0}, "li": {"length", 500, 0}, "gaj": {"length", 0.9144, 0},
	"t": {"mass", 1000, 0}, "kg": {"mass", 1, 0}, "g": {"mass", 1e-3, 0}, "mg": {"mass", 1e-6, 0}, "ug": {"mass", 1e-9, 0},
	"lb": {"mass", 0.45359237, 0}, "oz": {"mass", 0.0283495, 0}, "jin": {"mass", 0.5, 0}, "quintal": {"mass", 100, 0},
	"s": {"time", 1, 0}, "ms": {"time", 1e-3, 0}, "min": {"time", 60, 0}, "h": {"time", 3600, 0}, "d": {"time", day, 0},
	"week": {"time", 7 * day, 0}, "month": {"time", year / 12, 0}, "y": {"time", year, 0}, "decade": {"time", 10 * year, 0},
	"century": {"time", 100 * year, 0}, "millennium": {"time", 1000 * year, 0},
	"c": {"temperature", 1, 273.15}, "f": {"temperature", 5.0 / 9, 459.67 * 5 / 9}, "k": {"temperature", 1, 0},
	"l": {"volume", 1e-3, 0}, "ml": {"volume", 1e-6, 0}, "cl": {"volume", 1e-5, 0}, "hl": {"volume", 0.1, 0},
	"m3": {"volume", 1, 0}, "km3": {"volume", 1e9, 0}, "cm3": {"volume", 1e-6, 0}, "gal": {"volume", 3.785411784e-3, 0},
	"km2": {"area", 1e6, 0}, "m2": {"area", 1, 0}, "cm2": {"area", 1e-4, 0}, "ha": {"area", 1e4, 0},
	"acre": {"area", 4046.8564, 0}, "mi2": {"area", 2589988.11, 0}, "ft2": {"area", 0.09290304, 0}, "mu": {"area", 2000.0 / 3, 0},
	"km/h": {"speed", 1 / 3.6, 0}, "m/s": {"speed", 1, 0}, "km/s": {"speed", 1000, 0}, "mph": {"speed", 0.44704, 0}, "kn": {"speed", 1852.0 / 3600, 0},
	"w": {"power", 1, 0}, "kw": {"power", 1e3, 0}, "mw": {"power", 1e6, 0}, "gw": {"power", 1e9, 0},
	"kcal": {"energy", 4184, 0}, "kj": {"energy", 1000, 0}, "j": {"energy", 1, 0}, "kwh": {"energy", 3.6e6, 0},
	"%": {"share", 0.01, 0}, "permille": {"share", 0.001, 0},
	"usd": {"dollars", 1, 0}, "eur": {"euros", 1, 0}, "gbp": {"pounds", 1, 0}, "inr": {"rupees", 1, 0}, "cny": {"yuan", 1, 0},
	"jpy": {"yen", 1, 0}, "rub": {"roubles", 1, 0},
}
