package config

import "time"

const day = 24 * time.Hour

// bounds rejects values that would make a protection ineffective, each with the reason.
func (f *faults) bounds(c Config) {
	if cost := c.Auth.BcryptCost; cost < 10 || cost > 15 {
		f.addf("LYO_BCRYPT_COST is %d, not between 10 and 15: below, a stolen table is soon guessed; above, one sign-in keeps a core busy for seconds, and few of them everybody out", cost)
	}
	f.lifetimes(c)
	f.rates(c.Limits)
}

func (f *faults) lifetimes(c Config) {
	for _, b := range []struct {
		name        string
		value       time.Duration
		least, most time.Duration
		reason      string
	}{
		{"LYO_ACCESS_TOKEN_TTL", c.Auth.AccessFor, time.Minute, 2 * time.Hour, "a stolen token works for so long where its end cannot be spread, and a shorter one keeps clients busy with refreshing"},
		{"LYO_REFRESH_TOKEN_TTL", c.Auth.RefreshFor, time.Hour, 90 * day, "a device that was lost or sold stays signed in for so long"},
		{"LYO_SESSION_MAX", c.Auth.SessionMax, day, 365 * day, "an attacker who stole a session keeps it for so long, however often it is refreshed"},
		{"LYO_VERIFY_TTL", c.Mail.VerifyFor, 10 * time.Minute, 7 * day, "a reader of an old mail can take over the address"},
		{"LYO_RESET_TTL", c.Mail.ResetFor, 5 * time.Minute, day, "a reader of an old mail can take over the account"},
		{"LYO_RESTORE_TTL", c.Mail.RestoreFor, day, 30 * day, "its owner needs time to see that an address was changed, and an old mail must not give an account away"},
		{"LYO_DELETION_GRACE", c.Account.DeletionGrace, day, 31 * day, "the owner needs time to undo a deletion by someone else, and the law requires an end within a month"},
		{"LYO_LOGIN_LOCK", c.Limits.LockFor, 5 * time.Minute, day, "below, guessing continues at once; above, anyone at a shared address keeps an account's owner out"},
		{"LYO_COURSE_DEADLINE", c.Course.Deadline, time.Minute, day, "a generation that does not end occupies a place in its user's queue and a slot of the model"},
	} {
		if b.value < b.least || b.value > b.most {
			f.addf("%s is %s, not between %s and %s: %s", b.name, b.value, b.least, b.most, b.reason)
		}
	}
}

// rates rejects limits far above human use. A rate is judged by the number of requests it allows in an
// hour and at once.
func (f *faults) rates(l Limits) {
	for _, b := range []struct {
		name   string
		rate   Rate
		hourly float64
		reason string
	}{
		{"LYO_RATE_LOGIN_FAILURES", l.Failures, 60, "an account's password is guessed from one address"},
		{"LYO_RATE_ACCOUNT_FAILURES", l.Everywhere, 1_000, "an account's password is guessed from many addresses, and its owner gets no mail about it"},
		{"LYO_RATE_SOURCES", l.Sources, 10_000, "one user's documents keep the readers busy"},
		{"LYO_RATE_SOURCES_DAY", l.SourcesDay, 1_000, "one user's documents keep the readers busy"},
		{"LYO_RATE_LOGIN", l.Login, 4_000, "passwords are tried on many accounts from one address"},
		{"LYO_RATE_REGISTER", l.Register, 1_000, "accounts are created by machine"},
		{"LYO_RATE_MAIL", l.Mail, 60, "a mailbox is flooded with unwanted mails"},
		{"LYO_RATE_GENERATE", l.Generate, 1_000, "one user takes the model from all others"},
		{"LYO_RATE_REFRESH", l.Refresh, 1_000_000, "one address keeps the database busy"},
		{"LYO_RATE_USER", l.User, 1_000_000, "one user takes the service from all others"},
		{"LYO_RATE_ADDRESS", l.Address, 1_000_000, "one address takes the service from all others"},
	} {
		hourly := float64(b.rate.Quota) * float64(time.Hour) / float64(max(b.rate.Per, time.Second))
		if hourly > b.hourly || float64(b.rate.Quota) > b.hourly {
			f.addf("%s is %s, more than %.0f an hour: %s", b.name, b.rate, b.hourly, b.reason)
		}
	}
}
