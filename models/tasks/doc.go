// Package tasks holds what runs for a user and the events of its progress. What a task makes is another domain's.
package tasks
