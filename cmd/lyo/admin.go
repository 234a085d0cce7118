package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/cmd/lyo/dev"
	"github.com/lyoapp/lyo/config"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/privacy"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/workflows/outbox"
)

// adminCommand returns the commands on accounts. They need only Postgres.
func adminCommand(environ []string) *cobra.Command {
	cmd := &cobra.Command{Use: "admin", Short: "Manage administrators and restore accounts"}
	cmd.AddCommand(
		roleCommand("grant", "Make an account an administrator", true, environ),
		roleCommand("revoke", "Take that away, at once and whatever its tokens say", false, environ),
		listAdminsCommand(environ),
		recountCommand(environ),
		achievementsCommand(environ),
		accountCommand("undelete EMAIL|ID", "Restore an account that is being deleted", environ, undelete),
	)
	return cmd
}

func roleCommand(name, short string, granted bool, environ []string) *cobra.Command {
	return accountCommand(name+" EMAIL|ID", short, environ, func(ctx context.Context, db *gorm.DB, u accounts.User) (string, error) {
		changed, err := accounts.SetRole(ctx, db, u.ID, accounts.RoleAdmin, granted, byOperator(""))
		says := map[[2]bool]string{
			{true, true}: "is an administrator now", {true, false}: "was an administrator already",
			{false, true}: "is no administrator any more", {false, false}: "was no administrator",
		}
		return says[[2]bool{granted, changed}], err
	})
}

func undelete(ctx context.Context, db *gorm.DB, u accounts.User) (string, error) {
	message := func(deletion uuid.UUID) store.OutboxMessage { return outbox.Restore(deletion, clock()) }
	return "is restored and can sign in again", privacy.Undelete(ctx, db, u.ID, message, byOperator(store.AuditDeletionUndone))
}

// byOperator returns an audit log entry that names the system user who ran the command.
func byOperator(action store.AuditAction) store.AuditEntry {
	entry := store.AuditEntry{ID: store.NewID(), At: clock(), Action: action, Via: store.AuditCommandLine, Details: map[string]any{}}
	if who, err := user.Current(); err == nil {
		entry.Details["by"] = who.Username
	}
	return entry
}

// accountCommand returns a command that changes the given account and prints the result.
func accountCommand(use, short string, environ []string, act func(context.Context, *gorm.DB, accounts.User) (string, error)) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withDatabase(cmd, environ, func(ctx context.Context, db *gorm.DB) error {
				account, err := accounts.FindAccount(ctx, db, args[0])
				if err != nil {
					return err
				}
				says, err := act(ctx, db, account)
				if err != nil {
					return err
				}
				fmt.Fprintln(cmd.OutOrStdout(), account.Email, says)
				return nil
			})
		},
	}
}

func listAdminsCommand(environ []string) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List administrators", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withDatabase(cmd, environ, func(ctx context.Context, db *gorm.DB) error {
				admins, err := accounts.HoldersOf(ctx, db, accounts.RoleAdmin)
				if err != nil {
					return err
				}
				return printAdmins(cmd.OutOrStdout(), admins, asJSON)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// adminLine is an administrator in the output of the list.
type adminLine struct {
	ID          uuid.UUID  `json:"id"`
	Email       string     `json:"email"`
	Roles       []string   `json:"roles"`
	IsActive    bool       `json:"is_active"`
	LastLoginAt *time.Time `json:"last_login_at"`
}

func printAdmins(w io.Writer, admins []accounts.User, asJSON bool) error {
	lines := make([]adminLine, 0, len(admins))
	for _, u := range admins {
		lines = append(lines, adminLine{u.ID, u.Email, u.Roles, u.IsActive, u.LastLoginAt})
	}
	if asJSON {
		return json.NewEncoder(w).Encode(lines)
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "E-MAIL\tROLES\tACTIVE\tLAST SIGN-IN\tID")
	for _, l := range lines {
		last := "never"
		if l.LastLoginAt != nil {
			last = l.LastLoginAt.UTC().Format(time.RFC3339)
		}
		fmt.Fprintf(table, "%s\t%s\t%t\t%s\t%s\n", l.Email, strings.Join(l.Roles, " "), l.IsActive, last, l.ID)
	}
	return table.Flush()
}

func withDatabase(cmd *cobra.Command, environ []string, act func(context.Context, *gorm.DB) error) error {
	cfg, err := settings(cmd, environ)
	if err != nil {
		return err
	}
	url, err := databaseURL(cfg)
	if err != nil {
		return err
	}
	db, err := store.Open(url, store.Pool{MaxOpen: 1})
	if err != nil {
		return err
	}
	return errors.Join(act(cmd.Context(), db), store.Close(db))
}

// databaseURL returns the configured URL; in development, without one, that of the lyo dev
// which uses the state directory.
func databaseURL(cfg config.Config) (string, error) {
	if cfg.Database.URL != "" {
		return cfg.Database.URL.Reveal(), nil
	}
	url, err := os.ReadFile(filepath.Join(cfg.StateDir, dev.DatabaseURLFile))
	if err != nil || cfg.Env != config.Development || !dev.Runs(cfg.StateDir) { // a copied file names the original's
		return "", errors.New("DATABASE_URL is not set, and no lyo dev uses " + cfg.StateDir)
	}
	return string(url), nil
}
