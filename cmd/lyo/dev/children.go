package dev

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/lyoapp/lyo/deploy/local"
)

const childGrace = 15 * time.Second // for the API and the worker to finish their work

// child returns the keeper of `lyo api`, `lyo worker` or `lyo engine`.
func (s *supervisor) child(command string) *keeper {
	return s.keeper(command, func(context.Context) (part, error) {
		return local.Start(s.childSpec(command))
	})
}

// migrate migrates the database; it must succeed.
func (s *supervisor) migrate(ctx context.Context) error {
	p, err := local.Start(s.childSpec("migrate"))
	if err != nil {
		return err
	}
	select {
	case <-p.Done():
	case <-ctx.Done():
		return errors.Join(ctx.Err(), p.Stop(context.WithoutCancel(ctx)))
	}
	if p.Wait() != nil {
		return ended("lyo migrate", p)
	}
	return nil
}

func (s *supervisor) childSpec(command string) local.Spec {
	env := s.childEnviron()
	if s.o.MetricsPort != 0 && command == "worker" {
		env = append(env, "LYO_METRICS_PORT="+strconv.Itoa(s.o.MetricsPort+1))
	}
	return local.Spec{
		Name: command, Path: s.o.Self, Args: []string{command}, Env: env,
		Out: s.out.named(command), PIDFile: s.o.pidFile(command), Grace: childGrace,
	}
}

// childEnviron returns the environment with the addresses of all servers.
func (s *supervisor) childEnviron() []string {
	env := append(slices.Clone(s.o.Environ),
		"DATABASE_URL="+s.servers.databaseURL,
		"REDIS_URL="+s.servers.redisURL,
		"TEMPORAL_ADDRESS="+s.servers.temporalAddress,
		"LYO_HTTP_PORT="+strconv.Itoa(s.o.HTTPPort),
		"LYO_STATE_DIR="+s.o.StateDir,
		"LYO_WORKER_VERSIONING=off", // every run goes on with the code as it is now
	)
	if s.o.EnginePort != 0 {
		env = append(env, "LYO_ENGINE_PORT="+strconv.Itoa(s.o.EnginePort), "LYO_GEMMA_BASE_URL="+engineURL(s.o)+"/v1")
		if s.o.Embeddings != "" && s.o.getenv("LYO_EMBEDDINGS_MODEL") == "" {
			env = append(env, "LYO_EMBEDDINGS_MODEL="+s.o.Embeddings)
		}
	}
	if s.o.getenv("LYO_ENV") == "" {
		env = append(env, "LYO_ENV=development")
	}
	return env
}
