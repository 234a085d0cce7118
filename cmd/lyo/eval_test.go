package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/llm/llmtest"
	"github.com/lyoapp/lyo/cmd/lyo/eval"
)

func runEval(ctx context.Context, environ []string, args ...string) (out, errs string, err error) {
	var o, e bytes.Buffer
	cmd := evalCommand(environ)
	cmd.SilenceUsage, cmd.SilenceErrors = true, true
	cmd.SetOut(&o)
	cmd.SetErr(&e)
	cmd.SetArgs(args)
	err = cmd.ExecuteContext(ctx)
	return o.String(), e.String(), err
}

func at(s *llmtest.Server) []string {
	return []string{"LYO_GEMMA_BASE_URL=" + s.BaseURL(), "LYO_GEMMA_MODEL=" + s.Model()}
}

func TestEvalWithoutAModelMeasuresCoursesOfQuotations(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	out, errs, err := runEval(t.Context(), []string{"LYO_GEMMA_FALLBACK=on"}, "--out", dir)
	require.NoError(t, err)
	require.Contains(t, out, "# Courses of quotations")
	require.Contains(t, out, "100.0% (36/36)")
	require.Contains(t, errs, "LYO_GEMMA_BASE_URL")
	require.Contains(t, errs, "lyo engine")
	out, _, err = runEval(t.Context(), nil, "--json", "--out", dir)
	require.NoError(t, err)
	var printed map[string]eval.Quotations
	require.NoError(t, json.Unmarshal([]byte(out), &printed))
	require.Len(t, printed, 1, "nothing of a model")
	require.Len(t, printed["quotations"].Courses, 36)
	kept, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, kept)
}

func TestEvalFailsOutsideOfABound(t *testing.T) {
	t.Parallel()
	q, err := eval.QuoteLibrary()
	require.NoError(t, err)
	q.Courses[3].Figures.GivenAway = 1
	e := evaluation{out: t.TempDir()}
	cmd := evalCommand(nil)
	cmd.SetOut(&bytes.Buffer{})
	cmd.SetErr(&bytes.Buffer{})
	cmd.SetContext(t.Context())
	const fault = "answers given away is 1, the bound is 0"
	require.ErrorContains(t, e.withoutModel(cmd, q), fault)
	require.ErrorContains(t, e.finish(cmd, eval.Report{Total: eval.Figures{Lessons: 1}}, q), fault)
}

func TestEvalNeedsAModelThatAnswers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, _, err := runEval(t.Context(), []string{"LYO_GEMMA_BASE_URL=http://127.0.0.1:1/v1", "LYO_GEMMA_MODEL=x"}, "--out", dir)
	require.ErrorContains(t, err, "cannot be evaluated")
	_, _, err = runEval(t.Context(), nil, "--topics", "31")
	require.ErrorContains(t, err, "1 to 30")
	kept, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, kept)
}

func TestEvalKeepsAReport(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "benchmarks")
	out, errs, err := runEval(t.Context(), at(llmtest.New(t)), "--topics", "2", "--weights", "q4/1", "--json", "--out", dir)
	require.NoError(t, err)
	var report eval.Report
	require.NoError(t, json.Unmarshal([]byte(out), &report))
	require.Equal(t, eval.Rate{N: 14, Of: 14}, report.Total.Schema)
	require.Contains(t, out, `"quotations"`)
	kept, err := filepath.Glob(filepath.Join(dir, "eval-gemma-test-q4-1-*-part-2x2.*"))
	require.NoError(t, err)
	require.Len(t, kept, 2, "Markdown and JSON: %s", errs)
}

func TestEvalFailsWhenNothingWasWritten(t *testing.T) {
	t.Parallel()
	s := llmtest.New(t)
	s.On(llmtest.Outline, 0, llmtest.BrokenJSON())
	out, _, err := runEval(t.Context(), at(s), "--topics", "1", "--out", t.TempDir())
	require.ErrorContains(t, err, "not one lesson")
	require.Contains(t, out, "| failed: bad_answer")
}

func TestEvalFailsOnInventedLinks(t *testing.T) {
	t.Parallel()
	var e evaluation
	e.out = t.TempDir()
	cmd := evalCommand(nil)
	cmd.SetOut(&bytes.Buffer{})
	cmd.SetErr(&bytes.Buffer{})
	cmd.SetContext(t.Context())
	report := eval.Report{Total: eval.Figures{Links: 2, Lessons: 1}}
	require.ErrorContains(t, e.finish(cmd, report, eval.Quotations{}), "invented 2 links")
	report.Total.Links = 0
	require.NoError(t, e.finish(cmd, report, eval.Quotations{}))
}

func TestEvalInterruptedKeepsNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	s := llmtest.New(t)
	s.Script(func(r llmtest.Request) []llmtest.Fault {
		if r.Kind != llmtest.Lesson {
			return nil
		}
		cancel()
		return []llmtest.Fault{llmtest.Hold()}
	})
	out, errs, err := runEval(ctx, at(s), "--topics", "1", "--out", dir)
	require.ErrorIs(t, err, context.Canceled)
	require.Contains(t, out, "100.0% (1/1)", "the outline was finished")
	require.Contains(t, errs, "not kept")
	kept, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, kept)
}
