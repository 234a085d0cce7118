package migrations

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/lyoapp/lyo/models/text"
)

// names is what a migration of names knows of all accounts, and has done.
type names struct {
	usernames map[string]uuid.UUID // whose a key is
	mailboxes map[string]uuid.UUID // whose a mailbox is
	counts    [4]int               // full names, user names, addresses and zones that were changed
	taken     []string             // accounts that lost their user name
	doubles   []string             // accounts whose mailbox is another's too
	strange   []string             // accounts whose address is none
}

func newNames(accounts []account) *names {
	n := &names{usernames: map[string]uuid.UUID{}, mailboxes: map[string]uuid.UUID{}}
	for _, a := range accounts {
		if email, err := text.Mailbox(a.email); err == nil && strings.EqualFold(email, a.email) {
			n.mailboxes[mailboxOf(a.email)] = a.id
		}
	}
	for _, a := range accounts { // the oldest first
		if _, ok := n.mailboxes[mailboxOf(a.email)]; !ok {
			n.mailboxes[mailboxOf(a.email)] = a.id
		}
		name, ok := usernameOf(a)
		if _, there := n.usernames[text.Key(name)]; ok && !there {
			n.usernames[text.Key(name)] = a.id
		}
	}
	return n
}

// usernameOf returns the user name by the rules; ok is false where there is none.
func usernameOf(a account) (name string, ok bool) {
	if a.username == nil {
		return "", false
	}
	name, err := text.Username(*a.username)
	if err != nil {
		name, err = text.Username(strings.TrimSpace(text.Plain(*a.username)))
	}
	return name, err == nil
}

func (n *names) freeUsername(ctx context.Context, tx *sql.Tx, a account) error {
	name, ok := usernameOf(a)
	if a.username == nil || ok && n.usernames[text.Key(name)] == a.id {
		return nil
	}
	n.taken = append(n.taken, a.id.String())
	if _, err := tx.ExecContext(ctx, "UPDATE users SET username = NULL, updated_at = now() WHERE id = $1", a.id); err != nil {
		return err
	}
	body := "The user name " + text.CleanName(*a.username, text.MostUsername) + " looks the same as that of an older account, or has characters that nobody sees. " +
		"Choose another one in your profile."
	_, err := tx.ExecContext(ctx, `INSERT INTO notifications (id, user_id, kind, title, body, created_at) VALUES ($1, $2, 'account', 'Choose another user name', $3, now())`,
		uuid.Must(uuid.NewV7()), a.id, body)
	return err
}

// unnamed is the name of who had none that can be seen.
const unnamed = "Learner"

func (n *names) mend(ctx context.Context, tx *sql.Tx, a account) error {
	change := func(which int, column, value string) error {
		n.counts[which]++
		_, err := tx.ExecContext(ctx, "UPDATE users SET "+column+" = $1, updated_at = now() WHERE id = $2", value, a.id) //nolint:gosec // one of four names of columns
		return err
	}
	fullName := text.CleanName(a.fullName, 255)
	if fullName == "" {
		fullName = unnamed
	}
	if fullName != a.fullName {
		if err := change(0, "full_name", fullName); err != nil {
			return err
		}
	}
	if name, ok := usernameOf(a); ok && n.usernames[text.Key(name)] == a.id && name != *a.username {
		if err := change(1, "username", name); err != nil {
			return err
		}
	}
	if err := n.mendEmail(ctx, tx, a, change); err != nil {
		return err
	}
	return n.mendZone(ctx, tx, a, change)
}

func (n *names) mendEmail(ctx context.Context, tx *sql.Tx, a account, change func(int, string, string) error) error {
	email, err := text.Mailbox(a.email)
	switch {
	case err != nil:
		n.strange = append(n.strange, a.id.String())
		return nil //nolint:nilerr // it stays as it is, and the notice lists it
	case n.mailboxes[mailboxOf(a.email)] != a.id:
		n.doubles = append(n.doubles, a.id.String())
		return nil
	case email == a.email:
		return nil
	}
	if err := change(2, "email", email); err != nil {
		return err
	}
	// Tokens that are on the way stay good.
	_, err = tx.ExecContext(ctx, "UPDATE mails SET address = $1 WHERE user_id = $2 AND lower(address) = lower($3)", email, a.id, a.email)
	return err
}

// clocks are places whose clock shows what that of a zone of no place does.
var clocks = map[string]string{
	"EST5EDT": "America/New_York", "CST6CDT": "America/Chicago", "MST7MDT": "America/Denver", "PST8PDT": "America/Los_Angeles",
	"EST": "America/Panama", "MST": "America/Phoenix", "HST": "Pacific/Honolulu",
	"CET": "Europe/Brussels", "MET": "Europe/Brussels", "EET": "Europe/Athens", "WET": "Europe/Lisbon",
}

func (n *names) mendZone(ctx context.Context, tx *sql.Tx, a account, change func(int, string, string) error) error {
	zone, err := text.Zone(a.timezone)
	if zone == a.timezone && err == nil {
		return nil
	}
	moved := err != nil
	if moved {
		if zone = clocks[a.timezone]; zone == "" {
			zone = text.UTC
		}
	}
	if err := change(3, "timezone", zone); err != nil || !moved {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO zone_moves (user_id, at, before, after) VALUES ($1, now(), $2, $3)", a.id, a.timezone, zone)
	return err
}

// setNotice sets the notice of what was done, which names accounts by their ids.
func (n *names) setNotice(ctx context.Context, tx *sql.Tx) error {
	if n.counts == [4]int{} && len(n.taken)+len(n.doubles)+len(n.strange) == 0 {
		return nil
	}
	list := func(ids []string) string {
		if len(ids) == 0 {
			return "0"
		}
		return fmt.Sprintf("%d (%s)", len(ids), strings.Join(slices.Clone(ids[:min(len(ids), 100)]), " "))
	}
	notice := fmt.Sprintf("names: changed %d full names, %d user names, %d addresses, %d time zones; without a user name now: %s; "+
		"left as they are: addresses of another account's mailbox %s, addresses that are none %s",
		n.counts[0], n.counts[1], n.counts[2], n.counts[3], list(n.taken), list(n.doubles), list(n.strange))
	_, err := tx.ExecContext(ctx, "SELECT set_config('lyo.notice', $1, true)", notice)
	if err == nil {
		_, err = tx.ExecContext(ctx, "DO $$ BEGIN RAISE NOTICE '%', current_setting('lyo.notice') USING DETAIL = '"+namesSource+"'; END $$")
	}
	return err
}
