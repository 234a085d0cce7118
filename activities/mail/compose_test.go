package mail_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/mail"
)

func TestWhatMailsSay(t *testing.T) {
	t.Parallel()
	for kind, row := range map[mail.Kind]struct{ link, phrase string }{
		mail.Verify:          {"https://app.lyo.test/verify-email?token=" + token, "to show that it is yours"},
		mail.Reset:           {"https://app.lyo.test/reset-password?token=" + token, "your password stays as it is"},
		mail.Restore:         {"https://app.lyo.test/verify-email?token=" + token, "bring this address back"},
		mail.PasswordChanged: {"", "password was changed"},
		mail.Change:          {"https://app.lyo.test/verify-email?token=" + token, "make an account of your own"},
		mail.ChangeRequested: {"", "ask for a new password at once"},
		mail.SignInAttempts:  {"", "wrong passwords were tried"},
	} {
		facts := mail.Facts{Name: "Ada L.", Token: token, GoodFor: 48 * time.Hour, AppURL: "https://app.lyo.test/"}
		if row.link == "" {
			facts.Token = ""
		}
		linked, err := mail.Compose(kind, facts)
		require.NoError(t, err)
		facts.AppURL = ""
		bare, err := mail.Compose(kind, facts)
		require.NoError(t, err)
		for _, m := range []mail.Message{linked, bare} {
			require.Equal(t, kind, m.Kind)
			require.NotEmpty(t, m.Subject)
			require.True(t, strings.HasPrefix(m.Text, "Hello Ada L.,\n\n"), m.Text)
			require.Contains(t, m.Text, row.phrase)
			require.Contains(t, m.HTML, "<p>Hello Ada L.,</p>")
			require.Contains(t, m.HTML, row.phrase)
			require.Contains(t, m.HTML, "</html>")
			require.Contains(t, m.Text, "If that was not you")
			require.NotContains(t, m.Text, "\n\n\n")
			require.NotContains(t, m.Text+m.HTML, "<no value>")
			for line := range strings.Lines(m.Text) {
				require.True(t, len(line) <= 76 || strings.Contains(line, "https://"), line)
			}
		}
		if row.link == "" {
			require.NotContains(t, linked.Text+linked.HTML, "app.lyo.test")
			continue
		}
		require.Contains(t, strings.Split(linked.Text, "\n"), "    "+row.link)
		require.Contains(t, linked.HTML, `href="`+row.link+`"`)
		require.Contains(t, strings.Split(bare.Text, "\n"), "    "+token)
		require.Contains(t, bare.HTML, ">"+token+"<")
		require.NotContains(t, bare.Text+bare.HTML, "http")
		require.Contains(t, bare.Text, "good for 2 days")
	}
	_, err := mail.Compose("gossip", mail.Facts{})
	require.Error(t, err)
}

func TestNamesAreNoMessages(t *testing.T) {
	t.Parallel()
	for name, greeting := range map[string]string{
		"Ada":                              "Hello Ada,",
		"  Ada \r\n Lovelace\t":            "Hello Ada Lovelace,",
		"Dr. Ada L.":                       "Hello Dr. Ada L.,",
		"":                                 "Hello,",
		"\u202eevil":                       "Hello evil,",
		"Visit http://evil.test":           "Hello,",
		"evil.test":                        "Hello,",
		"free money at evil.test now":      "Hello,",
		"eve@evil.test":                    "Hello,",
		"<script>alert(1)</script>":        "Hello,",
		strings.Repeat("You have won ", 6): "Hello,",
		"李雷":                               "Hello 李雷,",
		"Ada & Ben":                        "Hello Ada & Ben,",
	} {
		m, err := mail.Compose(mail.Verify, mail.Facts{Name: name, Token: token, GoodFor: time.Hour})
		require.NoError(t, err)
		require.Equal(t, greeting, strings.SplitN(m.Text, "\n", 2)[0], name)
		require.Contains(t, m.HTML, "<p>"+strings.ReplaceAll(greeting, "&", "&amp;")+"</p>")
	}
}

func TestTimesInWords(t *testing.T) {
	t.Parallel()
	for d, words := range map[time.Duration]string{
		48 * time.Hour: "2 days", 24 * time.Hour: "1 day", time.Hour: "1 hour", 36 * time.Hour: "36 hours",
		90 * time.Minute: "90 minutes", time.Minute: "1 minute", 100 * time.Second: "2 minutes", 168 * time.Hour: "7 days",
	} {
		m, err := mail.Compose(mail.Reset, mail.Facts{Token: token, GoodFor: d})
		require.NoError(t, err)
		require.Contains(t, m.Text, "good for "+words+", once", d)
	}
}
