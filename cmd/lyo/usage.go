package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// usageError is a call of the program that it does not understand; it exits with 2 then.
type usageError struct{ error }

// strict makes a command and those below it report unknown commands, arguments and flags as usage errors,
// with the commands that may have been meant.
func strict(cmd *cobra.Command) {
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		if cmd.HasSubCommands() {
			if unknown := unknownCommand(cmd, cmd.Flags().Args()); unknown != nil { // whose flag it is
				return unknown
			}
		}
		return usageError{fmt.Errorf("%w; %s --help lists what there is", err, cmd.CommandPath())}
	})
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return usageError{fmt.Errorf("%w; %s --help says more", err, cmd.CommandPath())}
			}
			return nil
		}
	}
	if cmd.HasSubCommands() {
		cmd.SuggestionsMinimumDistance = 2
		cmd.Args = unknownCommand
		if cmd.RunE == nil {
			cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
		}
	}
	for _, below := range cmd.Commands() {
		strict(below)
	}
}

// unknownCommand returns an error if there are arguments, the first of which is no command then.
func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := cmd.CommandPath() + " --help lists the commands"
	if meant := cmd.SuggestionsFor(args[0]); len(meant) > 0 {
		hint = "did you mean " + cmd.CommandPath() + " " + strings.Join(meant, " or ") + "?"
	}
	return usageError{fmt.Errorf("%s has no command %q: %s", cmd.CommandPath(), args[0], hint)}
}

// helpCommand shows a command's help; unlike Cobra's own it fails for an unknown one.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use: "help [command]", Short: "Help about any command",
		RunE: func(cmd *cobra.Command, args []string) error {
			found, rest, err := cmd.Root().Find(args)
			if err != nil {
				return usageError{err}
			}
			if err := unknownCommand(found, rest); err != nil {
				return err
			}
			return found.Help()
		},
	}
}
