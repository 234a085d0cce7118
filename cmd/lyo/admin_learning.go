package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/google/uuid"
	"github.com/spf13/cobra"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/boards"
	"github.com/lyoapp/lyo/models/gamification"
	"github.com/lyoapp/lyo/models/learning"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/workflows"
	"github.com/lyoapp/lyo/workflows/outbox"
)

// recountCommand recounts the totals from the rows they are derived from.
func recountCommand(environ []string) *cobra.Command {
	return &cobra.Command{
		Use: "recount", Short: "Recount points, levels, streaks and boards, correct and report differences", Args: cobra.NoArgs,
		Long: "Recounts the totals of every learner from the ledger, the unlocks and the learning activity, and rebuilds the boards in Redis. " +
			"Learners can go on meanwhile. Each difference is a line; without any, all was as it should be.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withDatabase(cmd, environ, func(ctx context.Context, db *gorm.DB) error {
				if err := recount(ctx, db, cmd.OutOrStdout()); err != nil {
					return err
				}
				return rebuild(cmd, environ, db)
			})
		},
	}
}

// recountAtOnce is the number of learners in a transaction. It locks them while it runs.
const recountAtOnce = 100

func recount(ctx context.Context, db *gorm.DB, out io.Writer) error {
	after, users, differences := uuid.Nil, 0, 0
	for {
		done, err := learning.RecountMany(ctx, db, after, recountAtOnce, clock())
		if err != nil {
			return err
		}
		if done.Users == 0 {
			break
		}
		for _, d := range done.Differences {
			fmt.Fprintf(out, "%s %s: was %s, is %s\n", d.UserID, d.Field, d.Was, d.Is)
		}
		after, users, differences = done.Last, users+done.Users, differences+len(done.Differences)
	}
	fmt.Fprintf(out, "%d learners counted, %d differences\n", users, differences)
	return nil
}

// rebuild rebuilds the boards if Redis is configured.
func rebuild(cmd *cobra.Command, environ []string, db *gorm.DB) (err error) {
	cfg, err := settings(cmd, environ)
	if err != nil {
		return err
	}
	client, err := openRedis(cfg.Redis, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	if client == nil {
		fmt.Fprintln(cmd.OutOrStdout(), "REDIS_URL is not set: Postgres answers for the boards")
		return nil
	}
	defer func() { err = errors.Join(err, client.Close()) }()
	b := &boards.Boards{DB: db, Redis: client, Clock: clock}
	built, err := b.Build(cmd.Context(), nil, func() {})
	if err == nil {
		fmt.Fprintf(cmd.OutOrStdout(), "boards built, with %d learners\n", built.Users)
	}
	return err
}

func achievementsCommand(environ []string) *cobra.Command {
	cmd := &cobra.Command{Use: "achievements", Short: "Add and change achievements"}
	cmd.AddCommand(&cobra.Command{
		Use: "apply FILE", Short: "Store the achievements of a JSON file, and unlock them for users who qualify", Args: cobra.ExactArgs(1),
		Long: "The file is an array of objects with id, name, description, achievement_type, rarity, points_reward, criteria and, if there is any, icon_url and position. " +
			"An id that is there is changed; what was unlocked stays so. FILE - is standard input.",
		RunE: func(cmd *cobra.Command, args []string) error {
			all, err := readAchievements(cmd.InOrStdin(), args[0])
			if err != nil {
				return err
			}
			return withDatabase(cmd, environ, func(ctx context.Context, db *gorm.DB) error {
				batch := store.NewID()
				if err := learning.ApplyAchievements(ctx, db, all, outbox.ApplyAchievements(batch, clock())); err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%d achievements are stored. A worker unlocks them for users who qualify: workflow %s, query %s\n",
					len(all), workflows.ApplyAchievementsID(batch), workflows.QueryProgress)
				return nil
			})
		},
	})
	return cmd
}

// achievementFile is an achievement in a JSON file.
type achievementFile struct {
	ID              string          `json:"id"`
	Name            string          `json:"name"`
	Description     string          `json:"description"`
	AchievementType string          `json:"achievement_type"`
	Rarity          string          `json:"rarity"`
	PointsReward    int             `json:"points_reward"`
	IconURL         *string         `json:"icon_url"`
	Criteria        json.RawMessage `json:"criteria"`
	Position        *int            `json:"position"`
}

func readAchievements(stdin io.Reader, name string) ([]learning.Achievement, error) {
	var text []byte
	var err error
	if name == "-" {
		text, err = io.ReadAll(stdin)
	} else {
		text, err = os.ReadFile(name)
	}
	if err != nil {
		return nil, err
	}
	var files []achievementFile
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&files); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s has no achievements", name)
	}
	all := make([]learning.Achievement, len(files))
	for i, f := range files {
		if all[i], err = f.row(i); err != nil {
			return nil, fmt.Errorf("%s: achievement %d: %w", name, i+1, err)
		}
	}
	return all, nil
}

// row returns the achievement's row. The database rejects unknown types.
func (f achievementFile) row(index int) (learning.Achievement, error) {
	if f.ID == "" || f.Name == "" || f.PointsReward < 0 {
		return learning.Achievement{}, errors.New("id and name are needed, and points_reward is not below zero")
	}
	if _, err := gamification.ParseCriteria(f.Criteria); err != nil {
		return learning.Achievement{}, err
	}
	position := 100 + index // after the built-in achievements
	if f.Position != nil {
		position = *f.Position
	}
	return learning.Achievement{
		ID: f.ID, Name: f.Name, Description: f.Description, AchievementType: f.AchievementType, Rarity: f.Rarity, PointsReward: f.PointsReward,
		IconURL: f.IconURL, Criteria: f.Criteria, Position: position, CreatedAt: clock(),
	}, nil
}
